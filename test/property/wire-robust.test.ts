// Whatever comes from the network: only DecodeError is thrown, views and text throw nothing, frames come out
// the same in any pieces, and the view says what the full decoder says.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { UNSPECIFIED } from "../../src/core/model/ipv6.ts";
import { LIMITS } from "../../src/core/model/limits.ts";
import { DecodeError } from "../../src/core/wire/decode-error.ts";
import { describeMessage } from "../../src/core/wire/describe.ts";
import {
  decodeFailoverMessage,
  encodeFailoverMessage,
  encodeFrame,
} from "../../src/core/wire/failover-messages.ts";
import { FrameParser } from "../../src/core/wire/framing.ts";
import {
  type ClientServerMessage,
  decodeMessage,
  encodeMessage,
} from "../../src/core/wire/messages.ts";
import {
  allOptions,
  decodeOptions,
  firstOption,
  type Option,
  option,
} from "../../src/core/wire/options.ts";
import { type RelayMessage, unwrapRelay, wrapRelay } from "../../src/core/wire/relay.ts";
import { relayDataOf } from "../../src/core/wire/relay-data.ts";
import { createReplyWriter } from "../../src/core/wire/reply-writer.ts";
import { viewRequest } from "../../src/core/wire/request-view.ts";
import { goldenPackets } from "../golden/golden-file.ts";
import {
  address,
  duid,
  failoverMessage,
  message,
  mutated,
  octets,
  options,
} from "./wire-arbitraries.ts";

const packets = goldenPackets().map((each) => each.bytes);
const anyBytes: fc.Arbitrary<Uint8Array> = fc.oneof(
  octets(0, 200),
  mutated(message.map(encodeMessage)),
  mutated(failoverMessage.map(encodeFailoverMessage)),
  mutated(fc.constantFrom(...packets)),
  mutated(
    fc.tuple(address, message).map(([peer, inner]) => relayed(1, peer, encodeMessage(inner))),
  ),
);

function relayed(
  levels: number,
  peerAddress: RelayMessage["peerAddress"],
  inner: Uint8Array,
): Uint8Array {
  const level = (hopCount: number): RelayMessage => ({
    type: "RELAY-FORW",
    hopCount,
    linkAddress: UNSPECIFIED,
    peerAddress,
    options: [],
  });
  return wrapRelay(
    Array.from({ length: levels }, (_, i) => level(levels - 1 - i)),
    inner,
  );
}

function onlyDecodeError(action: () => unknown): void {
  try {
    action();
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
  }
}

describe("D-299: malformed input", () => {
  // covers D-009, D-015, D-016, D-039, D-040
  it("makes the decoders throw nothing but DecodeError", () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        onlyDecodeError(() => decodeMessage(bytes));
        onlyDecodeError(() => decodeFailoverMessage(bytes));
        onlyDecodeError(() => unwrapRelay(bytes));
        onlyDecodeError(() => decodeOptions(bytes));
      }),
      { numRuns: 4000 },
    );
  });

  it("never makes the view, the relay data, the writer or the text throw", () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        describeMessage(bytes, "udp");
        describeMessage(bytes, "failover");
        const view = viewRequest(bytes);
        if (view.type === "discard") return;
        relayDataOf(view, UNSPECIFIED, bytes);
        createReplyWriter(view, "REPLY", 4000).finish();
      }),
      { numRuns: 4000 },
    );
  });

  it("is read only within its bounds: what stands behind the message changes nothing", () => {
    fc.assert(
      fc.property(anyBytes, octets(1, 40), (bytes, behind) => {
        const inside = new Uint8Array([...behind, ...bytes, ...behind]).subarray(
          behind.length,
          behind.length + bytes.length,
        );
        expect(viewRequest(inside)).toEqual(viewRequest(bytes));
        expect(describeMessage(inside, "udp")).toEqual(describeMessage(bytes, "udp"));
      }),
      { numRuns: 1000 },
    );
  });
});

