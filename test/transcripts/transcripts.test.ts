// Runs each transcript and compares its trace with the file (README.md). `npx vitest run test/transcripts -u` writes them.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { transcribe } from "../support/transcript.ts";

const folder = join(import.meta.dirname, ".");

describe("transcripts of a pair (F-145, F-463, F-472, F-388, T-01, T-03, T-05)", () => {
  for (const name of readdirSync(folder).filter((each) => each.endsWith(".txt"))) {
    it(name.slice(0, -".txt".length).replaceAll("-", " "), async () => {
      const path = join(folder, name);
      await expect(transcribe(readFileSync(path, "utf8"))).toMatchFileSnapshot(path);
    });
  }
});
