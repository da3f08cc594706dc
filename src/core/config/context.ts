// What the cross-checks share: the sound parts of the file, the server's identity and where to report.

import type { Path, Problem } from "./problem.ts";
import type { FileConfig } from "./schema.ts";
import type { CompiledConfig } from "./types.ts";

export interface LoadOptions {
  /** `--server NAME`; without it the host name says which server this is. */
  readonly serverName?: string | undefined;
  readonly hostName: string;
  readonly fileName: string;
  readonly sha256: (bytes: Uint8Array) => Uint8Array;
  /** SHA-256 (64 hex digits) of the certificate in a PEM file; undefined where there is none. */
  readonly readFingerprint?: ((path: string) => string | undefined) | undefined;
}

export interface LoadResult {
  /** Absent when there is an error. */
  readonly config?: CompiledConfig;
  readonly problems: readonly Problem[];
}

/** The value at a path, or its key. */
export type Place = Path | { readonly key: Path };

export interface Context {
  readonly file: FileConfig;
  readonly options: LoadOptions;
  /** `testing: allow-short-times`. */
  readonly shortTimes: boolean;
  error(code: string, place: Place, message: string, hint?: string): void;
  warn(code: string, place: Place, message: string, hint?: string): void;
  /** Whether the file has this key: what is absent here and stands in the file was refused and reported. */
  has(path: Path): boolean;
}

/** The elements of a list that survived the first pass, with their places in the file. */
export function elements<T>(
  list: readonly (T | undefined)[] | undefined,
): readonly { readonly value: T; readonly at: number }[] {
  return (list ?? []).flatMap((value, at) => (value === undefined ? [] : [{ value, at }]));
}
