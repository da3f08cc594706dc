// One measurement: a run of the generator, with the CPU time that servers took for it.

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { ROOT } from "../../tools/netns/command.ts";
import type { Kind, RunResult } from "../load/open-loop.ts";
import { cpuTime } from "./cpu.ts";

/** Clients of one generator; the next one's begin behind them. */
const CLIENTS_EACH = 50_000_000;

/** What is measured: where clients send to, and whose CPU time counts. */
export interface Subject {
  readonly name: string;
  readonly port: number;
  /** The first is the one that answers clients. */
  readonly pids: readonly number[];
}

export interface Measured extends RunResult {
  /** Of those begun, those that did not end in a REPLY. */
  readonly loss: number;
  /** CPU time an exchange by process, microseconds; idle work of the time included. */
  readonly cpu: readonly number[];
  /** Share of the run's time in which the first process's main thread ran. */
  readonly busy: number;
}

export class Generator {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async start(number: number): Promise<Generator> {
    const child = fork(join(ROOT, "dist/bench/generator.js"), [String(1 + number * CLIENTS_EACH)]);
    await once(child, "message");
    return new Generator(child);
  }

  async measure(
    subject: Subject,
    load: { readonly kind: Kind; readonly rate: number; readonly seconds: number },
  ): Promise<Measured> {
    const before = subject.pids.map(cpuTime);
    this.#child.send({ ...load, port: subject.port });
    const [result] = (await once(this.#child, "message")) as [RunResult];
    const after = subject.pids.map(cpuTime);
    const ran = after.map(({ all }, i) => all - (before[i]?.all ?? 0));
    const main = (after[0]?.main ?? 0) - (before[0]?.main ?? 0);
    return {
      ...result,
      loss: result.begun === 0 ? 1 : 1 - result.done / result.begun,
      cpu: ran.map((seconds) => (seconds * 1e6) / Math.max(1, result.done)),
      busy: main / result.seconds,
    };
  }

  end(): void {
    this.#child.kill();
  }
}
