// Plays one run from its beginning to its end and says in plain data what it showed.

import { REAL_CLIENT_TIMES, type Times } from "../../../tools/netns/pair-config.ts";
import { shortAddress } from "../oracle/frames.ts";
import type { YoungLease } from "../oracle/verdict.ts";
import { REAL_CLIENTS } from "../real-clients.ts";
import { certificatesFor } from "./certificates.ts";
import { faultsOf } from "./judgement.ts";
import { type PlayedKill, Run, type RunOptions, type RunResult, SHORT } from "./run.ts";
import type { Variant } from "./variants.ts";

export interface Order {
  readonly number: number;
  readonly clients: number;
  /** With real clients, and times that they take; else with short times. */
  readonly real: boolean;
  readonly keep: boolean;
}

export interface Outcome {
  readonly number: number;
  readonly variant: string;
  readonly faults: readonly string[];
  /** Where the files of the run are, if they were kept. */
  readonly folder: string | undefined;
  /** Undefined when the run did not come to its judgement. */
  readonly shown: Shown | undefined;
}

export interface Shown {
  readonly times: Times;
  readonly tls: boolean;
  readonly clients: number;
  readonly realClients: number;
  readonly kills: readonly Pick<PlayedKill, "server" | "dead" | "back" | "drop">[];
  readonly renewals: number;
  readonly dueAfter: number;
  /** The shortest and the longest lifetime of the renewals that fell due after a kill, seconds. */
  readonly lifetimes: readonly [number, number] | undefined;
  readonly young: readonly { readonly name: string; readonly fate: YoungLease["fate"] }[];
  /** Leases that ended while both links were cut; undefined without a split. */
  readonly ended: number | undefined;
  readonly endedGivenAgain: number;
  readonly twoHolders: number;
  readonly changed: number;
  readonly changedAcknowledged: number;
  readonly newWait: number;
  readonly renewWait: number;
  readonly toNormal: number;
  readonly differences: number;
  readonly echoed: number;
}

/** Never throws: what goes wrong is a fault. */
export async function play(
  variant: Variant,
  order: Order,
  note?: RunOptions["note"],
  began?: (run: Run) => void,
): Promise<Outcome> {
  const times = order.real ? REAL_CLIENT_TIMES : (variant.times ?? SHORT);
  const { number, clients, real } = order;
  let run: Run | undefined;
  let shown: Shown | undefined;
  let faults: readonly string[] = [];
  try {
    run = new Run({
      ...{ times, clients, real, seed: number, tight: variant.tight === true },
      ...(variant.tls === true ? { tls: certificatesFor() } : {}),
      ...(note === undefined ? {} : { note }),
    });
    began?.(run);
    await run.begin();
    await variant.play(run);
    const result = await run.finish();
    shown = shownBy(run, result);
    faults = faultsOf(variant, result);
  } catch (error) {
    faults = [error instanceof Error ? error.message : String(error)];
  }
  const keep = faults.length > 0 || order.keep;
  await run?.end(keep);
  const folder = keep ? run?.stage.folder : undefined;
  return { number, variant: variant.name, faults, folder, shown };
}

function shownBy(run: Run, result: RunResult): Shown {
  const { times, tls, real } = run.options;
  const { counts, verdict, played, kills, ended } = result;
  const due = kills.flatMap((kill) => kill.dueAfter);
  const valid = due.map((grant) => grant.valid);
  return {
    ...{ times, tls: tls !== undefined, clients: counts.clients },
    realClients: real ? REAL_CLIENTS.length : 0,
    kills: played.map(({ server, dead, back, drop }) => ({ server, dead, back, drop })),
    renewals: kills.reduce((sum, kill) => sum + kill.renewals.length, 0),
    dueAfter: due.length,
    lifetimes: valid.length === 0 ? undefined : [Math.min(...valid), Math.max(...valid)],
    // On TLS everything would be called young.
    young: tls === undefined ? kills.flatMap((kill) => kill.young).map(named) : [],
    ended: ended && Object.values(ended.ended).reduce((sum, one) => sum + one, 0),
    endedGivenAgain: ended?.again.length ?? 0,
    twoHolders: verdict.twoHolders.length + counts.twoHolders,
    changed: verdict.changes.length,
    changedAcknowledged: verdict.changes.filter((change) => change.acknowledged).length,
    newWait: verdict.longestWait?.seconds ?? 0,
    renewWait: verdict.longestRenewal?.seconds ?? 0,
    toNormal: result.toNormal,
    differences: result.differences.length,
    echoed: result.echoed,
  };
}

function named({ grant, fate }: YoungLease): Shown["young"][number] {
  const [address, length] = grant.lease.split("/") as [string, string | undefined];
  const lease = `${shortAddress(address)}${length === undefined ? "" : `/${length}`}`;
  return { name: `${lease} of ${grant.client}, ${grant.answers}, ${grant.valid} s`, fate };
}
