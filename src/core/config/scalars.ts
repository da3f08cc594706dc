// The words and numbers of the configuration file: each reads one YAML scalar and says what is wrong with it.

import { z } from "zod";
import { type Duid, parseDuid } from "../model/duid.ts";
import {
  formatPrefix,
  type Ipv6Address,
  ipv6FromBigint,
  ipv6ToBigint,
  maskTo,
  type Prefix,
  parseIpv6,
  parsePrefix,
} from "../model/ipv6.ts";
import { hexOf } from "../model/octets.ts";
import { INFINITY_SECONDS, type Millis, type Seconds } from "../model/time.ts";
import type { OptionInput } from "../wire/fields/kinds.ts";
import { utf8Encode } from "../wire/utf8.ts";
import { CONFIG_LIMITS } from "./limits.ts";
import type { AddressPool } from "./types.ts";

/** Why a value was refused, and what would be right. */
export class Wrong {
  readonly message: string;
  readonly hint: string | undefined;
  constructor(message: string, hint?: string) {
    this.message = message;
    this.hint = hint;
  }
}

/** A zod schema from a reading function; `type` is the word for it in the manual. */
function scalar<T>(type: string, read: (input: unknown) => T | Wrong) {
  return z
    .unknown()
    .transform((input, context): T => {
      const result =
        input === null ? new Wrong("is empty", `give ${type}, or remove the key`) : read(input);
      if (!(result instanceof Wrong)) return result;
      context.issues.push({
        code: "custom",
        input,
        message: result.message,
        params: { hint: result.hint },
      });
      return z.NEVER;
    })
    .meta({ type });
}

/** A text; `test` says what is wrong with it. */
function text<T>(type: string, read: (input: string) => T | Wrong) {
  return scalar(type, (input) =>
    typeof input === "string" ? read(input) : new Wrong(notA(type, input), quoteHint(input)),
  );
}

function notA(type: string, input: unknown): string {
  return `is ${kindOf(input)}, not ${type}`;
}

function quoteHint(input: unknown): string | undefined {
  return typeof input === "number" || typeof input === "boolean" ? "write it in quotes" : undefined;
}

/** What a value is, in words. */
export function kindOf(input: unknown): string {
  if (input === null || input === undefined) return "empty";
  if (Array.isArray(input)) return "a list";
  if (typeof input === "object") return "a map";
  if (typeof input === "boolean") return `\`${input}\``;
  return typeof input === "number" ? "a number" : "a text";
}

export const flag = scalar("true or false", (input) =>
  typeof input === "boolean" ? input : new Wrong(`is ${kindOf(input)}, not true or false`),
);

/** A whole number from `low` to `high`. */
export function whole(low: number, high: number) {
  const type = `a whole number from ${low} to ${high}`;
  return scalar(type, (input) => {
    if (typeof input !== "number" || !Number.isInteger(input)) return new Wrong(notA(type, input));
    return input >= low && input <= high
      ? input
      : new Wrong(`${input} is out of range`, `give ${type}`);
  });
}

/** One of a few words. */
export function word<const W extends string>(...words: readonly W[]) {
  const type = words.map((w) => `\`${w}\``).join(" or ");
  return scalar(
    type,
    (input) => words.find((w) => w === input) ?? new Wrong(`is ${shown(input)}, not ${type}`),
  );
}

function shown(input: unknown): string {
  return typeof input === "string" ? `\`${input.slice(0, 40)}\`` : kindOf(input);
}

/** A name of a server, relationship or shared network. */
export const name = text("a name", (input) =>
  isName(input)
    ? input
    : new Wrong("is no name", "a name has 1 to 63 letters, digits, `.`, `_` and `-`"),
);

/** F-001, R7031-01: a relationship has one primary and one secondary; a list of them is refused. */
export const partnerName = scalar("a server's name", (input) => {
  if (Array.isArray(input))
    return new Wrong(
      "is a list: a relationship has exactly two servers",
      "give one name; more pairs are more relationships",
    );
  return typeof input === "string"
    ? input
    : new Wrong(notA("a server's name", input), quoteHint(input));
});

/** Whether a text can name a server, a relationship or a shared network. */
export function isName(input: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(input);
}

export const path = text("a path", (input) => {
  const sound = input.length > 0 && input.length <= 4_096 && !input.includes("\0");
  return sound ? input : new Wrong("is no path");
});

