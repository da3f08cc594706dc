// The options that can be given as data.

import { ipv6ToBytes, parseIpv6 } from "../model/ipv6.ts";
import type { Encoded, OptionCatalogue } from "./option-catalogue.ts";
import { utf8 } from "./scalars.ts";

type Kind = "addresses" | "names" | "u32" | "text";

const OPTIONS: Readonly<Record<string, readonly [code: number, kind: Kind]>> = {
  "dns-servers": [23, "addresses"],
  "domain-search": [24, "names"],
  "sntp-servers": [31, "addresses"],
  "information-refresh-time": [32, "u32"],
  "bootfile-url": [59, "text"],
  "solmax-rt": [82, "u32"],
  "inf-max-rt": [83, "u32"],
};

const BY_CODE = new Map(Object.entries(OPTIONS).map(([name, [code, kind]]) => [code, { name, kind }]));

export const optionCatalogue: OptionCatalogue = {
  names: Object.keys(OPTIONS),
  codeOf: (name) => (Object.hasOwn(OPTIONS, name) ? OPTIONS[name]?.[0] : undefined),
  nameOf: (code) => BY_CODE.get(code)?.name,
  encode: (code, text) => {
    const data = encode(BY_CODE.get(code)?.kind, text);
    return data === undefined ? wrong(BY_CODE.get(code)?.kind) : { type: "data", data };
  },
};

function wrong(kind: Kind | undefined): Encoded {
  return { type: "wrong", message: `is not ${kind ?? "known"}` };
}

function encode(kind: Kind | undefined, text: string): Uint8Array | undefined {
  const parts = text.split(",").map((part) => part.trim());
  if (kind === "addresses") {
    const bytes = new Uint8Array(parts.length * 16);
    for (const [i, part] of parts.entries()) {
      const address = parseIpv6(part);
      if (address === undefined) return undefined;
      ipv6ToBytes(address, bytes, i * 16);
    }
    return bytes;
  }
  if (kind === "names") {
    const octets = parts.flatMap((part) => [...part.replace(/\.$/, "").split("."), ""].flatMap((label) => [label.length, ...utf8(label)]));
    return Uint8Array.from(octets);
  }
  if (kind === "u32") {
    const value = Number(text);
    if (!/^\d{1,10}$/.test(text) || value > 0xffffffff) return undefined;
    return Uint8Array.from([value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255]);
  }
  return kind === "text" ? utf8(text) : undefined;
}
