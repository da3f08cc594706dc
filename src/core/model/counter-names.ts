// The one list of the core's counters: a name that is not here does not compile. The manual's page is made from it.

import type { MessageName } from "./authority.ts";

const define = <Name extends string>(list: Readonly<Record<Name, string>>) => list;

/** Why a client's message is not answered, in words for the operator. */
export const DISCARD_REASONS = define({
  "answer-too-large":
    "The answer does not fit into a datagram. Look at the options of the link and at the number of IAs asked for.",
  "bad-option-frame": "An option is longer than the message. Look at the client: decode a capture.",
  "client-id-length": "A DUID has 3 to 130 octets (RFC 8415 §11.1). Look at the client.",
  "client-id-missing": "The message needs a client identifier (RFC 8415 §16). Look at the client.",
  "client-rate": "The client sent more than `max-messages-per-client`. Look at the client.",
  "clock-behind":
    "The clock was behind the last record at the start: see the alarm CLOCK_BEHIND in `tandem status`.",
  "disk-unfit":
    "The disk does not take what is written, so nothing can be promised. See the alarm `DISK_UNFIT`.",
  "hop-count-too-large": "More than eight relays in a row: a loop? Look at the relays.",
  "relay-not-trusted":
    "`trusted-relays` does not name the relay that sent this. Add it, or look who sends there.",
  "source-rate":
    "The relay, or the client's address, sent more than `max-messages-per-source`. Look who floods behind it.",
  "ended-since":
    "A copy of a message that was answered before; its client has released or declined the lease since. Nothing to do.",
  "ia-in-information-request": "An INFORMATION-REQUEST asks for no lease (RFC 8415 §16.12).",
  "left-to-partner":
    "The partner answers this client: this is the secondary in NORMAL, or it is still recovering. Nothing to do, if the primary is reached too.",
  maintenance: "This server is in maintenance; the partner answers. Nothing to do.",
  "may-be-late-copy":
    "A RELEASE that may be older than its client's lease. Nothing to do; the guide says when that is.",
  "not-serving":
    "The state of failover lets nobody be served here: the server starts, recovers or settles a conflict. See `tandem failover status`.",
  "nothing-to-say":
    "All that was asked for is in doubt: perhaps the partner's. The client repeats, and asks everybody at T2. Look at the contact with the partner.",
  overload: "Too many answers wait for the disk. Look at the load and the disk.",
  "partners-lease-not-recorded":
    "The client named the partner, and its lease is not known here. Look at the contact with the partner.",
  "relay-without-message": "A relay's message has no client's message in it. Look at the relay.",
  "repeated-singleton": "An option is there twice that may be there once. Look at the client.",
  "server-id-mismatch": "Meant for another server. Nothing to do, if there is one.",
  "server-id-missing": "The message must name its server (RFC 8415 §16). Look at the client.",
  "server-id-present": "The message must not name a server (RFC 8415 §16). Look at the client.",
  "server-message": "Only servers send this kind of message.",
  stopping: "The server is handing over to its partner. Nothing to do.",
  "too-many-relays": "More than nine relays in a row: a loop? Look at the relays.",
  "too-short": "The datagram is shorter than a message.",
  "trailing-octets": "Octets follow the last option. Look at the client.",
  "unicast-from-client":
    "A client sent to the server's own address; it must use multicast or a relay.",
  "unknown-link":
    "No subnet of the file fits where the message came from. Look at `interface` of the subnet, and at the relay's link-address, `relay` and `interface-id`.",
  "unknown-message-type": "No message of RFC 8415 has this type.",
  "waited-too-long":
    "The message was old when it was its turn: the machine is too slow. Look at load, memory and disk, and at the log event `UDP_STALE`.",
});

export type DiscardReason = keyof typeof DISCARD_REASONS;

