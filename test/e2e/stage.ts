// What the end-to-end tests share: when they are skipped (and that a skip fails where it must not happen),
// a stage that is taken down whatever happens, and the verdict over its captures.

import { expect, test } from "vitest";
import { type ClientProgram, clientMissing } from "../../tools/netns/clients.ts";
import { program } from "../../tools/netns/command.ts";
import { namespacesMissing } from "../../tools/netns/namespaces.ts";
import { PairStage, type StageOptions } from "../../tools/netns/pair-stage.ts";
import { shortAddress } from "./oracle/frames.ts";
import { type History, readHistory } from "./oracle/history.ts";
import { judge, type Verdict } from "./oracle/verdict.ts";
import { REAL_CLIENTS } from "./real-clients.ts";

/** Why a test cannot run here; undefined when it can. With TANDEM_CI=1 that is a failure. */
export function missing(...programs: readonly string[]): string | undefined {
  const reasons = [namespacesMissing(), ...programs.map(programMissing)];
  const reason = reasons.find((one) => one !== undefined);
  if (reason !== undefined && process.env.TANDEM_CI === "1") {
    throw new Error(`an end-to-end test would be skipped: ${reason}`);
  }
  return reason;
}

function programMissing(name: string): string | undefined {
  const clients: readonly string[] = REAL_CLIENTS;
  if (clients.includes(name)) return clientMissing(name as ClientProgram);
  return program(name) === undefined ? `${name} is not installed` : undefined;
}

/** A test that needs namespaces and these programs: skipped with its reason, or run, concurrent in its file. */
export function whereItCan(
  title: string,
  needs: readonly string[],
  body: () => Promise<void>,
): void {
  const reason = missing("tcpdump", ...needs);
  if (reason === undefined) test.concurrent(title, body);
  else {
    console.log(`skipped: ${title}: ${reason}`);
    test.skip(title, () => undefined);
  }
}

/** The same on a stage, which is ended afterwards. */
export function onStage(
  title: string,
  needs: readonly string[],
  options: StageOptions,
  body: (stage: PairStage) => Promise<void>,
): void {
  whereItCan(title, needs, async () => {
    const stage = new PairStage(options);
    let passed = false;
    try {
      await body(stage);
      expect(stage.failures(), "servers that ended by themselves").toEqual([]);
      passed = true;
    } finally {
      if (!passed) console.log(`${title}: files of the failed run are in ${stage.folder}`);
      await stage.end(!passed);
    }
  });
}

/** Ends the captures and judges them. */
export async function verdictOf(stage: PairStage): Promise<{ history: History; verdict: Verdict }> {
  await stage.stopCaptures();
  const history = readHistory(stage.captureFiles);
  return { history, verdict: judge(history) };
}

/** No address or prefix had two holders and no client's lease changed. */
export function expectNothingLost(verdict: Verdict): void {
  const holders = verdict.twoHolders.map(
    ({ one, other }) => `${shortAddress(one.lease)}: ${one.client}, ${other.client}`,
  );
  expect(holders, "two holders").toEqual([]);
  const changes = verdict.changes.map(
    (one) => `${one.client} ${one.before} ${one.why} ${one.after ?? ""}`,
  );
  expect(changes, "changed leases").toEqual([]);
}
