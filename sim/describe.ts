// Messages in words, for the trace.

import { readMessage, type SeenIa } from "./checkers/decode.ts";
import { type PartnerMessage, statusName } from "./checkers/decode-partner.ts";
import { leaseName } from "./checkers/observation.ts";

const MESSAGES = [
  "?",
  "SOLICIT",
  "ADVERTISE",
  "REQUEST",
  "CONFIRM",
  "RENEW",
  "REBIND",
  "REPLY",
  "RELEASE",
  "DECLINE",
];
const PARTNER_MESSAGES: Readonly<Record<number, string>> = {
  7: "REPLY",
  23: "STARTTLS",
  24: "BNDUPD",
  25: "BNDREPLY",
  26: "POOLREQ",
  27: "POOLRESP",
  28: "UPDREQ",
  29: "UPDREQALL",
  30: "UPDDONE",
  31: "CONNECT",
  32: "CONNECTREPLY",
  33: "DISCONNECT",
  34: "STATE",
  35: "CONTACT",
};

function describeIa(ia: SeenIa): string {
  const leases = ia.leases.map((lease) => `${leaseName(lease)}=${lease.preferred}/${lease.valid}`);
  const status = ia.status === 0 ? "" : ` status ${ia.status}`;
  return `[${ia.kind === "address" ? "NA" : "PD"} ${ia.iaid}${leases.map((text) => ` ${text}`).join("")}${status}]`;
}

/** A client's or server's message. */
export function describeMessage(bytes: Uint8Array): string {
  const message = readMessage(bytes);
  if (message === undefined) return "too short";
  const name = MESSAGES[message.type] ?? String(message.type);
  const server = message.serverId === "" ? "" : ` sid ..${message.serverId.slice(-2)}`;
  const status = message.status === 0 ? "" : ` status ${message.status}`;
  const ias = message.ias.map(describeIa).join(" ");
  return `${name} ${message.transactionId.toString(16)} ..${message.duid.slice(-6)}${server}${status} ${ias}`;
}

/** A message between the servers. */
export function describePartner({ leases, transactionId, type }: PartnerMessage): string {
  const name = PARTNER_MESSAGES[type] ?? String(type);
  const texts = leases.map((lease) => {
    const error = lease.error === 0 ? "" : ` error ${lease.error}`;
    const until = lease.stateExpirationTime === 0 ? "" : ` until ${lease.stateExpirationTime}`;
    return `[${leaseName(lease)} ${statusName(lease.bindingStatus)} ..${lease.duid.slice(-6)}${until}${error}]`;
  });
  return `${name} ${transactionId} ${texts.join(" ")}`.trimEnd();
}
