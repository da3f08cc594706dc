// RFC 8415 §9.2, §18.3, §19.3: answers as octets, and the way back through the relays.

import { describe, expect, it } from "vitest";
import { duidFromBytes } from "../../src/core/model/duid.ts";
import { type Ipv6Address, ipv6FromBytes } from "../../src/core/model/ipv6.ts";
import { LIMITS } from "../../src/core/model/limits.ts";
import { decodeMessage } from "../../src/core/wire/messages.ts";
import { unwrapRelay } from "../../src/core/wire/relay.ts";
import { relayDataOf } from "../../src/core/wire/relay-data.ts";
import { createReplyWriter } from "../../src/core/wire/reply-writer.ts";
import { viewRequest } from "../../src/core/wire/request-view.ts";
import type { ReplyWriter, RequestView } from "../../src/core/wire/view.ts";
import { golden } from "../golden/golden-file.ts";
import {
  ascii,
  CLIENT,
  ip,
  join,
  labels,
  msg,
  opt,
  relayForw,
  relayRepl,
  SERVER,
  toHex,
  u16,
  u32,
} from "../unit/core/wire/bytes.ts";

const SOLICIT = msg(1, opt(1, CLIENT));
const client = duidFromBytes(CLIENT);
const server = duidFromBytes(SERVER);
const address = (text: string): Ipv6Address => ipv6FromBytes(ip(text));

function view(bytes: Uint8Array): RequestView {
  const got = viewRequest(bytes);
  if (got.type === "discard") throw new Error(got.reason);
  return got;
}

function replied(
  request: Uint8Array,
  write: (writer: ReplyWriter) => void,
  type: "ADVERTISE" | "REPLY" = "REPLY",
): { bytes: Uint8Array; port: number } {
  const writer = createReplyWriter(view(request), type, 4321);
  write(writer);
  const finished = writer.finish();
  if (finished === undefined) throw new Error("too large");
  return finished;
}

const same = (got: Uint8Array, wanted: Uint8Array): void => expect(toHex(got)).toBe(toHex(wanted));

describe("§18.3 answers to a client", () => {
  // covers D-072, D-097, D-255, D-256, D-258, D-264, N-006
  it("D-072: an ADVERTISE has the transaction-id and the options in the order of the calls", () => {
    const { bytes, port } = replied(
      SOLICIT,
      (writer) => {
        writer.serverId(server);
        writer.clientId(client);
        writer.ia({
          kind: "address",
          iaid: 7,
          t1: 1500,
          t2: 2400,
          leases: [{ address: address("2001:db8::1"), length: 128, preferred: 3000, valid: 4000 }],
        });
        writer.ia({
          kind: "prefix",
          iaid: 8,
          t1: 1500,
          t2: 2400,
          leases: [],
          status: { code: 6, message: "none left" },
        });
        writer.preference(200);
        writer.option(23, ip("2001:db8::53"));
      },
      "ADVERTISE",
    );
    same(
      bytes,
      msg(
        2,
        opt(2, SERVER),
        opt(1, CLIENT),
        opt(3, u32(7), u32(1500), u32(2400), opt(5, ip("2001:db8::1"), u32(3000), u32(4000))),
        opt(25, u32(8), u32(1500), u32(2400), opt(13, u16(6), ascii("none left"))),
        opt(7, [200]),
        opt(23, ip("2001:db8::53")),
      ),
    );
    expect(port).toBe(546);
  });

  it("D-264, D-276, D-277, D-278: a REPLY with a prefix, a status, Rapid Commit and a refresh time", () => {
    const { bytes } = replied(SOLICIT, (writer) => {
      writer.ia({
        kind: "prefix",
        iaid: 1,
        t1: 0,
        t2: 0,
        leases: [{ address: address("2001:db8:1:ffff::"), length: 52, preferred: 1, valid: 2 }],
      });
      writer.status(0, "ça va");
      writer.rapidCommit();
      writer.informationRefreshTime(86_400);
    });
    const prefix = opt(26, u32(1), u32(2), [52], ip("2001:db8:1:f000::"));
    same(
      bytes,
      msg(
        7,
        opt(25, u32(1), u32(0), u32(0), prefix),
        opt(13, u16(0), [0xc3, 0xa7, 0x61, 0x20, 0x76, 0x61]),
        opt(14),
        opt(32, u32(86_400)),
      ),
    );
  });

  it("D-283: a singleton goes out once, the first counts; others as often as they are written", () => {
    const { bytes } = replied(SOLICIT, (writer) => {
      writer.option(23, ip("2001:db8::1"));
      writer.option(23, ip("2001:db8::2"));
      writer.status(0, "");
      writer.status(1, "");
      writer.option(17, Uint8Array.from(u32(1)));
      writer.option(17, Uint8Array.from(u32(2)));
      writer.option(60_000, Uint8Array.of(1));
      writer.option(60_000, Uint8Array.of(2));
    });
    same(
      bytes,
      msg(
        7,
        opt(23, ip("2001:db8::1")),
        opt(13, u16(0)),
        opt(17, u32(1)),
        opt(17, u32(2)),
        opt(60_000, [1]),
        opt(60_000, [2]),
      ),
    );
  });

  it("D-189, D-195, X-247: options of relays never stand in what a client gets", () => {
    const { bytes } = replied(SOLICIT, (writer) => {
      for (const code of [9, 18, 43, 68, 135]) writer.option(code, Uint8Array.of(1));
    });
    same(bytes, msg(7));
  });

  it("D-008: an answer over the largest datagram is none", () => {
    const write = (size: number): unknown => {
      const writer = createReplyWriter(view(SOLICIT), "REPLY", 546);
      writer.option(60_000, new Uint8Array(size));
      return writer.finish();
    };
    expect(write(LIMITS.datagramBytes - 8)).toBeDefined();
    expect(write(LIMITS.datagramBytes - 7)).toBeUndefined();
    expect(write(70_000)).toBeUndefined();
  });
});

