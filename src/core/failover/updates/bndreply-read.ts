// Reads a BNDREPLY: for each lease what became of it (RFC 8156 §7.7).

import { maskTo } from "../../model/ipv6.ts";
import { type LeaseKey, leaseKeyText } from "../../model/lease.ts";
import { NO_TIME } from "../../model/time.ts";
import { firstOption, type Option } from "../../wire/options.ts";
import type { LeaseReply, UpdateReply } from "./update.ts";

interface Status {
  readonly status: number;
  readonly message: string;
}

function statusIn(options: readonly Option[]): Status {
  const found = firstOption(options, "STATUS_CODE");
  return { status: found?.status ?? 0, message: found?.message ?? "" };
}

/** F-345, F-351, F-352, F-353, F-354, A-23: an error at a level rejects all within it; three levels are understood. */
export function readReply(options: readonly Option[]): UpdateReply {
  const leases = new Map<string, LeaseReply>();
  const outer = firstOption(options, "CLIENT_DATA") ?? firstOption(options, "IAPREFIX");
  if (outer === undefined) return { status: 18, message: "an empty answer", leases };
  const whole = statusIn(outer.options);
  if (outer.type === "IAPREFIX") {
    addLease(
      leases,
      {
        kind: "prefix",
        address: maskTo(outer.prefix, outer.prefixLength),
        length: outer.prefixLength,
      },
      outer.options,
      whole,
    );
    return { ...whole, leases };
  }
  for (const ia of outer.options) {
    if (ia.type !== "IA_NA" && ia.type !== "IA_PD") continue;
    const level = whole.status !== 0 ? whole : statusIn(ia.options);
    for (const lease of ia.options) {
      if (lease.type === "IAADDR")
        addLease(
          leases,
          { kind: "address", address: lease.address, length: 128 },
          lease.options,
          level,
        );
      if (lease.type === "IAPREFIX")
        addLease(
          leases,
          {
            kind: "prefix",
            address: maskTo(lease.prefix, lease.prefixLength),
            length: lease.prefixLength,
          },
          lease.options,
          level,
        );
    }
  }
  return { ...whole, leases };
}

function addLease(
  leases: Map<string, LeaseReply>,
  key: LeaseKey,
  options: readonly Option[],
  outer: Status,
): void {
  const { status, message } = outer.status !== 0 ? outer : statusIn(options);
  leases.set(leaseKeyText(key), {
    status,
    message,
    partnerLifetimeSent: firstOption(options, "F_PARTNER_LIFETIME_SENT")?.value ?? NO_TIME,
  });
}
