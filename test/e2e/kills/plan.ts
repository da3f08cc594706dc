// What the kill test plays when nothing else is asked, and what all of it together must have shown.

import type { Outcome, Shown } from "./play.ts";

/** By name, the longest runs first. */
export const PLAN: readonly string[] = [
  ...["kill-primary-long", "kill-secondary-empty-long", "kill-primary-long-tls"],
  ...["kill-in-turn", "partner-down-wrong-a", "partner-down-wrong-b", "partner-down-wrong-both"],
  ...["split", "partner-down-right", "partner-down-right-empty"],
  ...["drop-then-kill", "drop-then-kill-empty", "drop-then-kill", "drop-then-kill-empty"],
  ...["drop-then-kill"],
  ...["kill-primary-empty", "kill-secondary-empty", "kill-secondary-empty-tls"],
  ...["kill-primary-tls", "kill-primary", "kill-secondary", "link-cut"],
  ...["kill-primary-empty", "kill-secondary-empty", "kill-primary", "kill-secondary"],
];

interface Demand {
  readonly what: string;
  readonly least: number;
  readonly found: (outcomes: readonly Outcome[], shown: readonly Shown[]) => number;
}

/** In the dead server's absence all ran out that it granted: three valid lifetimes and 30 s. */
export function isLongDead(shown: Shown, dead: number): boolean {
  return dead >= shown.times.valid * 3 + 30;
}

export const killsOf = (shown: readonly Shown[]) => shown.flatMap(({ kills }) => kills);
const playing = (variant: string) => (outcomes: readonly Outcome[]) =>
  outcomes.filter((one) => one.shown !== undefined && one.variant === variant).length;
const killsWith =
  (holds: (kill: Shown["kills"][number]) => boolean): Demand["found"] =>
  (_, shown) =>
    killsOf(shown).filter(holds).length;

const DEMANDS: readonly Demand[] = [
  { what: "kills", least: 20, found: killsWith(() => true) },
  { what: "kills of the primary", least: 1, found: killsWith(({ server }) => server === "a") },
  { what: "kills of the secondary", least: 1, found: killsWith(({ server }) => server === "b") },
  { what: "returns with data", least: 1, found: killsWith(({ back }) => back === "data") },
  {
    what: "returns with an empty disk",
    least: 1,
    found: killsWith(({ back }) => back === "empty"),
  },
  {
    what: "kills with the server dead for three valid lifetimes and 30 s",
    least: 3,
    found: (_, all) =>
      all.flatMap((one) => one.kills.filter(({ dead }) => isLongDead(one, dead))).length,
  },
  {
    what: "runs with the link dropped before the kill and leases whose BNDUPD never arrived",
    least: 5,
    found: (_, all) =>
      all.filter(
        ({ kills, young }) => young.length > 0 && kills.some(({ drop }) => drop !== undefined),
      ).length,
  },
  { what: "runs on TLS", least: 3, found: (_, all) => all.filter(({ tls }) => tls).length },
  { what: "runs with the partner link cut", least: 1, found: playing("link-cut") },
  { what: "runs with both links cut", least: 1, found: playing("split") },
  {
    what: "runs with partner-down wrongly given on the primary",
    least: 1,
    found: playing("partner-down-wrong-a"),
  },
  {
    what: "runs with partner-down wrongly given on the secondary",
    least: 1,
    found: playing("partner-down-wrong-b"),
  },
  {
    what: "runs with partner-down wrongly given on both sides",
    least: 1,
    found: playing("partner-down-wrong-both"),
  },
];

/** What the whole plan failed to show, in sentences. */
export function missingOf(outcomes: readonly Outcome[]): readonly string[] {
  const shown = outcomes.flatMap((outcome) => outcome.shown ?? []);
  const missing = DEMANDS.flatMap(({ what, least, found }) => {
    const count = found(outcomes, shown);
    return count < least ? [`${what}: ${count}, at least ${least} are demanded`] : [];
  });
  const each = (what: string, holds: (one: Shown) => boolean) => {
    const count = shown.filter((one) => !holds(one)).length;
    if (count > 0) missing.push(`${what}: not so in ${count} runs`);
  };
  each("500 generated clients", ({ clients }) => clients >= 500);
  each("four real clients", ({ realClients }) => realClients === 4);
  each("valid lifetime of three MCLTs", ({ times }) => times.valid >= 3 * times.mclt);
  each("a TCP session over a leased address", ({ echoed }) => echoed > 0);
  return missing;
}
