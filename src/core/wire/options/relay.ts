// Options between relay agents and servers (RFC 8415 §9 and §21, 4580, 4649, 4994, 6422, 6607, 6939, 7839, 8357).

import type { OptionDefinition } from "./definition.ts";

export const RELAY_OPTIONS = [
  // D-262
  {
    code: 9,
    type: "RELAY_MSG",
    fields: { message: "message" },
    name: "relay-msg",
    source: "RFC 8415 §21.10",
    help: "The relayed message.",
  },
  // D-272
  {
    code: 18,
    type: "INTERFACE_ID",
    fields: { value: "opaque" },
    name: "interface-id",
    source: "RFC 8415 §21.18",
    help: "The relay's name for the interface.",
  },
  //
  {
    code: 37,
    type: "REMOTE_ID",
    fields: { enterprise: "u32", value: "opaque+" },
    name: "remote-id",
    source: "RFC 4649 §3",
    help: "The relay's name for the remote end.",
  },
  //
  {
    code: 38,
    type: "SUBSCRIBER_ID",
    fields: { value: "opaque+" },
    name: "subscriber-id",
    source: "RFC 4580 §2",
    help: "The provider's name for the customer.",
  },
  {
    code: 43,
    type: "ERO",
    fields: { codes: "u16*" },
    name: "ero",
    source: "RFC 4994 §3",
    help: "Options that the relay wants back.",
  },
  //
  {
    code: 66,
    type: "RSOO",
    fields: { options: "options" },
    name: "rsoo",
    source: "RFC 6422 §3",
    help: "Options that the relay has for the client.",
  },
  {
    code: 68,
    type: "VSS",
    fields: { value: "opaque" },
    name: "vss",
    source: "RFC 6607 §3.3",
    help: "The VPN of the client; not supported and never returned.",
  },
  //
  {
    code: 79,
    type: "CLIENT_LINKLAYER_ADDR",
    fields: { linkLayerType: "u16", address: "opaque" },
    name: "client-linklayer-addr",
    source: "RFC 6939 §4",
    help: "The client's link-layer address as the relay saw it.",
  },
  {
    code: 80,
    type: "LINK_ADDRESS",
    fields: { address: "ip6" },
    name: "link-address",
    source: "RFC 6977 §6.2.1",
    help: "The link of a Reconfigure request.",
  },
  {
    code: 81,
    type: "RADIUS",
    fields: { attributes: "opaque" },
    name: "radius",
    source: "RFC 7037 §4",
    help: "RADIUS attributes.",
  },
  {
    code: 105,
    type: "ANI_ATT",
    fields: { value: "u16" },
    name: "ani-att",
    source: "RFC 7839 §5.2",
    help: "Kind of access network.",
  },
  {
    code: 106,
    type: "ANI_NETWORK_NAME",
    fields: { value: "opaque" },
    name: "ani-network-name",
    source: "RFC 7839 §5.3",
    help: "Name of the access network.",
  },
  {
    code: 107,
    type: "ANI_AP_NAME",
    fields: { value: "opaque" },
    name: "ani-ap-name",
    source: "RFC 7839 §5.4",
    help: "Name of the access point.",
  },
  {
    code: 108,
    type: "ANI_AP_BSSID",
    fields: { value: "opaque" },
    name: "ani-ap-bssid",
    source: "RFC 7839 §5.5",
    help: "Address of the access point.",
  },
  {
    code: 109,
    type: "ANI_OPERATOR_ID",
    fields: { enterprise: "u32" },
    name: "ani-operator-id",
    source: "RFC 7839 §5.6",
    help: "Operator of the access network.",
  },
  {
    code: 110,
    type: "ANI_OPERATOR_REALM",
    fields: { value: "opaque" },
    name: "ani-operator-realm",
    source: "RFC 7839 §5.7",
    help: "Realm of the operator.",
  },
  // D-192
  {
    code: 135,
    type: "RELAY_PORT",
    fields: { value: "u16" },
    name: "relay-port",
    source: "RFC 8357 §4.2",
    help: "A relay sends from another port than 547.",
  },
] as const satisfies readonly OptionDefinition[];
