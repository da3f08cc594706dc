// Loading marked files: `§` in a text is the place where a problem is expected.

import { createHash } from "node:crypto";
import { expect } from "vitest";
import type { LoadOptions, LoadResult } from "../../../../src/core/config/context.ts";
import { loadConfig } from "../../../../src/core/config/load.ts";
import type { Problem } from "../../../../src/core/config/problem.ts";
import type { CompiledConfig } from "../../../../src/core/config/types.ts";

export const sha256 = (bytes: Uint8Array): Uint8Array =>
  new Uint8Array(createHash("sha256").update(bytes).digest());

export function load(text: string, options: Partial<LoadOptions> = {}): LoadResult {
  return loadConfig(text, { hostName: "a", fileName: "tandem.yaml", sha256, ...options });
}

/** The configuration of a sound file. */
export function compiled(text: string, options: Partial<LoadOptions> = {}): CompiledConfig {
  const { config, problems } = load(text, options);
  expect(problems.filter((problem) => problem.severity === "error")).toEqual([]);
  if (config === undefined) throw new Error("assertion failed: a file without errors compiles");
  return config;
}

/** The problem of the code, which stands at the mark; the only error of the file if it is one. */
export function problemAt(
  marked: string,
  code: string,
  options: Partial<LoadOptions> = {},
): Problem {
  const mark = marked.indexOf("§");
  const text = marked.replace("§", "");
  const before = marked.slice(0, mark);
  const line = before.split("\n").length;
  const column = mark - before.lastIndexOf("\n");
  const { config, problems } = load(text, options);
  const found = problems.find((problem) => problem.code === code);
  if (found === undefined) {
    throw new Error(
      `expected a problem \`${code}\`; found ${JSON.stringify(problems.map((problem) => [problem.code, problem.line, problem.column, problem.message]))}`,
    );
  }
  expect({ line: found.line, column: found.column }).toEqual({ line, column });
  if (found.severity === "error") {
    const errors = problems.filter((problem) => problem.severity === "error");
    expect(errors.map((problem) => problem.code)).toEqual([code]);
    expect(config).toBeUndefined();
  } else {
    expect(config).toBeDefined();
  }
  return found;
}

/** A pair without TLS and the rest of a file; `more` goes into its relationship, one key a line. */
export function pair(rest: string, more: readonly string[] = []): string {
  return [
    "failover:",
    "  relationships:",
    "    - name: campus",
    "      primary: a",
    "      secondary: b",
    "      security: plain",
    ...more.map((line) => `      ${line}`),
    "servers:",
    '  a: { address: "2001:db8:ffff::1" }',
    '  b: { address: "2001:db8:ffff::2" }',
    rest,
  ].join("\n");
}

/** One subnet with a pool. */
export const SUBNET = `subnet6:
  - subnet: 2001:db8:1::/64
    pools:
      - pool: 2001:db8:1::1000 - 2001:db8:1::1fff
`;
