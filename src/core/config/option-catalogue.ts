// The options that can be given as data: names, codes and how their text becomes octets.

/** Octets, or what is wrong with the text. */
export type Encoded =
  | { readonly type: "data"; readonly data: Uint8Array }
  | { readonly type: "wrong"; readonly message: string; readonly hint?: string | undefined };

export interface OptionCatalogue {
  codeOf(name: string): number | undefined;
  nameOf(code: number): string | undefined;
  readonly names: readonly string[];
  encode(code: number, text: string): Encoded;
}

/** Codes that the server itself sets: identifiers, IAs, status, relay and failover options (extras.md part 15). */
export function isServersOwn(code: number): boolean {
  if (code <= 20 && code !== 10) return true;
  if (code >= 114 && code <= 135) return true;
  return SERVERS_OWN.has(code);
}

const SERVERS_OWN: ReadonlySet<number> = new Set([25, 26, 37, 38, 39, 43, 44, 45, 46, 47, 48, 53, 66, 67, 68, 79, 80, 81, 87, 100, 101, 102, 138]);
