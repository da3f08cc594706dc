// Several runs at a time, each in a process of its own: a judgement that takes seconds in one holds up no kill in
// another, and each has its namespaces. The parent sends an order, the child tells what goes on and the outcome.

import { type ChildProcess, fork } from "node:child_process";
import { sleep } from "../../../tools/netns/command.ts";
import type { Order, Outcome } from "./play.ts";

/** What a lane does at the moment. */
export interface Doing {
  readonly number: number;
  readonly variant: string;
  readonly text: string;
  /** Milliseconds since 1970, where the end is known. */
  readonly until: number | undefined;
}

export type ChildOrder = Order & { readonly variant: string };
export type FromChild =
  | { readonly type: "note"; readonly text: string; readonly until?: number }
  | { readonly type: "outcome"; readonly outcome: Outcome };

/** Their beginnings are the only heavy moments: not all at once. */
const APART = 6_000;

export class Lanes {
  readonly #file: string;
  readonly #doing = new Map<number, Doing>();
  readonly #children = new Set<ChildProcess>();
  readonly outcomes: Outcome[] = [];
  #ended = false;

  /** `file` is the program that plays an order which comes from its parent. */
  constructor(file: string) {
    this.#file = file;
  }

  get doing(): readonly Doing[] {
    return [...this.#doing.values()];
  }

  /** Plays all orders in turn, `count` at a time; `report` hears each outcome. */
  async play(
    orders: readonly ChildOrder[],
    count: number,
    report: (outcome: Outcome) => void,
  ): Promise<void> {
    const left = [...orders];
    const lane = async (index: number): Promise<void> => {
      await sleep(index * APART);
      for (let order = left.shift(); order !== undefined; order = left.shift()) {
        if (this.#ended) return;
        const outcome = await this.#one(order);
        if (this.#ended) return;
        this.outcomes.push(outcome);
        report(outcome);
      }
    };
    await Promise.all(Array.from({ length: Math.min(count, orders.length) }, (_, i) => lane(i)));
  }

  #one(order: ChildOrder): Promise<Outcome> {
    const { number, variant } = order;
    return new Promise((resolve) => {
      const child = fork(this.#file, ["child"], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
      let outcome: Outcome | undefined;
      this.#children.add(child);
      this.#doing.set(number, { number, variant, text: "begins", until: undefined });
      child.on("message", (message: FromChild) => {
        if (message.type === "outcome") outcome = message.outcome;
        else this.#doing.set(number, { number, variant, until: undefined, ...message });
      });
      child.once("exit", (code, signal) => {
        this.#children.delete(child);
        this.#doing.delete(number);
        const faults = [`the run's process ended by itself (${signal ?? code})`];
        resolve(outcome ?? { number, variant, faults, folder: undefined, shown: undefined });
      });
      child.send(order);
    });
  }

  /** Ends what runs; the children clean up after themselves. */
  end(): void {
    this.#ended = true;
    for (const child of this.#children) child.kill("SIGTERM");
  }
}
