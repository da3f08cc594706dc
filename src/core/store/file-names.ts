// The names of the store's files: a kind and a number that only grows. No name is used twice in a store's life.

export type StoreFile =
  | { readonly kind: "segment"; readonly id: number }
  | { readonly kind: "snapshot"; readonly id: number }
  | { readonly kind: "unfinished"; readonly id: number };

/** Where `head.ts` writes. */
export const HEAD_NAME = "head";

const DIGITS = 16;
/** No store comes near: a number beyond was made up. */
const MOST = 1e15;

export function segmentName(id: number): string {
  return `log-${String(id).padStart(DIGITS, "0")}`;
}

export function snapshotName(id: number): string {
  return `snapshot-${String(id).padStart(DIGITS, "0")}`;
}

/** A snapshot that is being written: no part of the store until it is published. */
export function unfinishedName(id: number): string {
  return `${snapshotName(id)}.tmp`;
}

/** Undefined for a file that is not the store's; it is left alone. */
export function parseFileName(name: string): StoreFile | undefined {
  const match = /^(log|snapshot)-(\d{16})(\.tmp)?$/.exec(name);
  if (match === null) return undefined;
  const id = Number(match[2]);
  if (id >= MOST) return undefined;
  if (match[1] === "log") return match[3] === undefined ? { kind: "segment", id } : undefined;
  return { kind: match[3] === undefined ? "snapshot" : "unfinished", id };
}
