// Runs a command line with a terminal that notes everything.

import { runProgram } from "../../../src/cli/program.ts";
import type { ServeOptions } from "../../../src/cli/serve.ts";

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly notes: string;
  readonly served: readonly ServeOptions[];
}

export interface RunOptions {
  readonly input?: string;
  /** What is typed when something is asked; absent: there is no terminal. */
  readonly typed?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

export async function run(argv: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const out: string[] = [];
  const notes: string[] = [];
  const served: ServeOptions[] = [];
  const terminal = {
    out: (text: string) => void out.push(text),
    note: (text: string) => void notes.push(text),
    readInput: async () => options.input ?? "",
    interactive: options.typed !== undefined,
    ask: async (question: string) => {
      notes.push(question);
      return options.typed ?? "";
    },
    environment: options.environment ?? {},
    hostName: "host.example",
  };
  const code = await runProgram(
    {
      terminal,
      version: "1.2.3",
      serve: async (given) => {
        served.push(given);
        return 0;
      },
    },
    argv,
  );
  return { code, out: out.join("\n"), notes: notes.join("\n"), served };
}
