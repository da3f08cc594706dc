// A disk that rots: one file of it is cut short, loses a bit, or is gone.

import type { SimDisk } from "./disk.ts";
import type { Prng } from "./prng.ts";

/** Damages one file; says how. */
export function damage(disk: SimDisk, prng: Prng): string {
  const image = new Map(disk.image());
  const file = prng.pick([...image.keys(), ""]);
  const bytes = image.get(file);
  if (bytes === undefined || bytes.length === 0) return "nothing";
  const kind = file.split("-")[0] ?? file;
  const how = prng.pick(["cut", "cut", "flipped", "gone"] as const);
  // Where something is: the zeros behind the last group are many.
  let place = prng.below(bytes.length);
  while (place > 0 && bytes[place] === 0) place = prng.below(place);
  if (how === "gone") image.delete(file);
  else if (how === "cut") image.set(file, bytes.slice(0, place));
  else bytes[place] = (bytes[place] as number) ^ (1 << prng.below(8));
  disk.restore(image);
  return `${kind} ${how}`;
}
