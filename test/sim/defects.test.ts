// The seeded defects stay applicable: each snippet stands exactly once in the source it breaks (npm run sim:defects
// shows that the simulator finds them).

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { DEFECTS } from "../../sim/defects/list.ts";

const source = (file: string) =>
  readFileSync(fileURLToPath(new URL(`../../${file}`, import.meta.url)), "utf8").replaceAll(
    /\s/g,
    "",
  );

describe("seeded defects", () => {
  it("have names of their own", () => {
    expect(new Set(DEFECTS.map((defect) => defect.name)).size).toBe(DEFECTS.length);
  });

  for (const { file, find, name } of DEFECTS) {
    it(`${name} has its place`, () => {
      expect(source(file).split(find.replaceAll(/\s/g, ""))).toHaveLength(2);
    });
  }
});
