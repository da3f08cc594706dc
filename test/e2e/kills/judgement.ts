// What a run of the kill test must show: an empty list is a pass.

import { shortAddress } from "../oracle/frames.ts";
import type { RunResult } from "./run.ts";
import type { Variant } from "./variants.ts";

/** Everything wrong with a run, in sentences. */
export function faultsOf(variant: Variant, result: RunResult): readonly string[] {
  const { counts, verdict, kills, differences } = result;
  const faults: string[] = [
    ...result.problems,
    ...result.failures.map((line) => line.slice(0, 300)),
  ];
  for (const { one, other } of verdict.twoHolders) {
    faults.push(
      `two holders of ${shortAddress(one.lease.split("/")[0] as string)}: ${one.client} and ${other.client}`,
    );
  }
  if (counts.twoHolders > 0)
    faults.push(`the clients themselves saw ${counts.twoHolders} with two holders`);
  // On TLS the captures do not tell what was acknowledged: there no lease may change at all.
  const excused =
    variant.tls === true ? [] : verdict.changes.filter((change) => !change.acknowledged);
  for (const change of verdict.changes) {
    if (excused.includes(change)) continue;
    faults.push(
      `${change.client} lost ${change.before} (${change.why}) although the partner had acknowledged it`,
    );
  }
  if (variant.youngExpected !== true && excused.length > 0) {
    for (const change of excused)
      faults.push(`${change.client} lost ${change.before} (${change.why})`);
  }
  for (const { grant, bound } of result.beyond.slice(0, 5)) {
    faults.push(
      `${grant.client} got ${grant.valid} s for ${grant.lease}, at most ${bound.toFixed(0)} s were allowed`,
    );
  }
  for (const row of differences.slice(0, 5)) faults.push(`the tables differ: ${row}`);
  if (variant.takeover === true && kills.every((kill) => kill.dueAfter.length === 0)) {
    faults.push("no renewal that fell due after the kill");
  }
  if (variant.youngExpected === true && kills.every((kill) => kill.young.length === 0)) {
    faults.push("no lease whose BNDUPD never arrived: the run proves nothing");
  }
  return faults;
}
