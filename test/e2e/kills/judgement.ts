// What a run of the kill test must show: an empty list is a pass.

import { shortAddress } from "../oracle/frames.ts";
import type { JudgedChange } from "../oracle/verdict.ts";
import type { RunResult } from "./run.ts";
import type { Variant } from "./variants.ts";

/** How long before the kill the partner link drops, milliseconds. */
export const DROP = { least: 50, most: 500 } as const;

/** Everything wrong with a run, in sentences. */
export function faultsOf(variant: Variant, result: RunResult): readonly string[] {
  const { verdict, differences } = result;
  const faults: string[] = [
    ...result.problems,
    ...result.failures.map((line) => line.slice(0, 300)),
  ];
  for (const { one, other } of verdict.twoHolders)
    faults.push(`two holders of ${shown(one.lease)}: ${one.client} and ${other.client}`);
  if (result.counts.twoHolders > 0)
    faults.push(`the clients themselves saw ${result.counts.twoHolders} with two holders`);
  for (const change of verdict.changes) {
    const what = `${change.client} lost ${shown(change.before)} (${change.why})`;
    if (change.acknowledged) faults.push(`${what} although the partner had acknowledged it`);
    else if (!isExcused(variant, result, change)) faults.push(`${what}, which was not young`);
  }
  for (const { grant, bound } of result.beyond.slice(0, 5)) {
    const most = `at most ${bound.toFixed(0)} s were allowed`;
    faults.push(`${grant.client} got ${grant.valid} s for ${shown(grant.lease)}, ${most}`);
  }
  for (const row of differences.slice(0, 5)) faults.push(`the tables differ: ${row}`);
  return [...faults, ...nothingProved(variant, result)];
}

function shown(lease: string): string {
  const [address, length] = lease.split("/") as [string, string | undefined];
  return `${shortAddress(address)}${length === undefined ? "" : `/${length}`}`;
}

/** Only who got its lease right before a kill may lose it; on TLS the captures do not tell that, and nobody may. */
function isExcused(variant: Variant, { kills }: RunResult, change: JudgedChange): boolean {
  if (variant.tls === true) return false;
  const young = kills.flatMap((kill) => kill.young);
  return young.some(({ grant }) => grant.lease === change.before && grant.client === change.client);
}

/** Runs in which that did not happen which they are made for. */
function nothingProved(variant: Variant, result: RunResult): readonly string[] {
  const { played, kills, ended } = result;
  const faults: string[] = [];
  if (variant.takeover === true && kills.some((kill) => kill.dueAfter.length === 0))
    faults.push("no renewal that fell due after a kill");
  if (variant.youngExpected === true) {
    if (kills.some((kill) => kill.young.length === 0))
      faults.push("no lease whose BNDUPD never arrived: the run proves nothing");
    for (const { drop = 0 } of played) {
      if (drop < DROP.least || drop > DROP.most)
        faults.push(`the partner link dropped ${drop} ms before the kill`);
    }
  }
  for (const { before, after } of ended?.again ?? [])
    faults.push(`${shown(before.lease)} ended in the split and went to ${after.client} in it`);
  if (ended !== undefined && Object.keys(ended.ended).length < 2)
    faults.push("leases did not end on both sides of the split: the run proves nothing");
  return faults;
}
