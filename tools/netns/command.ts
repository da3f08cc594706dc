// Runs the system's network commands for the namespaces: synchronous, they take milliseconds.

import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const SEARCH = `${process.env.PATH ?? ""}${delimiter}/usr/sbin${delimiter}/sbin`;

/** The package's folder, whether this runs from its source or from a bundle. */
export const ROOT = findRoot(dirname(fileURLToPath(import.meta.url)));

function findRoot(folder: string): string {
  if (existsSync(join(folder, "package.json"))) return folder;
  if (dirname(folder) === folder) throw new Error("the package's folder was not found");
  return findRoot(dirname(folder));
}

/** Runs a command and returns its output; throws with the command line and what it printed. */
export function run(command: string, ...args: readonly string[]): string {
  const result = spawnSync(command, args, {
    encoding: "utf8",
    env: { ...process.env, PATH: SEARCH },
    timeout: 20_000,
  });
  if (result.error !== undefined || result.status !== 0) {
    const why = result.error?.message ?? `${result.stderr}${result.stdout}`.trim();
    throw new Error(`${command} ${args.join(" ")}: ${why}`);
  }
  return result.stdout;
}

/** The same, but a failure is an answer: undefined. */
export function attempt(command: string, ...args: readonly string[]): string | undefined {
  const result = spawnSync(command, args, {
    encoding: "utf8",
    env: { ...process.env, PATH: SEARCH },
    timeout: 20_000,
  });
  return result.status === 0 ? result.stdout : undefined;
}

/** The path of an installed program, looked for in PATH and in the sbin folders; undefined when absent. */
export function program(name: string): string | undefined {
  for (const folder of SEARCH.split(delimiter)) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not in this folder: the next one.
    }
  }
  return undefined;
}

/** Waits without holding up the event loop. */
export function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });
}

/** Asks again until the answer is defined; throws with `what` after `limit` milliseconds. */
export async function until<T>(
  what: string,
  limit: number,
  ask: () => T | undefined | Promise<T | undefined>,
  pause = 50,
): Promise<T> {
  const end = Date.now() + limit;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > end) throw new Error(`waited ${limit} ms for: ${what}`);
    await sleep(pause);
  }
}
