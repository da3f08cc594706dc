// `option-data`: names and texts to codes and octets, and which of them a client gets (RFC 8415 §18.3).

import { DEFAULTS } from "../model/limits.ts";
import { INFINITY_SECONDS, type Seconds } from "../model/time.ts";
import { type Context, elements } from "./context.ts";
import { CONFIG_LIMITS } from "./limits.ts";
import { isServersOwn } from "./option-catalogue.ts";
import type { Path } from "./problem.ts";
import type { FileOption } from "./schema.ts";
import type { Scope } from "./scopes.ts";
import { nearest } from "./suggest.ts";
import type { OptionValue } from "./types.ts";

const PREFERENCE = 7;
const INFORMATION_REFRESH_TIME = 32;
const MAX_RETRANSMISSION: readonly number[] = [82, 83];

export type Options = ReadonlyMap<number, OptionValue>;

/** Encodes each scope once and merges them; the nearest wins. */
export class OptionScopes {
  readonly #context: Context;
  readonly #encoded = new Map<object, Options>();

  constructor(context: Context) {
    this.#context = context;
  }

  /** What a client in the innermost scope gets. `scopes` from the nearest to the global one. */
  merged(scopes: readonly Scope[]): Options {
    const merged = new Map<number, OptionValue>();
    for (const scope of scopes) {
      for (const [code, value] of this.#ofScope(scope)) if (!merged.has(code)) merged.set(code, value);
    }
    return merged;
  }

  #ofScope(scope: Scope): Options {
    const known = this.#encoded.get(scope.value);
    if (known !== undefined) return known;
    const options = encodeList(this.#context, scope);
    this.#encoded.set(scope.value, options);
    return options;
  }
}

function encodeList(context: Context, scope: Scope): Options {
  const options = new Map<number, OptionValue>();
  for (const { value, at } of elements(scope.value["option-data"])) {
    const path = [...scope.path, "option-data", at];
    const code = codeOf(context, value, path);
    if (code === undefined) continue;
    if (code === INFORMATION_REFRESH_TIME) {
      // D-179: it stands in answers to INFORMATION-REQUEST only, and those are the same everywhere.
      if (scope.path.length > 0) context.error("global-only", path, "the Information Refresh Time is the same on all links", "write `information-refresh-time` at the top of the file");
      continue;
    }
    const data = octetsOf(context, value, code, path);
    if (data === undefined) continue;
    if (options.has(code)) context.error("option-twice", path, `option ${code} stands twice in this list`, "give all its values in one `data`");
    checkRange(context, code, data, path);
    options.set(code, { code, data, alwaysSend: value["always-send"] ?? false });
  }
  return options;
}

function codeOf(context: Context, option: FileOption, path: Path): number | undefined {
  const { catalogue } = context;
  let code = option.code;
  if (option.name !== undefined) {
    const named = catalogue.codeOf(option.name);
    if (named === undefined && code === undefined) {
      const near = nearest(option.name, catalogue.names);
      context.error("unknown-option", [...path, "name"], `there is no option \`${option.name}\``, near === undefined ? "give its `code`, and `data` in hex with `csv-format: false`" : `did you mean \`${near}\`?`);
      return undefined;
    }
    if (named !== undefined && code !== undefined && named !== code) {
      context.error("unknown-option", [...path, "code"], `\`${option.name}\` has the code ${named}, not ${code}`, "remove one of the two");
      return undefined;
    }
    code = named ?? code;
  }
  if (code === undefined) {
    context.error("missing-key", path, "an option needs a `name` or a `code`");
    return undefined;
  }
  if (isServersOwn(code)) {
    const hint = code === PREFERENCE ? "write `preference: N` beside `option-data`" : "remove it";
    context.error("servers-own-option", [...path, option.name === undefined ? "code" : "name"], `option ${code} is set by the server itself`, hint);
    return undefined;
  }
  return code;
}

function octetsOf(context: Context, option: FileOption, code: number, path: Path): Uint8Array | undefined {
  const place = option.data === undefined ? path : [...path, "data"];
  const text = option.data ?? "";
  if (option["csv-format"] ?? context.catalogue.nameOf(code) !== undefined) {
    const encoded = context.catalogue.encode(code, text);
    if (encoded.type === "data") return encoded.data;
    context.error("bad-option-data", place, encoded.message, encoded.hint);
    return undefined;
  }
  const digits = text.replace(/^0x/i, "").replaceAll(/[:\s]/g, "");
  if (!/^([0-9a-fA-F]{2})*$/.test(digits) || digits.length > 2 * 65_535) {
    context.error("bad-option-data", place, "is not hex digits, two an octet", "without a definition an option's data is hex: `0a:0b:0c`");
    return undefined;
  }
  return Uint8Array.from({ length: digits.length / 2 }, (_, i) => Number.parseInt(digits.slice(i * 2, i * 2 + 2), 16));
}

/** D-279, D-280: clients ignore a SOL_MAX_RT or INF_MAX_RT outside 60 to 86400. */
function checkRange(context: Context, code: number, data: Uint8Array, path: Path): void {
  if (!MAX_RETRANSMISSION.includes(code)) return;
  const { maxRetransmissionLow: low, maxRetransmissionHigh: high } = CONFIG_LIMITS;
  const value = data.length === 4 ? u32(data) : -1;
  if (value >= low && value <= high) return;
  context.error("out-of-range", [...path, "data"], `${code === 82 ? "SOL_MAX_RT" : "INF_MAX_RT"} must be 4 octets with ${low} to ${high} seconds`, `give ${low} to ${high}`);
}

function u32(data: Uint8Array): number {
  return data.reduce((value, octet) => value * 256 + octet, 0);
}

/** D-178: the Information Refresh Time, from its key or from the global `option-data`. */
export function globalRefreshTime(context: Context): Seconds {
  const key = context.file["information-refresh-time"];
  let given = key === undefined ? undefined : { seconds: key, path: ["information-refresh-time"] as Path };
  for (const { value, at } of elements(context.file["option-data"])) {
    const code = value.code ?? (value.name === undefined ? undefined : context.catalogue.codeOf(value.name));
    if (code !== INFORMATION_REFRESH_TIME) continue;
    const path = ["option-data", at];
    const data = octetsOf(context, value, code, path);
    if (given !== undefined) context.error("option-twice", path, "the Information Refresh Time is given twice", "keep `information-refresh-time`");
    else if (data !== undefined) given = { seconds: u32(data), path: [...path, "data"] };
  }
  if (given === undefined) return DEFAULTS.informationRefreshSeconds;
  if (given.seconds < CONFIG_LIMITS.refreshTimeSeconds) {
    context.error("out-of-range", given.path, `an Information Refresh Time of ${given.seconds} s is too short`, `give at least ${CONFIG_LIMITS.refreshTimeSeconds} s, or \`infinity\``);
  }
  return Math.min(given.seconds, INFINITY_SECONDS);
}