describe("§19.3 the way back through relays", () => {
  it("D-185, D-186, D-187: the example of two relays, with every option of theirs that comes back", () => {
    const request = golden("relay-forw-two-levels").bytes;
    const { bytes, port } = replied(
      request,
      (writer) => {
        writer.serverId(
          duidFromBytes(Uint8Array.from(Buffer.from("0002000004d2746e646d41", "hex"))),
        );
        writer.clientId(client);
        writer.ia({
          kind: "address",
          iaid: 7,
          t1: 1500,
          t2: 2400,
          leases: [
            { address: address("2001:db8:2::1001"), length: 128, preferred: 3000, valid: 4000 },
          ],
        });
        writer.preference(255);
        writer.option(23, join(ip("2001:db8::53"), ip("2001:db8::54")));
        writer.option(24, join(labels("example", "org"), labels("lab", "example", "org")));
      },
      "ADVERTISE",
    );
    same(bytes, golden("relay-repl-two-levels").bytes);
    // D-193: the outermost level has option 135.
    expect(port).toBe(4321);
  });

  it("D-193, D-194: without option 135 at the outermost level the answer goes to port 547", () => {
    const inner = relayForw(0, "2001:db8::1", "fe80::1", opt(135, u16(1000)), opt(9, SOLICIT));
    expect(replied(inner, () => undefined).port).toBe(4321);
    const outer = relayForw(1, "::", "2001:db8::a", opt(9, inner));
    const { bytes, port } = replied(outer, () => undefined);
    expect(port).toBe(547);
    // D-192: copied where it was.
    same(
      bytes,
      relayRepl(
        1,
        "::",
        "2001:db8::a",
        opt(9, relayRepl(0, "2001:db8::1", "fe80::1", opt(135, u16(1000)), opt(9, msg(7)))),
      ),
    );
  });

  it("D-188: the Interface-Id comes back unchanged, also an empty one", () => {
    const { bytes } = replied(
      relayForw(0, "::", "fe80::1", opt(9, SOLICIT), opt(18)),
      () => undefined,
    );
    same(bytes, relayRepl(0, "::", "fe80::1", opt(18), opt(9, msg(7))));
  });

  it("D-196, D-312: Echo Request options are copied after the others, octet for octet, unknown ones too", () => {
    const request = relayForw(
      0,
      "::",
      "fe80::1",
      opt(43, u16(37), u16(60_000), u16(18), u16(99), u16(37), u16(9)),
      opt(60_000, [1]),
      opt(37, u32(9), [7]),
      opt(60_000, [2]),
      opt(18, [3]),
      opt(38, [5]),
      opt(9, SOLICIT),
    );
    const { bytes } = replied(request, () => undefined);
    same(
      bytes,
      relayRepl(
        0,
        "::",
        "fe80::1",
        opt(18, [3]),
        opt(37, u32(9), [7]),
        opt(60_000, [1]),
        opt(60_000, [2]),
        opt(9, msg(7)),
      ),
    );
  });

  it("X-247: the VPN is never returned, though the Echo Request lists it", () => {
    const { bytes } = replied(
      relayForw(
        0,
        "::",
        "fe80::1",
        opt(43, u16(68), u16(37)),
        opt(68, [0, 1]),
        opt(37, u32(1), [1]),
        opt(9, SOLICIT),
      ),
      () => undefined,
    );
    same(bytes, relayRepl(0, "::", "fe80::1", opt(37, u32(1), [1]), opt(9, msg(7))));
  });

  it("D-197: what a relay asks for changes nothing of the answer inside", () => {
    const write = (writer: ReplyWriter): void => writer.serverId(server);
    const direct = replied(SOLICIT, write).bytes;
    const relayed = replied(
      relayForw(0, "::", "fe80::1", opt(43, u16(1)), opt(1, [9, 9, 9]), opt(9, SOLICIT)),
      write,
    ).bytes;
    same(unwrapRelay(relayed).message, direct);
    expect(decodeMessage(direct)).toMatchObject({ options: [{ type: "SERVERID", duid: server }] });
  });

  it("X-165, X-178: link-layer address, Remote-ID and Subscriber-ID are not echoed unasked", () => {
    const { bytes } = replied(
      relayForw(
        0,
        "::",
        "fe80::1",
        opt(79, u16(1), [1]),
        opt(37, u32(9), [7]),
        opt(38, [8]),
        opt(9, SOLICIT),
      ),
      () => undefined,
    );
    same(bytes, relayRepl(0, "::", "fe80::1", opt(9, msg(7))));
  });

  it("nine levels come back as nine", () => {
    let request = SOLICIT;
    for (let i = 0; i < LIMITS.relayLevels; i++)
      request = relayForw(i, "::", `fe80::${i + 1}`, opt(18, [i]), opt(9, request));
    const { levels } = unwrapRelay(replied(request, () => undefined).bytes);
    expect(levels.map((each) => [each.type, each.hopCount])).toEqual(
      Array.from({ length: 9 }, (_, i) => ["RELAY-REPL", 8 - i]),
    );
  });
});

