// What is encoded decodes to the same value, and what decodes encodes to the same octets.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ByteWriter } from "../../src/core/wire/cursor.ts";
import { DecodeError } from "../../src/core/wire/decode-error.ts";
import {
  partialNameFault,
  partialNameText,
  wireLabels,
  wireName,
} from "../../src/core/wire/domain-name.ts";
import {
  decodeFailoverMessage,
  encodeFailoverMessage,
} from "../../src/core/wire/failover-messages.ts";
import { Inputs, type Kind } from "../../src/core/wire/fields/kinds.ts";
import { decodeMessage, encodeMessage } from "../../src/core/wire/messages.ts";
import {
  codecOf,
  decodeOptions,
  encodeOptions,
  type Option,
  optionDefinitions,
} from "../../src/core/wire/options.ts";
import { utf8Decode, utf8Encode } from "../../src/core/wire/utf8.ts";
import { domainName, failoverMessage, message, octets, optionOf } from "./wire-arbitraries.ts";

function encoded(options: readonly Option[]): Uint8Array {
  const out = new ByteWriter();
  encodeOptions(out, options);
  return out.finish();
}

describe("every option of the table", () => {
  for (const definition of optionDefinitions) {
    it(`${definition.type} (${definition.code}) comes back as it went`, () => {
      fc.assert(
        fc.property(optionOf(definition, 3), (option) => {
          expect(decodeOptions(encoded([option]))).toEqual([option]);
        }),
        { numRuns: 60 },
      );
    });
  }

  // covers D-255, D-256, D-257, D-258, D-259, D-260, D-261, D-262, D-263, D-266, D-267, D-268, D-269, D-272, D-273,
  // D-274, D-275, D-276, D-278, D-282, X-162, X-174, X-176, X-249, F-139
  it("encodes any data that it was decoded from to the same octets, malformed data too", () => {
    const masked = new Set([
      "IAPREFIX",
      ...optionDefinitions
        .filter((each) => Object.values(each.fields).includes("prefix6"))
        .map((each) => each.type),
    ]);
    const exact = optionDefinitions.filter(
      (each) => !masked.has(each.type) && !Object.values(each.fields).includes("options"),
    );
    fc.assert(
      fc.property(fc.constantFrom(...exact), octets(0, 80), (definition, data) => {
        const bytes = Uint8Array.from([
          definition.code >> 8,
          definition.code & 0xff,
          0,
          data.length,
          ...data,
        ]);
        expect(encoded(decodeOptions(bytes))).toEqual(bytes);
      }),
      { numRuns: 3000 },
    );
  });

  it("D-277: only bits beyond a prefix length are lost on the way", () => {
    const data = [
      ...new Array<number>(8).fill(9),
      60,
      0x20,
      1,
      0xd,
      0xb8,
      0,
      0,
      0xff,
      0xff,
      ...new Array<number>(8).fill(255),
    ];
    const bytes = Uint8Array.from([0, 26, 0, data.length, ...data]);
    const again = encoded(decodeOptions(bytes));
    expect(Array.from(again.subarray(4 + 9))).toEqual([
      0x20, 1, 0xd, 0xb8, 0, 0, 0xff, 0xf0, 0, 0, 0, 0, 0, 0, 0, 0,
    ]);
    expect(again.subarray(0, 13)).toEqual(bytes.subarray(0, 13));
  });
});

describe("messages", () => {
  // covers D-010, D-012, D-017, D-019: order, unknown options and repeated options are kept
  it("client and server messages come back as they went", () => {
    fc.assert(
      fc.property(message, (value) => {
        expect(decodeMessage(encodeMessage(value))).toEqual(value);
      }),
      { numRuns: 500 },
    );
  });

  // covers F-074, F-078, F-079, F-081, F-082, F-083, F-084, F-085, F-086, F-087, F-088, F-089, F-090, F-091, F-092
  it("failover messages come back as they went", () => {
    fc.assert(
      fc.property(failoverMessage, (value) => {
        expect(decodeFailoverMessage(encodeFailoverMessage(value))).toEqual(value);
      }),
      { numRuns: 500 },
    );
  });
});

describe("texts", () => {
  it("UTF-8 is that of the platform, sound or not", () => {
    const platform = (bytes: Uint8Array): string | undefined => {
      try {
        return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
      } catch {
        return undefined;
      }
    };
    fc.assert(
      fc.property(
        fc.oneof(
          octets(0, 12),
          fc.string({ unit: "binary" }).map((text) => new TextEncoder().encode(text)),
        ),
        (bytes) => {
          expect(utf8Decode(bytes)).toBe(platform(bytes));
        },
      ),
      { numRuns: 3000 },
    );
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (value) => {
        expect(Array.from(utf8Encode(value))).toEqual(Array.from(new TextEncoder().encode(value)));
      }),
    );
  });

  it("D-023: a name's text and its labels say the same", () => {
    fc.assert(
      fc.property(domainName, (name) => {
        const wire = wireName(name) as Uint8Array;
        expect(partialNameFault(wire, 0, wire.length)).toBeUndefined();
        expect(partialNameText(wire)).toBe(name);
        const partial = partialNameText(wireLabels(name) as Uint8Array);
        expect(name === "." ? "" : name.slice(0, -1)).toBe(partial);
      }),
    );
  });
});

describe("the form in the configuration", () => {
  const KINDS: readonly Kind[] = [
    "u8",
    "u16",
    "u32",
    "ip6",
    "ip6+",
    "ip4",
    "prefix6",
    "duid",
    "name",
    "name+",
    "u16+",
    "opaque",
  ];
  it("takes the text form of a value", () => {
    fc.assert(
      fc.property(
        fc
          .constantFrom(...optionDefinitions)
          .chain((definition) => fc.tuple(fc.constant(definition), optionOf(definition, 1))),
        ([definition, option]) => {
          const values = option as unknown as Readonly<Record<string, unknown>>;
          for (const [field, kind] of Object.entries(definition.fields)) {
            if (!KINDS.includes(kind)) continue;
            const text = codecOf(kind).text(values[field]);
            const inputs = kind.endsWith("+") ? text.split(",") : [text];
            expect(codecOf(kind).parse(new Inputs(inputs))).toEqual(values[field]);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe("DecodeError", () => {
  it("says what and where", () => {
    const error = new DecodeError("option-overrun", 4, 3);
    expect(error.message).toBe("option-overrun at octet 4 in option 3");
  });
});
