// How the kill test shows what it found: a row a run, the leases whose BNDUPD never arrived, and the sum.

import { isLongDead, killsOf } from "./plan.ts";
import type { Outcome, Shown } from "./play.ts";

const COLUMNS: readonly (readonly [string, number])[] = [
  ...([
    ["run", 3],
    ["variant", 25],
    ["clients", 7],
    ["dead s", 7],
    ["renewed", 7],
  ] as const),
  ...([
    ["due later", 9],
    ["lifetimes", 9],
    ["young", 15],
    ["two holders", 11],
  ] as const),
  ...([
    ["changed", 7],
    ["new wait", 8],
    ["renew wait", 10],
    ["NORMAL s", 8],
  ] as const),
  ...([
    ["tables", 6],
    ["session", 7],
  ] as const),
];

function row(cells: readonly (string | number)[]): string {
  const padded = cells.map((cell, i) => String(cell).padEnd(COLUMNS[i]?.[1] ?? 8));
  return padded.join("  ").trimEnd();
}

export function heading(): string {
  return row(COLUMNS.map(([name]) => name));
}

/** The row of a run, and below it what was wrong. */
export function linesOf(outcome: Outcome): readonly string[] {
  const { number, variant, faults, folder, shown } = outcome;
  const wrong = faults.slice(0, 10).map((fault) => `     FAIL ${fault}`);
  if (faults.length > 10) wrong.push(`     FAIL and ${faults.length - 10} more`);
  if (folder !== undefined) wrong.push(`     files: ${folder}`);
  const cells = shown === undefined ? ["-"] : cellsOf(shown);
  return [row([number, variant, ...cells]), ...wrong];
}

function cellsOf(shown: Shown): readonly (string | number)[] {
  const { lifetimes, realClients } = shown;
  return [
    realClients > 0 ? `${shown.clients}+${realClients}` : shown.clients,
    shown.kills.map(({ dead }) => dead.toFixed(0)).join(" ") || "-",
    ...[shown.renewals, shown.dueAfter],
    lifetimes === undefined ? "-" : `${lifetimes[0]}-${lifetimes[1]} s`,
    ...[young(shown), shown.twoHolders, shown.changed],
    ...[`${shown.newWait.toFixed(1)} s`, `${shown.renewWait.toFixed(1)} s`],
    ...[shown.toNormal.toFixed(1), shown.differences === 0 ? "equal" : "DIFFER"],
    shown.echoed > 0 ? shown.echoed : "-",
  ];
}

const FATES = ["kept", "ended", "changed"] as const;

function counted(shown: readonly Shown[], fate: (typeof FATES)[number]): number {
  return shown.flatMap((one) => one.young).filter((one) => one.fate === fate).length;
}

function young(shown: Shown): string {
  if (shown.tls) return "-";
  if (shown.young.length === 0) return "0";
  const fates = FATES.map((fate) => `${counted([shown], fate)}${fate[0]}`);
  return `${shown.young.length}: ${fates.join(" ")}`;
}

/** Each lease whose BNDUPD never arrived, and what became of it. */
export function namesOf(outcomes: readonly Outcome[]): readonly string[] {
  return outcomes.flatMap(({ number, variant, shown }) =>
    (shown?.young ?? []).map(({ name, fate }) => `${number} ${variant}: ${name}: ${fate}`),
  );
}

const total = (shown: readonly Shown[], of: (one: Shown) => number) =>
  shown.reduce((sum, one) => sum + of(one), 0);

/** The closing sum over all runs. */
export function sumOf(outcomes: readonly Outcome[]): readonly string[] {
  const shown = outcomes.flatMap((outcome) => outcome.shown ?? []);
  const good = outcomes.filter(({ faults }) => faults.length === 0).length;
  const sum = (of: (one: Shown) => number) => total(shown, of);
  const lost = counted(shown, "ended") + counted(shown, "changed");
  const split = shown.filter(({ ended }) => ended !== undefined);
  return [
    `${outcomes.length} runs, ${good} without a fault, ${shown.filter(({ tls }) => tls).length} on TLS`,
    ...killLines(shown),
    `${sum((one) => one.renewals)} renewals by the survivor, ${sum((one) => one.dueAfter)} of them fell due after the kill`,
    `${sum((one) => one.young.length)} leases whose BNDUPD never arrived: ${counted(shown, "kept")} kept by their clients, ${lost} not`,
    `${total(split, (one) => one.ended ?? 0)} leases ended with both links cut, ${sum((one) => one.endedGivenAgain)} of them given to another client before healing`,
    `${sum((one) => one.twoHolders)} addresses or prefixes with two holders`,
    `${sum((one) => one.changedAcknowledged)} clients whose lease changed although the partner had acknowledged it (${sum((one) => one.changed)} changed in all)`,
    `NORMAL and equal tables in ${shown.filter(({ differences }) => differences === 0).length} runs; TCP sessions in ${shown.filter(({ echoed }) => echoed > 0).length}`,
  ];
}

function killLines(shown: readonly Shown[]): readonly string[] {
  const kills = killsOf(shown);
  const of = (holds: (kill: Shown["kills"][number]) => boolean) => kills.filter(holds).length;
  const long = shown.flatMap((one) => one.kills.filter(({ dead }) => isLongDead(one, dead)));
  const drops = kills.flatMap(({ drop }) => drop ?? []);
  return [
    `${kills.length} kills: ${of((one) => one.server === "a")} of the primary, ${of((one) => one.server === "b")} of the secondary; ${of((one) => one.back === "data")} returns with data, ${of((one) => one.back === "empty")} with an empty disk`,
    `dead for three valid lifetimes and 30 s: ${long.length} (${list(
      long.map(({ dead }) => dead.toFixed(0)),
      "s",
    )}); the others for ${range(kills.filter((kill) => !long.includes(kill)).map(({ dead }) => dead))} s`,
    `partner link dropped before the kill: ${drops.length} (${list(drops, "ms")})`,
  ];
}

function list(values: readonly (string | number)[], unit: string): string {
  return values.length === 0 ? "none" : `${values.join(", ")} ${unit}`;
}

function range(values: readonly number[]): string {
  if (values.length === 0) return "-";
  return `${Math.min(...values).toFixed(0)} to ${Math.max(...values).toFixed(0)}`;
}