/** Linux: at most 15 octets, no slash, no white space. */
export const interfaceName = text("an interface name", (input) => {
  if (input === "*")
    return new Wrong("every interface at once is not offered", "list the interfaces");
  if (input.includes("/"))
    return new Wrong(
      "an interface has no address here",
      "list addresses of this server under `unicast`",
    );
  const sound = /^[^\s/:]+$/.test(input) && input.length <= CONFIG_LIMITS.interfaceName;
  return sound
    ? input
    : new Wrong("is no interface name", "a name has 1 to 15 characters, like `eth0`");
});

export const plainText = text("a text", (input) =>
  input.includes("\0") ? new Wrong("has a NUL octet in it") : input,
);

/** Text, or a number or truth value that is meant as text. */
export const optionValue = scalar("a text, or a list of values", readOptionValue);

/** Values of an option: texts with commas between them, numbers, lists, and options within options. */
function readOptionValue(input: unknown): OptionInput | Wrong {
  if (typeof input === "string" || typeof input === "number" || typeof input === "boolean")
    return input;
  if (Array.isArray(input)) {
    const values = input.map(readOptionValue);
    return values.find((value) => value instanceof Wrong) ?? (values as OptionInput[]);
  }
  if (typeof input !== "object" || input === null)
    return new Wrong(`is ${kindOf(input)}, not a value`);
  const { name: optionName, code, data, ...rest } = input as Record<string, unknown>;
  const value = readOptionValue(data);
  if (value instanceof Wrong) return value;
  const sound =
    Object.keys(rest).length === 0 && (typeof optionName === "string" || typeof code === "number");
  if (!sound)
    return new Wrong("is no option", "an option within an option has `name` or `code`, and `data`");
  return {
    ...(typeof optionName === "string" ? { name: optionName } : {}),
    ...(typeof code === "number" ? { code } : {}),
    data: value,
  };
}

export const address = text(
  "an IPv6 address",
  (input): Ipv6Address | Wrong => parseIpv6(input) ?? notAddress(input),
);

function notAddress(input: string): Wrong {
  if (input.includes("%")) return new Wrong("has a zone (%…), which is not allowed here");
  if (/^\d+\.\d+\.\d+\.\d+$/.test(input))
    return new Wrong("is an IPv4 address", "DHCPv6 needs an IPv6 address");
  return new Wrong(`${shown(input)} is no IPv6 address`, "an address looks like `2001:db8::1`");
}

export const prefix = text("an IPv6 prefix", readPrefix);

function readPrefix(input: string): Prefix | Wrong {
  const parsed = parsePrefix(input.trim());
  if (parsed !== undefined) return parsed;
  const [head = "", tail] = input.trim().split("/");
  const base = parseIpv6(head);
  const length = Number(tail);
  if (base === undefined)
    return new Wrong(`${shown(input)} is no IPv6 prefix`, "a prefix looks like `2001:db8:1::/64`");
  if (tail === undefined || tail === "") return new Wrong("has no length", `write \`${head}/64\``);
  if (!/^\d{1,3}$/.test(tail) || length > 128)
    return new Wrong("has a length that is not 0 to 128");
  return new Wrong(
    "has bits set beyond its length",
    `write \`${formatPrefix({ address: maskTo(base, length), length })}\``,
  );
}

/** `2001:db8::`, or with its length `2001:db8::/48`. */
export const prefixStart = text(
  "an IPv6 prefix",
  (input): { address: Ipv6Address; length: number | undefined } | Wrong => {
    if (input.includes("/")) return readPrefix(input);
    const parsed = parseIpv6(input.trim());
    return parsed === undefined ? notAddress(input) : { address: parsed, length: undefined };
  },
);

/** `first - last`, a prefix, or (where `single`) one address. */
export function addressRange(single: boolean) {
  return text(
    single ? "an address, a range or a prefix" : "`first - last` or a prefix",
    (input): AddressPool | Wrong => {
      if (input.includes("/")) {
        const parsed = readPrefix(input);
        return parsed instanceof Wrong ? parsed : rangeOfPrefix(parsed);
      }
      const ends = input.split("-").map((end) => parseIpv6(end.trim()));
      const [first, last] = ends;
      if (single && ends.length === 1 && first !== undefined) return { first, last: first };
      if (ends.length !== 2 || first === undefined || last === undefined) {
        return new Wrong(
          `${shown(input)} is no range`,
          "write `2001:db8:1::1000 - 2001:db8:1::1fff` or a prefix",
        );
      }
      return first <= last
        ? { first, last }
        : new Wrong("ends before it begins", "swap the two addresses");
    },
  );
}

