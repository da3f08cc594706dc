// `option-data`: names and texts to codes and octets, and which of them a client gets (RFC 8415 §18.3).

import { DEFAULTS } from "../model/limits.ts";
import { INFINITY_SECONDS, type Seconds } from "../model/time.ts";
import { definitionByName, encodeOptionData, encodeRawOption } from "../wire/option-data.ts";
import type { OptionDefinition } from "../wire/options/definition.ts";
import { definitionOf, optionDefinitions } from "../wire/options.ts";
import { type Context, elements } from "./context.ts";
import { CONFIG_LIMITS } from "./limits.ts";
import type { Path } from "./problem.ts";
import type { FileOption } from "./schema.ts";
import type { Scope } from "./scopes.ts";
import { nearest } from "./suggest.ts";
import type { OptionValue } from "./types.ts";

const PREFERENCE = 7;
const INFORMATION_REFRESH_TIME = 32;

/** Names that may stand in the file. */
const CONFIGURABLE = optionDefinitions
  .filter((definition) => definition.configurable === true)
  .map((definition) => definition.name);

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
      for (const [code, value] of this.#ofScope(scope))
        if (!merged.has(code)) merged.set(code, value);
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
      if (scope.path.length > 0)
        context.error(
          "global-only",
          path,
          "the Information Refresh Time is the same on all links",
          "write `information-refresh-time` at the top of the file",
        );
      continue;
    }
    const data = octetsOf(context, value, code, path);
    if (data !== undefined)
      put(context, options, path, { code, data, alwaysSend: value["always-send"] ?? false });
  }
  return options;
}

function put(
  context: Context,
  options: Map<number, OptionValue>,
  path: Path,
  value: OptionValue,
): void {
  const before = options.get(value.code);
  if (before === undefined) {
    options.set(value.code, value);
  } else if (definitionOf(value.code)?.repeatable === true) {
    // several servers are several instances.
    const alwaysSend = before.alwaysSend || value.alwaysSend;
    options.set(value.code, {
      ...before,
      alwaysSend,
      further: [...(before.further ?? []), value.data],
    });
  } else {
    context.error(
      "option-twice",
      path,
      `option ${value.code} stands twice in this list`,
      "give all its values in one `data`",
    );
  }
}

function codeOf(context: Context, option: FileOption, path: Path): number | undefined {
  const named = option.name === undefined ? undefined : definitionByName(option.name)?.code;
  if (option.name !== undefined && named === undefined && option.code === undefined) {
    const near = nearest(option.name, CONFIGURABLE);
    const hint =
      near === undefined
        ? "give its `code`, and `data` in hex with `csv-format: false`"
        : `did you mean \`${near}\`?`;
    context.error(
      "unknown-option",
      [...path, "name"],
      `there is no option \`${option.name}\``,
      hint,
    );
    return undefined;
  }
  if (named !== undefined && option.code !== undefined && named !== option.code) {
    context.error(
      "unknown-option",
      [...path, "code"],
      `\`${option.name}\` has the code ${named}, not ${option.code}`,
      "remove one of the two",
    );
    return undefined;
  }
  const code = named ?? option.code;
  if (code === undefined) {
    if (!context.has([...path, "name"]) && !context.has([...path, "code"]))
      context.error("missing-key", path, "an option needs a `name` or a `code`");
    return undefined;
  }
  const definition = definitionOf(code);
  if (code === PREFERENCE || (definition !== undefined && definition.configurable !== true)) {
    const hint = code === PREFERENCE ? "write `preference: N` beside `option-data`" : "remove it";
    context.error(
      "servers-own-option",
      [...path, option.name === undefined ? "code" : "name"],
      `option ${code} is set by the server itself`,
      hint,
    );
    return undefined;
  }
  return code;
}

function octetsOf(
  context: Context,
  option: FileOption,
  code: number,
  path: Path,
): Uint8Array | undefined {
  if (option.data === undefined && context.has([...path, "data"])) return undefined;
  const definition = definitionOf(code);
  const asText = definition !== undefined && (option["csv-format"] ?? true);
  const value = option.data ?? "";
  const place = option.data === undefined ? path : [...path, "data"];
  if (typeof value === "number" && !(asText && takesNumber(definition))) {
    // YAML has read `0x0a0b` or `0102` as a number already: its digits are lost.
    context.error("bad-option-data", place, "is a number, not a text", "write it in quotes");
    return undefined;
  }
  const encoded = asText
    ? encodeOptionData(code, value)
    : encodeRawOption(code, typeof value === "string" ? value : "?");
  // D-279, D-280: clients ignore a SOL_MAX_RT or INF_MAX_RT out of its range; hex is no way around it.
  const reason = encoded.type === "error" ? encoded.reason : rangeFault(definition, encoded.data);
  if (encoded.type === "option" && reason === undefined) return encoded.data;
  const hint = asText
    ? `${definition.name}: ${definition.help}`
    : "without a definition an option's data is hex: `0a:0b:0c`";
  context.error("bad-option-data", place, reason ?? "is wrong", hint);
  return undefined;
}

function takesNumber(definition: OptionDefinition): boolean {
  return Object.values(definition.fields).every((kind) => /^(u8|u16|u32|seconds)/.test(kind));
}

function rangeFault(
  definition: OptionDefinition | undefined,
  data: Uint8Array,
): string | undefined {
  const range = definition?.range;
  if (range === undefined || (u32(data) >= range[0] && u32(data) <= range[1])) return undefined;
  return `the value must be from ${range[0]} to ${range[1]}`;
}

function u32(data: Uint8Array): number {
  return data.reduce((value, octet) => value * 256 + octet, 0);
}

/** D-178: the Information Refresh Time, from its key or from the global `option-data`. */
export function globalRefreshTime(context: Context): Seconds {
  const key = context.file["information-refresh-time"];
  let given =
    key === undefined ? undefined : { seconds: key, path: ["information-refresh-time"] as Path };
  for (const { value, at } of elements(context.file["option-data"])) {
    const code =
      value.code ?? (value.name === undefined ? undefined : definitionByName(value.name)?.code);
    if (code !== INFORMATION_REFRESH_TIME) continue;
    const path = ["option-data", at];
    const data = octetsOf(context, value, code, path);
    if (given !== undefined)
      context.error(
        "option-twice",
        path,
        "the Information Refresh Time is given twice",
        "keep `information-refresh-time`",
      );
    else if (data !== undefined) given = { seconds: u32(data), path: [...path, "data"] };
  }
  if (given === undefined) return DEFAULTS.informationRefreshSeconds;
  if (given.seconds < CONFIG_LIMITS.refreshTimeSeconds) {
    context.error(
      "out-of-range",
      given.path,
      `an Information Refresh Time of ${given.seconds} s is too short`,
      `give at least ${CONFIG_LIMITS.refreshTimeSeconds} s, or \`infinity\``,
    );
  }
  return Math.min(given.seconds, INFINITY_SECONDS);
}
