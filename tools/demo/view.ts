// The demo's small live view: a few lines drawn over each other on a terminal, plain lines elsewhere.

import { styleText } from "node:util";
import type { FleetCounts } from "../load/fleet.ts";

export interface Shown {
  readonly a: string;
  readonly b: string;
  readonly counts: FleetCounts | undefined;
  readonly rate: number;
  readonly realClient: string | undefined;
}

type Colour = "green" | "yellow" | "red" | "bold" | "dim";

const PLAIN_EVERY = 2_000;

export class View {
  readonly #terminal = process.stdout.isTTY === true;
  readonly #started = Date.now();
  #drawn = 0;
  #plainAt = 0;

  #style(colour: Colour, text: string): string {
    return this.#terminal && process.env.NO_COLOR === undefined ? styleText(colour, text) : text;
  }

  /** What the demo does now; stays on the screen. */
  say(text: string): void {
    this.#wipe();
    console.log(`${this.#clock()}  ${this.#style("bold", text)}`);
    this.#plainAt = 0;
  }

  /** A line of a result. */
  note(text: string): void {
    this.#wipe();
    console.log(`        ${text}`);
  }

  /** The state of everything; drawn over on a terminal, now and then elsewhere. */
  show(shown: Shown): void {
    const lines = this.#lines(shown);
    if (this.#terminal) {
      this.#wipe();
      for (const line of lines) console.log(line);
      this.#drawn = lines.length;
    } else if (Date.now() - this.#plainAt >= PLAIN_EVERY) {
      this.#plainAt = Date.now();
      console.log(lines.join("\n"));
    }
  }

  #lines({ a, b, counts, rate, realClient }: Shown): readonly string[] {
    const lines = [`        A ${this.#state(a)}   B ${this.#state(b)}`];
    if (counts !== undefined) {
      const { clients, bound, leases, renewals, longestWait, changed, twoHolders } = counts;
      const bad = changed + twoHolders === 0 ? "green" : "red";
      lines.push(
        `        ${bound} of ${clients} clients with ${leases} leases · ${rate.toFixed(0)} exchanges/s · ${renewals} renewals`,
        `        longest wait of any client ${(longestWait / 1000).toFixed(2)} s · ${this.#style(bad, `${changed} leases changed, ${twoHolders} with two holders`)}`,
      );
    }
    if (realClient !== undefined) lines.push(`        ${realClient}`);
    return lines;
  }

  #state(state: string): string {
    if (state === "NORMAL") return this.#style("green", state);
    return this.#style(state === "down" ? "red" : "yellow", state);
  }

  #clock(): string {
    const seconds = (Date.now() - this.#started) / 1000;
    return this.#style("dim", `${seconds.toFixed(1).padStart(5)}s`);
  }

  #wipe(): void {
    if (this.#drawn > 0) process.stdout.write(`\u001b[${this.#drawn}A\u001b[J`);
    this.#drawn = 0;
  }
}