/** First and last address of a prefix. */
function rangeOfPrefix(value: Prefix): AddressPool {
  const size = 1n << BigInt(128 - value.length);
  return { first: value.address, last: ipv6FromBigint(ipv6ToBigint(value.address) + size - 1n) };
}

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

function readMillis(input: unknown): Millis | Wrong {
  const help = "give seconds, or a number with `ms`, `s`, `m`, `h`, `d` or `w`, like `90s`";
  if (typeof input === "number")
    return Number.isFinite(input) && input >= 0
      ? Math.round(input * 1_000)
      : new Wrong("is no time", help);
  if (typeof input !== "string") return new Wrong(`is ${kindOf(input)}, not a time`, help);
  const match = /^(\d{1,12}(?:\.\d{1,3})?) ?(ms|s|m|h|d|w)?$/.exec(input.trim());
  if (match === null) return new Wrong(`${shown(input)} is no time`, help);
  return Math.round(Number(match[1]) * (UNITS[match[2] ?? "s"] as number));
}

/** Milliseconds, above 0. */
export const duration = scalar("a time", (input): Millis | Wrong => {
  const millis = readMillis(input);
  if (millis instanceof Wrong) return millis;
  if (millis === 0) return new Wrong("is zero");
  return millis < 2 ** 31 * 1_000 ? millis : new Wrong("is more than 68 years");
});

/** A duration, or `off`. */
export const durationOrOff = scalar("a time, or `off`", (input): Millis | "off" | Wrong => {
  if (input === "off" || input === false) return "off";
  return readPositive(input);
});

function readPositive(input: unknown): Millis | Wrong {
  const millis = readMillis(input);
  return millis === 0 ? new Wrong("is zero") : millis;
}

/** Whole seconds, above 0. */
export const seconds = scalar("a time in whole seconds", (input): Seconds | Wrong => {
  const read = readSeconds(input);
  return read === INFINITY_SECONDS ? new Wrong("is more than 68 years") : read;
});

/** Whole seconds, above 0, or `infinity` (RFC 8415 §7.7: 0xffffffff). */
export const lifetime = scalar("a time in whole seconds, or `infinity`", (input) =>
  input === "infinity" ? INFINITY_SECONDS : readSeconds(input),
);

function readSeconds(input: unknown): Seconds | Wrong {
  if (input === INFINITY_SECONDS) return INFINITY_SECONDS;
  const millis = readPositive(input);
  if (millis instanceof Wrong) return millis;
  if (millis % 1_000 !== 0) return new Wrong("is not a whole number of seconds");
  return millis < 2 ** 31 * 1_000
    ? millis / 1_000
    : new Wrong("is more than 68 years", "the longest is 2147483647 seconds, or `infinity`");
}

export const duid = text(
  "a DUID",
  (input): Duid | Wrong =>
    parseDuid(input) ??
    new Wrong("is no DUID", "a DUID is 3 to 130 octets in hex, like `00:04:5a:…`"),
);

/** SHA-256 in hex, with or without colons and a leading `sha256:`; lower case without colons. */
export const fingerprint = text("a SHA-256 fingerprint", (input) => {
  const digits = input
    .replace(/^sha-?256[:=]?/i, "")
    .replaceAll(":", "")
    .toLowerCase();
  return /^[0-9a-f]{64}$/.test(digits)
    ? digits
    : new Wrong("is no SHA-256 fingerprint", "it has 64 hex digits");
});

/** `[2001:db8::1]:547` or an address alone (port 547). */
export const addressAndPort = text("an IPv6 address with or without a port", (input) => {
  const match = /^\[([^\]]*)\](?::(\d{1,5}))?$/.exec(input.trim());
  const parsed = parseIpv6(match === null ? input.trim() : (match[1] as string));
  const port = match?.[2] === undefined ? 547 : Number(match[2]);
  if (parsed === undefined)
    return new Wrong(`${shown(input)} is no address`, "write `[2001:db8::1]:547` or `2001:db8::1`");
  return port >= 1 && port <= 65_535
    ? { address: parsed, port }
    : new Wrong("has a port that is not 1 to 65535");
});

/** D-190: an opaque value, as text or as `0x` and hex digits; hex without colons. */
export const interfaceId = text("an Interface-Id", (input) => {
  if (!/^0x/i.test(input)) return input === "" ? new Wrong("is empty") : hexOf(utf8Encode(input));
  const digits = input.slice(2).replaceAll(":", "").toLowerCase();
  return /^([0-9a-f]{2})+$/.test(digits) ? digits : new Wrong("is no hex after `0x`");
});
