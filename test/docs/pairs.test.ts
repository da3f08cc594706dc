// The examples of pairs: what both servers back up for each other.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ROOT } from "../../tools/netns/command.ts";
import { configFor } from "../support/pair.ts";

const PAIRS = readdirSync(join(ROOT, "examples"))
  .map((name) => ({ name, text: readFileSync(join(ROOT, "examples", name), "utf8") }))
  .filter(({ text }) => /^failover:/m.test(text));

const primaryOf = (text: string) => /primary: (\S+)/.exec(text)?.[1] ?? "";
const secondaryOf = (text: string) => /secondary: (\S+)/.exec(text)?.[1] ?? "";

describe("examples with failover", () => {
  it.each(PAIRS)(
    "$name: both servers have every link, subnet and pool, and all of them in the relationship (R7031-26)",
    ({ text }) => {
      const [primary, secondary] = [primaryOf(text), secondaryOf(text)].map((name) => {
        const { links, relationships } = configFor(name, text);
        expect(relationships).toHaveLength(1);
        expect(links.map((link) => link.relationship)).toEqual(
          links.map(() => relationships[0]?.name),
        );
        return links.map(({ name: link, subnets }) => ({
          link,
          pools: subnets.map(({ prefix, pools, prefixPools }) => ({ prefix, pools, prefixPools })),
        }));
      });
      expect(primary).toEqual(secondary);
      expect(primary?.length).toBe(text.match(/- subnet:/g)?.length);
    },
  );
});
