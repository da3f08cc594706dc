// Golden packets through the codec: the text they give, and byte-exact round trips.

import { describe, expect, it } from "vitest";
import { describeMessage } from "../../src/core/wire/describe.ts";
import {
  decodeFailoverMessage,
  encodeFailoverMessage,
} from "../../src/core/wire/failover-messages.ts";
import { decodeMessage, encodeMessage } from "../../src/core/wire/messages.ts";
import { findMalformed } from "../../src/core/wire/options.ts";
import { decodeRelay, encodeRelay, isRelayMessage } from "../../src/core/wire/relay.ts";
import { type GoldenPacket, goldenPackets, rewriteText } from "./golden-file.ts";

const packets = goldenPackets();

function recoded({ transport, bytes }: GoldenPacket): Uint8Array {
  if (transport === "failover") {
    const message = decodeFailoverMessage(bytes);
    if (message.type === "unknown") throw new Error("unknown message");
    expect(findMalformed(message.options)).toBeUndefined();
    return encodeFailoverMessage(message);
  }
  if (isRelayMessage(bytes)) return encodeRelay(decodeRelay(bytes));
  const message = decodeMessage(bytes);
  if (message.type === "unknown") throw new Error("unknown message");
  expect(findMalformed(message.options)).toBeUndefined();
  return encodeMessage(message);
}

describe("golden packets", () => {
  it("are there", () => {
    expect(packets.length).toBeGreaterThan(15);
  });

  for (const packet of packets) {
    // covers D-010, D-011, D-012, D-015, D-245, F-070, F-074, F-078, F-230
    it(`${packet.name}: encodes to the same octets after decoding`, () => {
      expect(Buffer.from(recoded(packet)).toString("hex")).toBe(
        Buffer.from(packet.bytes).toString("hex"),
      );
    });

    it(`${packet.name}: reads as written down`, () => {
      const text = describeMessage(packet.bytes, packet.transport);
      if (process.env.GOLDEN_UPDATE === "1") rewriteText(packet.name, text);
      else expect(text).toEqual(packet.text);
    });
  }
});
