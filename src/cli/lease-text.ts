// One lease in words: what a client holds, and what the two servers have told each other of it (RFC 8156 §7.3).

import type { LeaseResult } from "../api/leases.ts";
import { printable, renderMoment, renderSpan } from "./render.ts";

export function renderLease(lease: LeaseResult): string {
  const { status, since, link, duid, iaid, expires, marked, version } = lease;
  return [
    `${printable(lease.lease)}: ${status}${since === null ? "" : ` since ${moment(since)}`}`,
    line("link", link ?? "none of the configuration has it"),
    line("client", duid === null ? "none yet" : `DUID ${duid}, IAID ${iaid}`),
    ...(lease.validLifetime === 0 ? [] : [line("lifetimes", lifetimes(lease))]),
    line("expires", expires === null ? "-" : moment(expires)),
    line(
      "partner",
      marked ? "has not acknowledged the last change yet" : "knows the last change, or need not",
    ),
    "  times of failover",
    ...times(lease),
    line("change", `number ${version} of this server's log`),
  ].join("\n");
}

function lifetimes({ validLifetime, preferredLifetime, t1, t2 }: LeaseResult): string {
  const span = (seconds: number): string =>
    seconds === 0xffffffff ? "for ever" : renderSpan(seconds * 1_000);
  return `valid ${span(validLifetime)}, preferred ${span(preferredLifetime)}; renewed after ${span(t1)}, asked of everybody after ${span(t2)}`;
}

function times(lease: LeaseResult): readonly string[] {
  const rows: readonly (readonly [words: string, name: string, time: string | null])[] = [
    ["the client was told until", "client expiry", lease.clientExpiry],
    ["last heard from the client", "client-last-transaction-time", lease.clientLastTransactionTime],
    ["the partner last heard from it", "partner-raw-clt-time", lease.partnerRawCltTime],
    ["the partner is to be told until", "partner-lifetime", lease.partnerLifetime],
    ["the partner has acknowledged until", "acked-partner-lifetime", lease.ackedPartnerLifetime],
    ["kept here for the client until", "expiration-time", lease.expirationTime],
  ];
  return rows.map(
    ([words, name, time]) =>
      `    ${words.padEnd(35)} ${time === null ? "-" : moment(time)} [${name}]`,
  );
}

function line(name: string, value: string): string {
  return `  ${name.padEnd(10)} ${printable(value)}`;
}

function moment(time: string): string {
  return renderMoment(Date.parse(time));
}