describe("RFC 5007 §4.1.2.4 relay data", () => {
  const source = address("2001:db8::a");

  it("X-010, X-011: the relay's address and its message without the client's", () => {
    const request = relayForw(
      1,
      "::",
      "2001:db8::b",
      opt(18, [1]),
      opt(
        9,
        relayForw(0, "2001:db8::1", "fe80::1", opt(37, u32(9), [7]), opt(9, SOLICIT), opt(38, [5])),
      ),
      opt(60_000, [2]),
    );
    const inner = relayForw(0, "2001:db8::1", "fe80::1", opt(37, u32(9), [7]), opt(38, [5]));
    same(
      relayDataOf(view(request), source, request) as Uint8Array,
      join(
        ip("2001:db8::a"),
        relayForw(1, "::", "2001:db8::b", opt(18, [1]), opt(9, inner), opt(60_000, [2])),
      ),
    );
  });

  it("X-011: is nothing for a client that came without relay", () => {
    expect(relayDataOf(view(SOLICIT), source, SOLICIT)).toBeUndefined();
  });

  it("is nothing when it is longer than what is kept", () => {
    const of = (size: number): Uint8Array | undefined => {
      const request = relayForw(
        0,
        "::",
        "fe80::1",
        opt(60_000, new Uint8Array(size)),
        opt(9, SOLICIT),
      );
      return relayDataOf(view(request), source, request);
    };
    const room = LIMITS.keptBytes - 16 - 34 - 4;
    expect(of(room)).toHaveLength(LIMITS.keptBytes);
    expect(of(room + 1)).toBeUndefined();
  });
});
