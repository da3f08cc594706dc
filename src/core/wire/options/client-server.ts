// Options of the protocol itself between client and server (RFC 8415 §21, 4704, 6603, 5007, 5460, 7653, 8947).

import type { OptionDefinition } from "./definition.ts";

export const CLIENT_SERVER_OPTIONS = [
  // D-255: a DUID and nothing else.
  {
    code: 1,
    type: "CLIENTID",
    fields: { duid: "duid" },
    name: "clientid",
    source: "RFC 8415 §21.2",
    help: "Who the client is.",
  },
  {
    code: 2,
    type: "SERVERID",
    fields: { duid: "duid" },
    name: "serverid",
    source: "RFC 8415 §21.3",
    help: "Who the server is.",
  },
  // D-256
  {
    code: 3,
    type: "IA_NA",
    fields: { iaid: "u32", t1: "seconds", t2: "seconds", options: "options" },
    name: "ia-na",
    source: "RFC 8415 §21.4",
    help: "Addresses of one interface of the client.",
    repeatable: true,
  },
  // D-257
  {
    code: 4,
    type: "IA_TA",
    fields: { iaid: "u32", options: "options" },
    name: "ia-ta",
    source: "RFC 8415 §21.5",
    help: "Temporary addresses (obsolete).",
    repeatable: true,
  },
  // D-258
  {
    code: 5,
    type: "IAADDR",
    fields: {
      address: "ip6",
      preferredLifetime: "seconds",
      validLifetime: "seconds",
      options: "options",
    },
    name: "iaaddr",
    source: "RFC 8415 §21.6",
    help: "One address with its lifetimes.",
    repeatable: true,
  },
  // D-259, D-080: an odd length is malformed.
  {
    code: 6,
    type: "ORO",
    fields: { codes: "u16*" },
    name: "oro",
    source: "RFC 8415 §21.7",
    help: "Options that the client asks for.",
  },
  // D-260
  {
    code: 7,
    type: "PREFERENCE",
    fields: { value: "u8" },
    name: "preference",
    source: "RFC 8415 §21.8",
    help: "How much this server wants the client.",
    configurable: true,
  },
  // D-261
  {
    code: 8,
    type: "ELAPSED_TIME",
    fields: { value: "u16" },
    name: "elapsed-time",
    source: "RFC 8415 §21.9",
    help: "Hundredths of a second since the client began.",
  },
  // D-218
  {
    code: 11,
    type: "AUTH",
    fields: {
      protocol: "u8",
      algorithm: "u8",
      rdm: "u8",
      replayDetection: "octets8",
      information: "opaque",
    },
    name: "auth",
    source: "RFC 8415 §21.11",
    help: "Authentication of Reconfigure.",
  },
  // D-263, N-002: known, never sent.
  {
    code: 12,
    type: "UNICAST",
    fields: { address: "ip6" },
    name: "unicast",
    source: "RFC 8415 §21.12",
    help: "Server address for unicast (obsolete).",
  },
  // D-264
  {
    code: 13,
    type: "STATUS_CODE",
    fields: { status: "u16", message: "text" },
    name: "status-code",
    source: "RFC 8415 §21.13",
    help: "How a request ended.",
  },
  // D-266
  {
    code: 14,
    type: "RAPID_COMMIT",
    fields: {},
    name: "rapid-commit",
    source: "RFC 8415 §21.14",
    help: "Two messages instead of four.",
  },
  // D-267
  {
    code: 15,
    type: "USER_CLASS",
    fields: { classes: "tuple+" },
    name: "user-class",
    source: "RFC 8415 §21.15",
    help: "What kind of user the client serves.",
  },
  // D-268
  {
    code: 16,
    type: "VENDOR_CLASS",
    fields: { enterprise: "u32", classes: "tuple*" },
    name: "vendor-class",
    source: "RFC 8415 §21.16",
    help: "The client's vendor and hardware.",
    repeatable: true,
  },
  // D-269
  {
    code: 17,
    type: "VENDOR_OPTS",
    fields: { enterprise: "u32", suboptions: "suboptions" },
    name: "vendor-opts",
    source: "RFC 8415 §21.17",
    help: "Options of one vendor.",
    configurable: true,
    repeatable: true,
  },
  // D-273
  {
    code: 19,
    type: "RECONF_MSG",
    fields: { value: "u8" },
    name: "reconf-msg",
    source: "RFC 8415 §21.19",
    help: "What a Reconfigure asks for.",
  },
  // D-274
  {
    code: 20,
    type: "RECONF_ACCEPT",
    fields: {},
    name: "reconf-accept",
    source: "RFC 8415 §21.20",
    help: "The client accepts Reconfigure.",
  },
  // D-275
  {
    code: 25,
    type: "IA_PD",
    fields: { iaid: "u32", t1: "seconds", t2: "seconds", options: "options" },
    name: "ia-pd",
    source: "RFC 8415 §21.21",
    help: "Prefixes delegated to the client.",
    repeatable: true,
  },
  // D-276, D-241, D-277
  {
    code: 26,
    type: "IAPREFIX",
    fields: {
      preferredLifetime: "seconds",
      validLifetime: "seconds",
      prefixLength: "prefix-length",
      prefix: "prefix",
      options: "options",
    },
    name: "iaprefix",
    source: "RFC 8415 §21.22",
    help: "One prefix with its lifetimes.",
    repeatable: true,
  },
  // D-278
  {
    code: 32,
    type: "INFORMATION_REFRESH_TIME",
    fields: { value: "seconds" },
    name: "information-refresh-time",
    source: "RFC 8415 §21.23",
    help: "When the client asks again for its configuration.",
    configurable: true,
    range: [600, 0xffffffff],
  },
  //
  {
    code: 39,
    type: "CLIENT_FQDN",
    fields: { flags: "u8", name: "partial-name" },
    name: "client-fqdn",
    source: "RFC 4704 §4",
    help: "The client's name and who updates DNS.",
  },
  {
    code: 44,
    type: "LQ_QUERY",
    fields: { queryType: "u8", linkAddress: "ip6", options: "options" },
    name: "lq-query",
    source: "RFC 5007 §4.1.2.1",
    help: "A leasequery.",
  },
  //
  {
    code: 45,
    type: "CLIENT_DATA",
    fields: { options: "options" },
    name: "client-data",
    source: "RFC 5007 §4.1.2.2",
    help: "All that is known of one client on one link.",
    repeatable: true,
  },
  //
  {
    code: 46,
    type: "CLT_TIME",
    fields: { value: "seconds" },
    name: "clt-time",
    source: "RFC 5007 §4.1.2.3",
    help: "Seconds since the client was last heard.",
  },
  //
  {
    code: 47,
    type: "LQ_RELAY_DATA",
    fields: { peerAddress: "ip6", message: "message" },
    name: "lq-relay-data",
    source: "RFC 5007 §4.1.2.4",
    help: "The relays that the client came through.",
  },
  {
    code: 48,
    type: "LQ_CLIENT_LINK",
    fields: { addresses: "ip6+" },
    name: "lq-client-links",
    source: "RFC 5007 §4.1.2.5",
    help: "Links on which a client has bindings.",
  },
  {
    code: 53,
    type: "RELAY_ID",
    fields: { duid: "duid" },
    name: "relay-id",
    source: "RFC 5460 §5.4.1",
    help: "Who a relay agent is.",
  },
  // D-242, D-245
  {
    code: 67,
    type: "PD_EXCLUDE",
    fields: { prefixLength: "prefix-length", subnetId: "opaque+" },
    name: "pd-exclude",
    source: "RFC 6603 §4.2",
    help: "A prefix kept out of a delegated one.",
    maxLength: 17,
  },
  // D-279
  {
    code: 82,
    type: "SOL_MAX_RT",
    fields: { value: "seconds" },
    name: "solmax-rt",
    source: "RFC 8415 §21.24",
    help: "Longest pause between Solicits.",
    configurable: true,
    range: [60, 86_400],
  },
  // D-280
  {
    code: 83,
    type: "INF_MAX_RT",
    fields: { value: "seconds" },
    name: "inf-max-rt",
    source: "RFC 8415 §21.25",
    help: "Longest pause between Information-requests.",
    configurable: true,
    range: [60, 86_400],
  },
  {
    code: 87,
    type: "DHCPV4_MSG",
    fields: { message: "message" },
    name: "dhcpv4-message",
    source: "RFC 7341 §7.1",
    help: "A DHCPv4 message.",
  },
  {
    code: 100,
    type: "LQ_BASE_TIME",
    fields: { value: "time" },
    name: "lq-base-time",
    source: "RFC 7653 §6.3.1",
    help: "The server's time.",
  },
  {
    code: 101,
    type: "LQ_START_TIME",
    fields: { value: "time" },
    name: "lq-start-time",
    source: "RFC 7653 §6.3.2",
    help: "Begin of a query's window.",
  },
  {
    code: 102,
    type: "LQ_END_TIME",
    fields: { value: "time" },
    name: "lq-end-time",
    source: "RFC 7653 §6.3.3",
    help: "End of a query's window.",
  },
  {
    code: 112,
    type: "MUD_URL",
    fields: { url: "text" },
    name: "mud-url",
    source: "RFC 8520 §11",
    help: "Where the device's description is.",
  },
  //
  {
    code: 138,
    type: "IA_LL",
    fields: { iaid: "u32", t1: "seconds", t2: "seconds", options: "options" },
    name: "ia-ll",
    source: "RFC 8947 §11.1",
    help: "Link-layer addresses for the client.",
    repeatable: true,
  },
  //
  {
    code: 139,
    type: "LLADDR",
    fields: {
      linkLayerType: "u16",
      address: "tuple",
      extraAddresses: "u32",
      validLifetime: "seconds",
      options: "options",
    },
    name: "lladdr",
    source: "RFC 8947 §11.2",
    help: "A block of link-layer addresses.",
    repeatable: true,
  },
] as const satisfies readonly OptionDefinition[];
