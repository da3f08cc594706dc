// The kill test judges itself: a plan that shows too little is no pass, and wrong options are told.

import { expect, test } from "vitest";
import { REAL_CLIENT_TIMES } from "../../../tools/netns/pair-config.ts";
import { readOptions } from "./options.ts";
import { missingOf, PLAN } from "./plan.ts";
import type { Outcome, Shown } from "./play.ts";
import { sumOf } from "./table.ts";
import { variantNamed } from "./variants.ts";

const DEAD = REAL_CLIENT_TIMES.valid * 3 + 30;

function shownBy(variant: string): Shown {
  const { tls = false, youngExpected = false } = variantNamed(variant);
  const kill = {
    server: variant.includes("secondary") ? ("b" as const) : ("a" as const),
    dead: variant.includes("long") ? DEAD : 100,
    back: variant.includes("empty") ? ("empty" as const) : ("data" as const),
    drop: youngExpected ? 200 : undefined,
  };
  const killed = /^kill|^drop|right/.test(variant);
  return {
    ...{ times: REAL_CLIENT_TIMES, tls, clients: 500, realClients: 4 },
    kills: variant === "kill-in-turn" ? [kill, kill] : killed ? [kill] : [],
    ...{ renewals: 1, dueAfter: 1, lifetimes: [60, 180] },
    young: youngExpected ? [{ name: "one", fate: "kept" }] : [],
    ...{ ended: undefined, endedGivenAgain: 0, twoHolders: 0, changed: 0, changedAcknowledged: 0 },
    ...{ newWait: 1, renewWait: 1, toNormal: 1, differences: 0, echoed: 100 },
  };
}

const outcomes: readonly Outcome[] = PLAN.map((variant, i) => ({
  ...{ number: i + 1, variant, faults: [], folder: undefined },
  shown: shownBy(variant),
}));

test("the plan holds all that must be shown", () => {
  expect(missingOf(outcomes)).toEqual([]);
  expect(sumOf(outcomes)[0]).toBe(`${PLAN.length} runs, ${PLAN.length} without a fault, 3 on TLS`);
});

test("too few kills, runs or clients are no pass", () => {
  const without = (...variants: readonly string[]) =>
    missingOf(outcomes.filter(({ variant }) => !variants.includes(variant))).join("; ");
  expect(without("kill-primary", "kill-secondary")).toContain("kills: 18, at least 20");
  expect(without("drop-then-kill-empty")).toContain("BNDUPD never arrived: 3, at least 5");
  expect(without("kill-primary-long")).toContain("three valid lifetimes and 30 s: 2, at least 3");
  expect(without("kill-primary-tls")).toContain("runs on TLS: 2, at least 3");
  expect(without("split")).toContain("runs with both links cut: 0");
  const few = outcomes.map((one) => ({ ...one, shown: { ...shownBy(one.variant), clients: 499 } }));
  expect(missingOf(few)).toEqual([`500 generated clients: not so in ${PLAN.length} runs`]);
  const dead = outcomes.map((one) => ({ ...one, shown: undefined }));
  expect(missingOf(dead)).toContain("kills: 0, at least 20 are demanded");
});

test("without options all of the plan is played and demanded, with a smaller one nothing is demanded", () => {
  expect(readOptions([])).toMatchObject({ runs: PLAN, clients: 500, real: true, whole: true });
  const some = readOptions(["--only", "split,link-cut", "--runs", "3", "--short"]);
  expect(some).toMatchObject({ runs: ["split", "link-cut", "split"], real: false, whole: false });
});

test("wrong options are told, with what would be right", () => {
  const text = (...args: readonly string[]) => {
    const read = readOptions(args);
    return "text" in read ? `${read.code} ${read.text}` : "";
  };
  expect(text("--help")).toMatch(/^0 Usage: .*Example: npm run e2e:kills/s);
  expect(text("--only", "nobody")).toMatch(/^2 .*no variant "nobody"; there are kill-primary,/);
  expect(text("--runs", "0")).toMatch(/^2 .*--runs: "0" is no whole number from 1 to 1000/);
  expect(text("--lanes", "many")).toMatch(/^2 .*--lanes: "many"/);
  expect(text("--twice")).toMatch(/^2 .*--twice/);
});