const PLAIN_COUNTERS = define({
  "bndupd-accept": "Updates of the partner that were taken.",
  "bndupd-dns-data": "Updates of the partner with data for DNS, which this server does not update.",
  "bndupd-refused": "Own updates that the partner refused. See `tandem failover status`.",
  "bndupd-reject": "Updates of the partner that were refused here.",
  "decline-limit": "DECLINEs of a client beyond what one may take out of use.",
  "declined-returned":
    "Declined addresses that are used again before their time, as too many of their link were declined.",
  doubtful: "Leases asked for that may be the partner's: neither confirmed nor denied.",
  "failover-message-out-of-place": "Messages of the partner that its state does not permit.",
  "failover-message-too-early": "Messages of the partner before its state was known.",
  "failover-protocol-error": "Connections that were closed because of what the partner sent.",
  "failover-reply-unknown": "Answers of the partner to what was not asked.",
  "failover-too-many-links": "Connections refused because too many were being set up.",
  "failover-too-many-requests": "UPDREQs of the partner while others were unanswered.",
  "failover-unknown-message": "Messages of the partner of an unknown type.",
  "failover-unknown-peer": "Connections from addresses of no partner.",
  "no-addrs-avail": "IAs that got no address; the counters `refused-…` say why.",
  "no-prefix-avail": "IAs that got no prefix; the counters `refused-…` say why.",
  "offer-passed-on":
    "Leases that were shown to one client and went to another, as nothing else was left.",
  "refused-client-limit":
    "New leases refused: the client holds its limit (`max-leases-per-client`).",
  "refused-exhausted": "New leases refused: none is left in this server's part of the pools.",
  "refused-link-limit": "New leases refused: the link has its limit (`max-leases` of the link).",
  "refused-server-limit": "New leases refused: the server has its limit (`max-leases`).",
  "refused-wait": "New leases refused: the pair waits. See `tandem failover status`.",
  "reply-too-late":
    "Answers that were ready more than 2 s after their message came: the process stood still, or the disk is slow.",
  "sent-about-leases": "Answers about leases; each left when its record was on disk.",
  "sent-other": "ADVERTISEs, and answers to CONFIRM and INFORMATION-REQUEST: they promise nothing.",
});

/** What the process counts on its sockets. */
export const PROCESS_COUNTERS = define({
  link_open: "Connections on the failover port that are open now.",
  link_refused_total: "Connections on the failover port that were refused: too many.",
  log_suppressed_total:
    "Lines of the log that were not written because too many of their kind came in a second.",
  udp_dropped_not_open_total: "Answers dropped because their socket is gone.",
  udp_dropped_send_queue_total: "Answers dropped because the kernel took no more.",
  udp_dropped_stale_total:
    "Messages that may have waited too long in the socket before they were read.",
  udp_dropped_too_late_total:
    "Answers that were ready more than 2 s after their message came: the process stood still.",
  udp_receive_errors_total: "Errors while receiving.",
  udp_received_total: "Datagrams received.",
  udp_send_errors_total: "Errors while sending.",
  udp_sent_total: "Datagrams sent.",
});

export type ProcessCounterName = keyof typeof PROCESS_COUNTERS;

type ReceivedCounter = `received-${MessageName}`;
type DiscardCounter = `discard-${DiscardReason}`;
export type CounterName = keyof typeof PLAIN_COUNTERS | ReceivedCounter | DiscardCounter;

const RECEIVED: Readonly<Record<MessageName, true>> = {
  SOLICIT: true,
  REQUEST: true,
  CONFIRM: true,
  RENEW: true,
  REBIND: true,
  RELEASE: true,
  DECLINE: true,
  "INFORMATION-REQUEST": true,
};

/** What each counter counts. */
export const COUNTERS: Readonly<Record<CounterName, string>> = {
  ...PLAIN_COUNTERS,
  ...prefixed("received", RECEIVED, (name) => `${name} messages that were received.`),
  ...prefixed("discard", DISCARD_REASONS, (_name, help) => help),
};

function prefixed<Prefix extends string, Name extends string, Value>(
  prefix: Prefix,
  of: Readonly<Record<Name, Value>>,
  help: (name: Name, value: Value) => string,
): Record<`${Prefix}-${Name}`, string> {
  const entries = (Object.keys(of) as Name[]).map((name) => [
    `${prefix}-${name}`,
    help(name, of[name]),
  ]);
  return Object.fromEntries(entries) as Record<`${Prefix}-${Name}`, string>;
}