describe("F-071: frames", () => {
  it("come out the same in any pieces", () => {
    fc.assert(
      fc.property(
        fc.array(failoverMessage, { maxLength: 4 }),
        fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 30 }),
        (messages, sizes) => {
          const frames = messages.map(encodeFrame);
          const stream = Uint8Array.from(frames.flatMap((frame) => Array.from(frame)));
          const parser = new FrameParser();
          const got: Uint8Array[] = [];
          for (let offset = 0, i = 0; offset < stream.length; i++) {
            const size = sizes[i % sizes.length] as number;
            const read = parser.push(stream.slice(offset, offset + size));
            expect(read.error).toBeUndefined();
            got.push(...read.messages.map((each) => each.slice()));
            offset += size;
          }
          expect(parser.pending).toBe(0);
          expect(got.map(decodeFailoverMessage)).toEqual(messages);
        },
      ),
      { numRuns: 300 },
    );
  });

  it("never make the parser throw or hold more than one frame", () => {
    fc.assert(
      fc.property(fc.array(octets(0, 300), { maxLength: 20 }), (chunks) => {
        const parser = new FrameParser();
        for (const chunk of chunks) {
          const { messages } = parser.push(chunk);
          expect(parser.pending).toBeLessThanOrEqual(2 + LIMITS.frameBytes);
          for (const each of messages) expect(each.length).toBeGreaterThanOrEqual(4);
        }
      }),
    );
  });
});

/** Client messages whose options the view reads. */
const clientOptions: fc.Arbitrary<readonly Option[]> = fc
  .tuple(
    duid,
    fc.array(fc.integer({ min: 0, max: 0xffff })),
    options(3, 6),
    fc.array(
      fc.tuple(fc.constantFrom("IA_NA", "IA_PD"), fc.integer({ min: 0, max: 3 }), options(2, 3)),
      { maxLength: 4 },
    ),
  )
  .map(([id, codes, others, ias]) => [
    option("CLIENTID", { duid: id }),
    ...others.filter((each) => each.code > 25),
    option("ORO", { codes }),
    ...ias.map(([type, iaid, inner]) =>
      option(type as "IA_NA" | "IA_PD", { iaid, t1: 0, t2: 0, options: inner }),
    ),
  ]);

describe("the view", () => {
  // covers D-018, D-051, D-069, D-077, D-277
  it("says what the full decoder says", () => {
    fc.assert(
      fc.property(clientOptions, fc.integer({ min: 0, max: 3 }), address, (list, levels, peer) => {
        const value: ClientServerMessage = { type: "REQUEST", transactionId: 77, options: list };
        const bytes = relayed(levels, peer, encodeMessage(value));
        const view = viewRequest(bytes);
        if (view.type === "discard") throw new Error(view.reason);
        expect(view.transactionId).toBe(77);
        expect(view.relays.map((each) => each.peerAddress)).toEqual(new Array(levels).fill(peer));
        expect(view.clientId).toBe(firstOption(list, "CLIENTID")?.duid);
        expect(view.requestedOptions).toEqual([...new Set(firstOption(list, "ORO")?.codes)]);
        expect(view.ias).toEqual(iasOf(list));
        const fqdn = firstOption(list, "CLIENT_FQDN");
        expect(view.fqdn?.flags).toBe(fqdn?.flags);
        expect(view.fqdn?.name).toEqual(fqdn?.name);
      }),
      { numRuns: 1000 },
    );
  });
});

function iasOf(list: readonly Option[]): unknown[] {
  const seen = new Set<string>();
  const ias: unknown[] = [];
  for (const ia of list) {
    if ((ia.type !== "IA_NA" && ia.type !== "IA_PD") || seen.has(`${ia.type} ${ia.iaid}`)) continue;
    seen.add(`${ia.type} ${ia.iaid}`);
    const addresses = allOptions(ia.options, "IAADDR").map((each) => ({
      address: each.address,
      length: 128,
    }));
    const prefixes = allOptions(ia.options, "IAPREFIX").map((each) => ({
      address: each.prefix,
      length: each.prefixLength,
    }));
    const all = ia.type === "IA_NA" ? addresses : prefixes;
    const hint =
      ia.type === "IA_PD"
        ? all.find((each) => each.address === UNSPECIFIED && each.length > 0)?.length
        : undefined;
    const leases = all.filter((each) => each.address !== UNSPECIFIED);
    ias.push({
      kind: ia.type === "IA_NA" ? "address" : "prefix",
      iaid: ia.iaid,
      leases,
      lengthHint: hint,
    });
  }
  return ias;
}
