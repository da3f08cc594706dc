// The command line of the kill test.

import { parseArgs } from "node:util";
import { PLAN } from "./plan.ts";
import { VARIANTS } from "./variants.ts";

export interface Asked {
  /** What is played, by name, in this order. */
  readonly runs: readonly string[];
  readonly clients: number;
  readonly real: boolean;
  readonly lanes: number;
  readonly keep: boolean;
  /** Nothing is left out or made smaller: all of it must be shown. */
  readonly whole: boolean;
}

const USAGE = `Usage: npm run e2e:kills [-- options]

Kills servers of a pair under load, cuts links, gives partner-down wrongly, and judges what clients saw from captures.
Without options it plays the whole plan, ${PLAN.length} runs with 500 generated clients and one of each real client (MCLT 60 s,
valid 180 s), several at once, in about 20 minutes. Needs root, tcpdump and the four clients.

  --only NAME,NAME  these variants, once each, in place of the plan
  --runs N          N runs, from the beginning of the plan or of --only, again from there when it is at its end
  --clients N       generated clients in each run (500)
  --short           short times (MCLT 8 s) and no real clients
  --lanes N         runs at a time, each in namespaces of its own (8)
  --keep            keeps the files of runs without a fault too
  --help            this text

Variants: ${lines(VARIANTS.map(({ name }) => name))}

Example: npm run e2e:kills -- --short --only kill-primary,split --lanes 2

Exit code: 0 when every run was without a fault and, without options, the plan showed all that it must; 1 when not;
2 when the options are wrong.`;

function lines(names: readonly string[]): string {
  return names.map((name, i) => (i > 0 && i % 4 === 0 ? `\n  ${name}` : name)).join(", ");
}

/** What to do; a text to print instead of doing it. */
export function readOptions(
  args: readonly string[],
): Asked | { readonly text: string; readonly code: 0 | 2 } {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        only: { type: "string" },
        runs: { type: "string" },
        clients: { type: "string", default: "500" },
        short: { type: "boolean", default: false },
        lanes: { type: "string", default: "8" },
        keep: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    });
    if (values.help) return { text: USAGE, code: 0 };
    const names = values.only === undefined ? PLAN : values.only.split(",").map(knownName);
    const count =
      values.runs === undefined ? names.length : number("--runs", values.runs, 1, 1_000);
    const clients = number("--clients", values.clients, 20, 5_000);
    const lanes = number("--lanes", values.lanes, 1, 50);
    const runs = Array.from({ length: count }, (_, i) => names[i % names.length] as string);
    const whole =
      values.only === undefined && values.runs === undefined && !values.short && clients >= 500;
    return { runs, clients, lanes, real: !values.short, keep: values.keep, whole };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { text: `e2e:kills: ${why}\nnpm run e2e:kills -- --help lists the options`, code: 2 };
  }
}

function knownName(name: string): string {
  if (VARIANTS.some((variant) => variant.name === name)) return name;
  const names = VARIANTS.map((variant) => variant.name).join(", ");
  throw new Error(`--only: there is no variant "${name}"; there are ${names}`);
}

function number(option: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new Error(`${option}: "${text}" is no whole number from ${least} to ${most}`);
}
