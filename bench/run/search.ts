// The highest rate that is held: upward by steps until exchanges are lost, then between the last two.

import type { Kind } from "../load/open-loop.ts";
import type { Generator, Measured, Subject } from "./measure.ts";

export interface SearchOptions {
  readonly kind: Kind;
  /** Where it begins, exchanges a second. */
  readonly from: number;
  readonly seconds: number;
}

export interface Held {
  readonly rate: number;
  readonly at: Measured | undefined;
  /** The generator, not the server, could do no more. */
  readonly generatorBound: boolean;
}

const STEP = 1.4;
/** Halvings of the last step. */
const REFINEMENTS = 2;
const MOST_LOST = 0.01;
const LEAST_BEGUN = 0.97;
/** A noisy machine spoils a run now and then. */
const TRIES = 2;

type Try = { readonly held: boolean; readonly keptUp: boolean; readonly measured: Measured };

export async function search(
  generator: Generator,
  subject: Subject,
  { kind, from, seconds }: SearchOptions,
): Promise<Held> {
  const attempt = async (rate: number): Promise<Try> => {
    let last: Try | undefined;
    for (let i = 0; i < TRIES; i++) {
      const measured = await generator.measure(subject, { kind, rate, seconds });
      const keptUp = measured.begun / measured.seconds >= rate * LEAST_BEGUN;
      last = { held: keptUp && measured.loss < MOST_LOST, keptUp, measured };
      if (last.held) break;
    }
    if (last === undefined) throw new Error("nothing was tried");
    return last;
  };
  let good: { rate: number; measured: Measured } | undefined;
  let bad = Number.POSITIVE_INFINITY;
  let generatorBound = false;
  for (let rate = from; rate < bad; rate = Math.round(rate * STEP)) {
    const { held, keptUp, measured } = await attempt(rate);
    if (held) good = { rate, measured };
    else {
      bad = rate;
      generatorBound = !keptUp;
    }
  }
  for (let i = 0; i < REFINEMENTS && good !== undefined; i++) {
    const rate: number = Math.round((good.rate + bad) / 2);
    const { held, keptUp, measured } = await attempt(rate);
    if (held) good = { rate, measured };
    else {
      bad = rate;
      generatorBound = !keptUp;
    }
  }
  return { rate: good?.rate ?? 0, at: good?.measured, generatorBound };
}
