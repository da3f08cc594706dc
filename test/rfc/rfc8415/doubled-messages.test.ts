// Two relays on one link forward every message twice (RFC 8415 §19.1): the second copy is no new question, and what a
// client gives back is given back, though it says so once (§18.3.7, §18.3.8).

import { describe, expect, it } from "vitest";
import type { MessageType } from "../../../src/core/wire/messages.ts";
import { encodeMessage } from "../../../src/core/wire/messages.ts";
import { type Option, option } from "../../../src/core/wire/options.ts";
import { addresses, inside, statusOf } from "../../support/answers.ts";
import { fromClient, Lone } from "../../support/lone.ts";
import { ip } from "../../support/pair.ts";
import { na, OURS, relayed } from "../../support/requests.ts";

const A = fromClient(1);
const RELAYS = [
  relayed("2001:db8:2::fffe", "fe80::1234"),
  relayed("2001:db8:2::fffd", "fe80::1234"),
] as const;

/** A message as one of the relays forwards it; the answer inside, if there is one. */
function through(lone: Lone, relay: 0 | 1, message: Uint8Array) {
  const source = ip(`2001:db8:ff::${relay + 1}`);
  const where = { interface: "up", source, sourcePort: 547, multicast: false };
  const [sent] = lone.raw(RELAYS[relay](message), where);
  return sent === undefined ? undefined : inside(sent.bytes);
}

const bytesOf = (type: MessageType, transactionId: number, options: readonly Option[]) =>
  encodeMessage({ type, transactionId, options: [option("CLIENTID", { duid: A }), ...options] });

describe("RFC 8415 §19.1 two relays on one link", () => {
  const bound = (lone: Lone) => {
    through(lone, 0, bytesOf("SOLICIT", 1, [na(1)]));
    through(lone, 1, bytesOf("SOLICIT", 1, [na(1)]));
    const request = bytesOf("REQUEST", 2, [OURS, na(1)]);
    const [first, second] = [through(lone, 0, request), through(lone, 1, request)];
    const address = first === undefined ? undefined : addresses(first)[0]?.address;
    if (address === undefined || second === undefined) throw new Error("no address");
    expect(addresses(second)[0]?.address).toBe(address);
    return { address, request };
  };

  it("§18.3.7 a RELEASE just after a REQUEST that came twice is carried out, though it comes once (D-160)", () => {
    const lone = new Lone();
    const { address } = bound(lone);
    lone.pass(1);
    const reply = through(lone, 1, bytesOf("RELEASE", 3, [OURS, na(1, address)]));
    expect(reply === undefined ? undefined : statusOf(reply)).toBe(0);
    expect(lone.lease(address)?.status).toBe("FREE");
  });

  it("§18.3.7 so it is after a REQUEST of a lease that the client had already (D-160)", () => {
    const lone = new Lone();
    const { address, request } = bound(lone);
    // Sent again as the answer was lost, four seconds after the question.
    lone.pass(4);
    through(lone, 0, request);
    lone.pass(1);
    through(lone, 0, bytesOf("RELEASE", 3, [OURS, na(1, address)]));
    expect(lone.lease(address)?.status).toBe("FREE");
  });

  it("§18.3.2 a copy of the REQUEST that comes after the RELEASE gives nothing (D-160)", () => {
    const lone = new Lone();
    const { address, request } = bound(lone);
    lone.pass(1);
    through(lone, 0, bytesOf("RELEASE", 3, [OURS, na(1, address)]));
    lone.pass(2);
    expect(through(lone, 1, request)).toBeUndefined();
    expect(lone.lastDiscard).toBe("ended-since");
    expect(lone.lease(address)?.status).toBe("FREE");
    // A new question is another matter, and so is another IA.
    expect(through(lone, 0, bytesOf("REQUEST", 4, [OURS, na(1)]))).toBeDefined();
    expect(through(lone, 0, bytesOf("REQUEST", 5, [OURS, na(2)]))).toBeDefined();
  });

  it("§18.3.8 a DECLINE that comes once, just after a REQUEST that began anew, is taken (D-166)", () => {
    const lone = new Lone();
    const { address } = bound(lone);
    lone.pass(60);
    through(lone, 0, bytesOf("REQUEST", 4, [OURS, na(1)]));
    lone.pass(1);
    expect(through(lone, 0, bytesOf("DECLINE", 5, [OURS, na(1, address)]))).toBeDefined();
    expect(lone.lease(address)?.status).toBe("ABANDONED");
    const again = through(lone, 0, bytesOf("REQUEST", 6, [OURS, na(1)]));
    expect(again === undefined ? [] : addresses(again)).not.toMatchObject([{ address }]);
  });
});
