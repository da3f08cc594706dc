// Builds BNDUPD options from records (RFC 8156 §7.4).

import { BINDING_STATUS } from "../../model/binding-status.ts";
import type { Block } from "../../model/blocks.ts";
import type { Duid } from "../../model/duid.ts";
import { type Ipv6Address, ipv6FromBytes } from "../../model/ipv6.ts";
import type { Lease } from "../../model/lease.ts";
import { isAvailable } from "../../model/lease-status.ts";
import { type DhcpTime, diffSeconds, isLater, NO_TIME } from "../../model/time.ts";
import { type Option, option } from "../../wire/options.ts";

/** One client's leases, all of them of `duid`, in one CLIENT_DATA (F-094, F-237, F-238, F-270, F-271, F-274, A-25). */
export function clientUpdate(
  duid: Duid,
  leases: readonly Lease[],
  base: DhcpTime,
): readonly Option[] {
  const options: Option[] = [option("CLIENTID", { duid }), option("LQ_BASE_TIME", { value: base })]; // F-272, F-273
  const latest = leases.reduce((a, b) =>
    isLater(b.clientLastTransactionTime, a.clientLastTransactionTime) ? b : a,
  );
  const { reconfigureData, relayData } = latest;
  // F-275, F-276
  if (reconfigureData !== undefined)
    options.push({ type: "unknown", code: 129, data: reconfigureData });
  if (relayData !== undefined) options.push(relayOption(relayData));
  for (const group of byIa(leases)) options.push(iaOption(group, base));
  return [option("CLIENT_DATA", { options })];
}

function relayOption(data: Uint8Array): Option {
  return option("LQ_RELAY_DATA", { peerAddress: ipv6FromBytes(data), message: data.subarray(16) });
}

function byIa(leases: readonly Lease[]): readonly (readonly [Lease, ...Lease[]])[] {
  const groups = new Map<string, [Lease, ...Lease[]]>();
  for (const lease of leases) {
    const key = `${lease.kind}.${lease.iaid}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [lease]);
    else group.push(lease);
  }
  return [...groups.values()];
}

/** F-277, F-278: T1 and T2 as sent to the client. */
function iaOption(leases: readonly [Lease, ...Lease[]], base: DhcpTime): Option {
  const { iaid, t1, t2, kind } = leases[0];
  const options = leases.map((lease) => leaseOption(lease, base));
  return kind === "address"
    ? option("IA_NA", { iaid, t1, t2, options })
    : option("IA_PD", { iaid, t1, t2, options });
}

/** F-279: the lease with the lifetimes sent to the client. */
function leaseOption(lease: Lease, base: DhcpTime): Option {
  const { address, length, preferredLifetime, validLifetime } = lease;
  const options = leaseDetails(lease, base);
  return lease.kind === "address"
    ? option("IAADDR", { address, preferredLifetime, validLifetime, options })
    : option("IAPREFIX", {
        preferredLifetime,
        validLifetime,
        prefixLength: length,
        prefix: address,
        options,
      });
}

function leaseDetails(lease: Lease, base: DhcpTime): readonly Option[] {
  const options: Option[] = [
    option("F_BINDING_STATUS", { value: BINDING_STATUS[lease.status] }), // F-280
    option("F_START_TIME_OF_STATE", { value: lease.startTimeOfState }), // F-281, A-73
  ];
  // F-283, F-284, A-29: seconds between base time and the last contact, never negative.
  if (lease.clientLastTransactionTime !== NO_TIME) {
    options.push(
      option("CLT_TIME", {
        value: Math.max(0, diffSeconds(base, lease.clientLastTransactionTime)),
      }),
    );
  }
  if (hasTimeout(lease)) {
    // F-282, F-285, F-287, A-27: with a timeout all three, EXPIRATION_TIME as 0 while nothing was acknowledged.
    options.push(
      option("F_STATE_EXPIRATION_TIME", { value: lease.stateExpirationTime }),
      option("F_PARTNER_LIFETIME", { value: lease.partnerLifetime }),
      option("F_EXPIRATION_TIME", { value: lease.expirationTime }),
    );
  }
  // F-286
  if (lease.partnerRawCltTime !== NO_TIME)
    options.push(option("F_PARTNER_RAW_CLT_TIME", { value: lease.partnerRawCltTime }));
  // F-288
  if (lease.fqdn !== undefined) options.push({ type: "unknown", code: 39, data: lease.fqdn });
  return options;
}

/** A free lease's stateExpirationTime only says when its record may go; it is no timeout of its status. F-138: an
 * ended lease that is held for a while has one. */
function hasTimeout(lease: Lease): boolean {
  return lease.stateExpirationTime !== NO_TIME && !isAvailable(lease.status);
}

/** F-032, F-293, F-294, F-295, F-296, F-297: an available block of prefixes, without a client. */
export function blockUpdate(block: Block, base: DhcpTime): readonly Option[] {
  const options = [
    option("LQ_BASE_TIME", { value: base }),
    option("F_BINDING_STATUS", { value: BINDING_STATUS[block.status] }),
    option("F_START_TIME_OF_STATE", { value: block.startTimeOfState }),
  ];
  // lifetimes without a client are 0.
  return [
    option("IAPREFIX", {
      preferredLifetime: 0,
      validLifetime: 0,
      prefixLength: block.length,
      prefix: block.address as Ipv6Address,
      options,
    }),
  ];
}
