// The process that takes as much CPU time as a partner would (bench/neighbour.ts).

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { ROOT } from "../../tools/netns/command.ts";
import type { Measured } from "./measure.ts";

export class Neighbour {
  readonly #child: ChildProcess;
  /** Share of one CPU. */
  #share = 0;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async start(): Promise<Neighbour> {
    const child = fork(join(ROOT, "dist/bench/neighbour.js"));
    await once(child, "message");
    return new Neighbour(child);
  }

  /** The partner of this run is what to be like. */
  learn({ cpu, done, seconds }: Measured): void {
    this.#share = ((cpu[1] ?? 0) * done) / 1e6 / seconds;
  }

  work(): void {
    this.#child.send(this.#share);
  }

  rest(): void {
    this.#child.send(0);
  }

  end(): void {
    this.#child.kill();
  }
}
