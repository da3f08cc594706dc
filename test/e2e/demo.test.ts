// The demo tells the truth by its exit code: run as everybody runs it, and on loopback as without root.

import { spawn } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "../../tools/netns/command.ts";
import { missing } from "./stage.ts";

function demo(...options: readonly string[]): Promise<{ code: number | null; text: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [join(ROOT, "dist/tools/demo.js"), ...options]);
    let text = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (bytes: Buffer) => {
        text += bytes.toString();
      });
    }
    child.on("close", (code) => resolve({ code, text }));
  });
}

const SUMMARY = [
  /ok {3}[1-9]\d* renewals that fell due after the kill were given by the secondary/,
  /ok {3}[1-9]\d* and [1-9]\d* new grants by the two sides/,
  /ok {3}0 addresses or prefixes with two holders/,
  /ok {3}0 leases that a client lost or had to change/,
];

const reason = missing("tcpdump");
if (reason !== undefined) console.log(`skipped: the demo in namespaces: ${reason}`);

const inNamespaces = reason === undefined ? test.concurrent : test.skip;
inNamespaces("R7031-06 R7031-07: the demo in namespaces shows takeover and return", async () => {
  const { code, text } = await demo();
  for (const line of SUMMARY) expect(text).toMatch(line);
  expect(code, text).toBe(0);
});

test.concurrent("R7031-06 R7031-07: the demo on loopback shows takeover and return", async () => {
  const { code, text } = await demo("--loopback");
  for (const line of SUMMARY) expect(text).toMatch(line);
  expect(code, text).toBe(0);
});
