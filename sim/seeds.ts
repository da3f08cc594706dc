// Reads and writes the list of worlds that once failed.

export interface KeptSeed {
  readonly seed: number;
  readonly single: boolean;
  readonly about: string;
}

/** One world a line: seed, "single" or "pair", what it was about.
 * @testonly */
export function parseSeeds(text: string): readonly KeptSeed[] {
  const lines = text.split("\n").map((line) => line.replace(/#.*/, "").trim());
  return lines
    .filter((line) => line !== "")
    .map((line) => {
      const [seed, kind, ...about] = line.split(/\s+/);
      if (!/^\d+$/.test(seed ?? "") || (kind !== "pair" && kind !== "single")) {
        throw new Error(`sim/seeds.txt: "${line}" is no seed`);
      }
      return { seed: Number(seed), single: kind === "single", about: about.join(" ") };
    });
}

export function formatSeed({ about, seed, single }: KeptSeed): string {
  return `${String(seed).padStart(10)} ${single ? "single" : "pair  "} ${about}`;
}
