// What a command writes to and asks; tests put their own in its place.

import { createInterface } from "node:readline/promises";

export interface Terminal {
  /** Results, to standard output. */
  out(text: string): void;
  /** Messages to the person, to standard error. */
  note(text: string): void;
  /** All of standard input. */
  readInput(): Promise<string>;
  /** Whether somebody can be asked. */
  readonly interactive: boolean;
  /** An answer in words; only when `interactive`. */
  ask(question: string): Promise<string>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly hostName: string;
}

/** Whoever read has enough, as `head` does: no error, and nobody to write for. */
function readerGone(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") throw error;
  process.exit();
}

/** The terminal of this process. */
export function processTerminal(hostName: string): Terminal {
  return {
    out(text) {
      if (process.stdout.listenerCount("error", readerGone) === 0)
        process.stdout.on("error", readerGone);
      process.stdout.write(`${text}\n`);
    },
    note: (text) => void process.stderr.write(`${text}\n`),
    async readInput() {
      let text = "";
      process.stdin.setEncoding("utf8");
      for await (const chunk of process.stdin) text += chunk as string;
      return text;
    },
    interactive: process.stdin.isTTY === true && process.stderr.isTTY === true,
    async ask(question) {
      const lines = createInterface({ input: process.stdin, output: process.stderr });
      try {
        return await lines.question(question);
      } finally {
        lines.close();
      }
    },
    environment: process.env,
    hostName,
  };
}
