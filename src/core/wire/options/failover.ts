// Options of the failover protocol (RFC 8156 §5.5): lengths exact (F-139), reserved values left to the rules.

import type { OptionDefinition } from "./definition.ts";

export const FAILOVER_OPTIONS = [
  // F-107
  {
    code: 114,
    type: "F_BINDING_STATUS",
    fields: { value: "u8" },
    name: "f-binding-status",
    source: "RFC 8156 §5.5.1",
    help: "Status of a lease.",
  },
  // F-109
  {
    code: 115,
    type: "F_CONNECT_FLAGS",
    fields: { value: "u16" },
    name: "f-connect-flags",
    source: "RFC 8156 §5.5.2",
    help: "0x0001: all prefixes of a pool have one length.",
  },
  // F-113
  {
    code: 116,
    type: "F_DNS_REMOVAL_INFO",
    fields: { options: "options" },
    name: "f-dns-removal-info",
    source: "RFC 8156 §5.5.3",
    help: "What to remove from DNS when the lease ends.",
  },
  // F-114
  {
    code: 117,
    type: "F_DNS_HOST_NAME",
    fields: { name: "name" },
    name: "f-dns-host-name",
    source: "RFC 8156 §5.5.3.1",
    help: "The host name that was put into DNS.",
  },
  // F-115
  {
    code: 118,
    type: "F_DNS_ZONE_NAME",
    fields: { name: "name" },
    name: "f-dns-zone-name",
    source: "RFC 8156 §5.5.3.2",
    help: "The zone that was used.",
  },
  // F-116
  {
    code: 119,
    type: "F_DNS_FLAGS",
    fields: { value: "u16" },
    name: "f-dns-flags",
    source: "RFC 8156 §5.5.3.3",
    help: "State of the DNS entries.",
  },
  // F-118
  {
    code: 120,
    type: "F_EXPIRATION_TIME",
    fields: { value: "time" },
    name: "f-expiration-time",
    source: "RFC 8156 §5.5.4",
    help: "The greatest lifetime that the sender acknowledged.",
  },
  // F-119
  {
    code: 121,
    type: "F_MAX_UNACKED_BNDUPD",
    fields: { value: "u32" },
    name: "f-max-unacked-bndupd",
    source: "RFC 8156 §5.5.5",
    help: "How many updates the sender takes without an answer.",
  },
  // F-120
  {
    code: 122,
    type: "F_MCLT",
    fields: { value: "seconds" },
    name: "f-mclt",
    source: "RFC 8156 §5.5.6",
    help: "Maximum client lead time.",
  },
  // F-121
  {
    code: 123,
    type: "F_PARTNER_LIFETIME",
    fields: { value: "time" },
    name: "f-partner-lifetime",
    source: "RFC 8156 §5.5.7",
    help: "When the partner may reuse the lease.",
  },
  // F-122
  {
    code: 124,
    type: "F_PARTNER_LIFETIME_SENT",
    fields: { value: "time" },
    name: "f-partner-lifetime-sent",
    source: "RFC 8156 §5.5.8",
    help: "The partner-lifetime that is acknowledged.",
  },
  // F-123
  {
    code: 125,
    type: "F_PARTNER_DOWN_TIME",
    fields: { value: "time" },
    name: "f-partner-down-time",
    source: "RFC 8156 §5.5.9",
    help: "When the sender went to PARTNER-DOWN.",
  },
  // F-124
  {
    code: 126,
    type: "F_PARTNER_RAW_CLT_TIME",
    fields: { value: "time" },
    name: "f-partner-raw-clt-time",
    source: "RFC 8156 §5.5.10",
    help: "When the partner last heard the client.",
  },
  // F-125
  {
    code: 127,
    type: "F_PROTOCOL_VERSION",
    fields: { major: "u16", minor: "u16" },
    name: "f-protocol-version",
    source: "RFC 8156 §5.5.11",
    help: "Version of the protocol.",
  },
  // F-126
  {
    code: 128,
    type: "F_KEEPALIVE_TIME",
    fields: { value: "seconds" },
    name: "f-keepalive-time",
    source: "RFC 8156 §5.5.12",
    help: "Silence that means lost contact.",
  },
  // F-127
  {
    code: 129,
    type: "F_RECONFIGURE_DATA",
    fields: { time: "time", key: "opaque" },
    name: "f-reconfigure-data",
    source: "RFC 8156 §5.5.13",
    help: "The client's Reconfigure key.",
  },
  // F-128
  {
    code: 130,
    type: "F_RELATIONSHIP_NAME",
    fields: { name: "text" },
    name: "f-relationship-name",
    source: "RFC 8156 §5.5.14",
    help: "Name of the relationship.",
  },
  // F-130
  {
    code: 131,
    type: "F_SERVER_FLAGS",
    fields: { value: "u8" },
    name: "f-server-flags",
    source: "RFC 8156 §5.5.15",
    help: "0x04 ACK_STARTUP, 0x02 STARTUP, 0x01 COMMUNICATED.",
  },
  // F-134
  {
    code: 132,
    type: "F_SERVER_STATE",
    fields: { value: "u8" },
    name: "f-server-state",
    source: "RFC 8156 §5.5.16",
    help: "State of the sender.",
  },
  // F-136
  {
    code: 133,
    type: "F_START_TIME_OF_STATE",
    fields: { value: "time" },
    name: "f-start-time-of-state",
    source: "RFC 8156 §5.5.17",
    help: "When the state or the status began.",
  },
  // F-137
  {
    code: 134,
    type: "F_STATE_EXPIRATION_TIME",
    fields: { value: "time" },
    name: "f-state-expiration-time",
    source: "RFC 8156 §5.5.18",
    help: "When the status ends.",
  },
] as const satisfies readonly OptionDefinition[];
