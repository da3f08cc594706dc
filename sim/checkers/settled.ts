// After the healing both servers come back to NORMAL, owe each other nothing and know the same, within a bounded
// world time (R7031-11, R7031-12, R7031-47, F-360; marks and queues: F-299).

import {
  type BlockImage,
  type Checker,
  type LeaseImage,
  leaseName,
  type Observation,
  type Report,
} from "./observation.ts";

type Look = Extract<Observation, { type: "looked" }>;

/** What is wrong with the pair, in words; empty when it is settled. */
export function unsettled(look: Pick<Look, "blocks" | "status" | "tables">): readonly string[] {
  const faults: string[] = [];
  for (const server of ["a", "b"] as const) {
    const { state, unacknowledged } = look.status[server];
    if (state !== "NORMAL") faults.push(`${server} is in ${state}`);
    if (unacknowledged > 0) faults.push(`${server} has ${unacknowledged} updates unacknowledged`);
    const marked = look.tables[server].filter((lease) => lease.marked).length;
    if (marked > 0) faults.push(`${server} has ${marked} marked leases`);
  }
  const [a, b] = [joined(look.blocks.a), joined(look.blocks.b)];
  const only = (some: readonly string[], others: readonly string[]) =>
    some.filter((block) => !others.includes(block));
  if (a.join() !== b.join())
    faults.push(`blocks only at a: ${only(a, b).join(" ")}; only at b: ${only(b, a).join(" ")}`);
  return [...faults, ...differences(look.tables.a, look.tables.b), ...owners(look)];
}

/** Blocks with halves put together, so that it does not matter how a pool was cut. */
function joined(blocks: readonly BlockImage[]): readonly string[] {
  const name = (address: bigint, length: number) =>
    `${address.toString(16).padStart(32, "0")}/${length}`;
  const names = new Set(blocks.map((block) => name(BigInt(`0x${block.address}`), block.length)));
  for (let length = 128; length > 0; length--) {
    const size = 1n << BigInt(128 - length);
    for (const each of [...names]) {
      const [hex, own] = each.split("/") as [string, string];
      const address = BigInt(`0x${hex}`);
      const sibling = name(address ^ size, length);
      if (Number(own) !== length || !names.has(each) || !names.has(sibling)) continue;
      names.delete(each);
      names.delete(sibling);
      names.add(name(address & ~size, length - 1));
    }
  }
  return [...names].sort();
}

/** No record means: free, in the default owner's pool. */
function isUnused(lease: LeaseImage | undefined): boolean {
  return lease === undefined || lease.status === "FREE" || lease.status === "FREE-BACKUP";
}

function differences(a: readonly LeaseImage[], b: readonly LeaseImage[]): readonly string[] {
  const name = (lease: LeaseImage) => `${lease.address}/${lease.length}`;
  const left = new Map(a.map((lease) => [name(lease), lease]));
  const right = new Map(b.map((lease) => [name(lease), lease]));
  const faults: string[] = [];
  for (const key of new Set([...left.keys(), ...right.keys()])) {
    const one = left.get(key);
    const two = right.get(key);
    const fault = difference(one, two);
    if (fault !== undefined) faults.push(`${leaseName((one ?? two) as LeaseImage)}: ${fault}`);
  }
  return faults;
}

/** F-031: both know whose each free prefix is. */
function owners({ blocks, tables }: Pick<Look, "blocks" | "tables">): readonly string[] {
  const name = (lease: LeaseImage) => `${lease.address}/${lease.length}`;
  const left = new Map(tables.a.map((lease) => [name(lease), lease]));
  const right = new Map(tables.b.map((lease) => [name(lease), lease]));
  const faults: string[] = [];
  for (const lease of new Map([...left, ...right]).values()) {
    const [one, two] = [left.get(name(lease)), right.get(name(lease))];
    if (lease.kind === "address" || !isUnused(one) || !isUnused(two)) continue;
    const [a, b] = [ownerOf(lease, one, blocks.a), ownerOf(lease, two, blocks.b)];
    if (a !== b) faults.push(`${leaseName(lease)}: the ${a}'s at a, the ${b}'s at b`);
  }
  return faults;
}

/** RFC 8156 §4.2.2: blocks are the secondary's; what came back in one since is the primary's. */
function ownerOf(
  { address, length }: LeaseImage,
  record: LeaseImage | undefined,
  blocks: readonly BlockImage[],
): "primary" | "secondary" {
  if (record?.status === "FREE-BACKUP") return "secondary";
  const bits = (text: string, count: number) => BigInt(`0x${text}`) >> BigInt(128 - count);
  const block = blocks.find(
    (each) =>
      each.length <= length && bits(each.address, each.length) === bits(address, each.length),
  );
  if (block === undefined) return "primary";
  return record !== undefined && record.primarySince >= block.givenAt ? "primary" : "secondary";
}

function difference(a: LeaseImage | undefined, b: LeaseImage | undefined): string | undefined {
  if (isUnused(a) && isUnused(b)) {
    if (a !== undefined && b !== undefined && a.status !== b.status)
      return `${a.status} and ${b.status}`;
    return undefined;
  }
  if (a === undefined || b === undefined)
    return `${a?.status ?? "no record"} and ${b?.status ?? "no record"}`;
  if (a.status !== b.status) return `${a.status} and ${b.status}`;
  if (a.duid !== b.duid || a.iaid !== b.iaid)
    return `of ${a.duid} ${a.iaid} and of ${b.duid} ${b.iaid}`;
  // An ended lease has no client whose expiry or contacts count.
  if (a.status !== "ACTIVE") return undefined;
  if (a.clientExpiry !== b.clientExpiry)
    return `client expiry ${a.clientExpiry} and ${b.clientExpiry}`;
  const last = (lease: LeaseImage) =>
    Math.max(lease.clientLastTransactionTime, lease.partnerRawCltTime);
  if (last(a) !== last(b)) return `last contact with the client ${last(a)} and ${last(b)}`;
  return undefined;
}

export function settled(report: Report): Checker {
  return {
    name: "settled",
    observe(observation) {
      if (observation.type !== "looked" || !observation.last) return;
      const faults = unsettled(observation);
      if (faults.length === 0) return;
      const more = faults.length > 6 ? ` and ${faults.length - 6} more` : "";
      report(observation.at, `not settled: ${faults.slice(0, 6).join("; ")}${more}`);
    },
  };
}
