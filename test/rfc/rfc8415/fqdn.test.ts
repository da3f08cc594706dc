// RFC 4704: the Client FQDN option, of a server that makes no DNS updates.

import { describe, expect, it } from "vitest";
import { firstOption, type Option } from "../../../src/core/wire/options.ts";
import { fromClient, Lone } from "../../support/lone.ts";
import { na, OURS, oro } from "../../support/requests.ts";

const A = fromClient(1);
const NAME = Uint8Array.of(2, 0x50, 0x63, 7, 0x65, 0x78, 0x61, 0x6d, 0x70, 0x6c, 0x65, 0);
const S = 1;
const O = 2;
const N = 4;

/** Option 39 as octets, so that flags may be anything. */
function fqdn(flags: number, name: Uint8Array = NAME): Option {
  return { type: "unknown", code: 39, data: Uint8Array.of(flags, ...name) };
}

/** Flags and name of the answer. */
function answered(
  flags: number,
  name: Uint8Array = NAME,
  type: "SOLICIT" | "REQUEST" = "REQUEST",
): readonly [number, unknown] | undefined {
  const server = type === "SOLICIT" ? [] : [OURS];
  const got = firstOption(
    new Lone().answer(type, A, [...server, na(1), fqdn(flags, name), oro(39)]).options,
    "CLIENT_FQDN",
  );
  return got === undefined ? undefined : [got.flags, got.name];
}

describe("RFC 4704 §6 Client FQDN", () => {
  it("§6 in ADVERTISE and REPLY, only if the client sent it and asks for it (X-091, X-093)", () => {
    for (const type of ["SOLICIT", "REQUEST"] as const)
      expect(answered(0, NAME, type)).toBeDefined();
    const lone = new Lone();
    for (const options of [[na(1), oro(39)], [na(1), fqdn(0)], [na(1)]]) {
      expect(
        firstOption(lone.answer("REQUEST", A, [OURS, ...options]).options, "CLIENT_FQDN"),
      ).toBeUndefined();
    }
    expect(
      firstOption(
        lone.answer("RELEASE", A, [OURS, na(1), fqdn(0), oro(39)]).options,
        "CLIENT_FQDN",
      ),
    ).toBeUndefined();
  });

  it("§4.1 N: this server makes no updates; S is 0, O says where the client wanted S; other bits are cleared and ignored (X-092, X-094, X-095, X-096, X-097, X-098)", () => {
    const flags = (sent: number) => answered(sent)?.[0];
    expect([0, S, N, N | S, S | O].map(flags)).toEqual([N, N | O, N, N | O, N | O]);
    expect([0xf8, 0xf8 | S].map(flags)).toEqual([N, N | O]);
  });

  it("§4.2 the name goes back as it came, case and form included (X-090, X-099, X-100, X-101)", () => {
    expect(answered(S)?.[1]).toEqual(NAME);
    expect(answered(S, NAME.slice(0, 3))?.[1]).toEqual(NAME.slice(0, 3));
    expect(answered(S, new Uint8Array(0))?.[1]).toEqual(new Uint8Array(0));
  });

  it("§4.2 a malformed name: the option is ignored and the rest is served (X-111)", () => {
    expect(answered(S, Uint8Array.of(0xc0, 0x0c))).toBeUndefined();
    expect(answered(S, Uint8Array.of(5, 0x61))).toBeUndefined();
  });

  it("§4 is kept with the leases, the last one that came (X-089, X-091)", () => {
    const lone = new Lone();
    const { address } = lone.bind(A);
    expect(lone.lease(address)?.fqdn).toBeUndefined();
    lone.answer("RENEW", A, [OURS, na(1, address), fqdn(S)]);
    expect(lone.lease(address)?.fqdn).toEqual(Uint8Array.of(S, ...NAME));
    lone.answer("RENEW", A, [OURS, na(1, address)]);
    expect(lone.lease(address)?.fqdn).toEqual(Uint8Array.of(S, ...NAME));
  });
});
