import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findMessages } from "../../../src/cli/packets.ts";
import { type CapturedPacket, PcapError, readCapture } from "../../../src/cli/pcap.ts";
import { concat, ethernet, ipv6, pcap, pcapng, type Recorded, tcp, udp } from "./captures.ts";
import { run } from "./run.ts";

/** A Solicit with an elapsed time of 0. */
const SOLICIT = Uint8Array.of(1, 0x12, 0x34, 0x56, 0, 8, 0, 2, 0, 0);
const at = (bytes: Uint8Array, fraction = 500): Recorded => ({
  seconds: 1_700_000_000,
  fraction,
  bytes,
});
const packet = (bytes: Uint8Array, linkType = 101): CapturedPacket => ({
  time: 0,
  linkType,
  bytes,
});
const found = (packets: readonly CapturedPacket[], ports = [647]) => [
  ...findMessages(packets, new Set(ports)),
];
const frame = (...octets: number[]): Uint8Array => Uint8Array.from([0, octets.length, ...octets]);

describe("capture files", () => {
  it.each([
    [true, false],
    [false, false],
    [true, true],
    [false, true],
  ])("pcap, little-endian %s, nanoseconds %s", (little, nano) => {
    const file = pcap([at(SOLICIT, nano ? 500_000 : 500), at(Uint8Array.of(1, 2))], {
      little,
      nano,
    });
    const packets = [...readCapture(file)];
    expect(packets.map((it) => [...it.bytes])).toEqual([[...SOLICIT], [1, 2]]);
    expect(packets[0]?.time).toBeCloseTo(1_700_000_000_000.5, 3);
    expect(packets[0]?.linkType).toBe(1);
  });

  it.each([
    [true, 6],
    [false, 6],
    [true, 9],
  ])("pcapng, little-endian %s, resolution 10^-%i", (little, resolution) => {
    const file = pcapng([at(SOLICIT, 5 * 10 ** (resolution - 4))], { little, resolution });
    const packets = [...readCapture(file)];
    expect(packets.map((it) => [...it.bytes])).toEqual([[...SOLICIT]]);
    expect(packets[0]?.time).toBeCloseTo(1_700_000_000_000.5, 0);
  });

  it("whatever the octets are, it fails with PcapError or not at all", () => {
    const starts = [
      pcap([at(SOLICIT)]),
      pcapng([at(SOLICIT)]),
      pcapng([at(SOLICIT)], { little: false }),
    ];
    const damaged = fc.tuple(
      fc.constantFrom(...starts),
      fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { maxLength: 6 }),
      fc.nat(200),
    );
    fc.assert(
      fc.property(damaged, ([file, changes, length]) => {
        const bytes = file.slice(0, Math.max(20, file.length - length));
        for (const [place, value] of changes) if (place < bytes.length) bytes[place] = value;
        try {
          found([...readCapture(bytes)], [647, 547]);
        } catch (error) {
          expect(error).toBeInstanceOf(PcapError);
        }
      }),
    );
  });
});

describe("messages in packets", () => {
  it.each([
    ["Ethernet", 1, ethernet(ipv6(17, udp(546, 547, SOLICIT)))],
    ["Ethernet with two VLAN tags", 1, ethernet(ipv6(17, udp(546, 547, SOLICIT)), 2)],
    [
      "Linux cooked",
      113,
      concat(new Uint8Array(14), [0x86, 0xdd], ipv6(17, udp(546, 547, SOLICIT))),
    ],
    [
      "Linux cooked, version 2",
      276,
      concat([0x86, 0xdd], new Uint8Array(18), ipv6(17, udp(546, 547, SOLICIT))),
    ],
    ["loopback", 0, concat([30, 0, 0, 0], ipv6(17, udp(546, 547, SOLICIT)))],
    [
      "raw IP behind a hop-by-hop header",
      101,
      ipv6(0, concat([17, 0, 0, 0, 0, 0, 0, 0], udp(546, 547, SOLICIT))),
    ],
  ])("are found behind %s", (_name, linkType, bytes) => {
    const [message, ...more] = found([packet(bytes, linkType)]);
    expect([...(message?.bytes ?? [])]).toEqual([...SOLICIT]);
    expect(message).toMatchObject({ transport: "udp", sourcePort: 546, destinationPort: 547 });
    expect(more).toEqual([]);
  });

  it("trailing octets of the link layer are no part of them, other ports and fragments are left out", () => {
    const padded = concat(ipv6(17, udp(546, 547, SOLICIT)), new Uint8Array(8));
    expect(found([packet(padded)])[0]?.bytes).toHaveLength(SOLICIT.length);
    expect(found([packet(ipv6(17, udp(53, 5353, SOLICIT)))])).toEqual([]);
    expect(
      found([packet(ipv6(44, concat([17, 0, 0, 1, 0, 0, 0, 1], udp(546, 547, SOLICIT))))]),
    ).toEqual([]);
  });

  const segment = (sequence: number, bytes: Uint8Array, flags?: number): CapturedPacket =>
    packet(ipv6(6, tcp(5000, 647, sequence, bytes, flags), "2001:db8::1", "2001:db8::2"));

  it("frames of the failover connection are put together: cut, repeated and out of order (F-070)", () => {
    const stream = concat(frame(24, 1, 2), frame(23), frame(25, 3, 4, 5));
    const start = 0xfffffffa;
    const part = (from: number, to: number): CapturedPacket =>
      segment((start + 1 + from) >>> 0, stream.slice(from, to));
    const packets = [
      segment(start, new Uint8Array(0), 2),
      part(0, 3),
      part(6, 9),
      part(0, 6),
      part(3, 6),
      part(9, stream.length),
    ];
    expect(found(packets).flatMap((message) => [...message.bytes])).toEqual([...stream]);
  });

  it("where TLS begins, it says so once and shows no more of that direction", () => {
    const packets = [
      segment(1, frame(23)),
      segment(4, Uint8Array.of(0x16, 3, 1, 0, 5)),
      segment(9, Uint8Array.of(1, 2, 3)),
    ];
    expect(found(packets).map((message) => message.bytes.length)).toEqual([3, 0]);
  });
});

describe("tandem decode", () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "tandem-decode-"));
  });
  afterEach(() => rmSync(directory, { recursive: true }));
  const file = (bytes: Uint8Array): string => {
    const path = join(directory, "trace");
    writeFileSync(path, bytes);
    return path;
  };

  it.each([
    [["01123456", "0008", "0002", "0000"], undefined],
    [["0x01 12:34:56", "00-08,0002 0000"], undefined],
    [[], "01 12 34 56\n00 08 00 02 00 00\n"],
  ])("takes hex digits in any form: %j", async (hex, input) => {
    const { code, out } = await run(["decode", ...hex], input === undefined ? {} : { input });
    expect(code).toBe(0);
    expect(out).toMatch(/SOLICIT/);
    expect(out).toMatch(/123456/);
  });

  it.each([["zz"], ["123"], [""]])("refuses what is no hex: %j", async (hex) => {
    const { code, notes } = await run(["decode"], { input: hex });
    expect(code).toBe(2);
    expect(notes).not.toBe("");
  });

  it("shows all messages of a capture with time and ends", async () => {
    const path = file(pcap([at(ethernet(ipv6(17, udp(546, 547, SOLICIT))))]));
    const { code, out } = await run(["decode", "--pcap", path]);
    expect(code).toBe(0);
    expect(out).toContain("2023-11-14T22:13:20.000Z [fe80::1]:546 > [ff02::1:2]:547\n  ");
    expect(out).toMatch(/SOLICIT/);
    const json = JSON.parse((await run(["decode", "--pcap", path, "--json"])).out);
    expect(json).toMatchObject({ source: "fe80::1", destinationPort: 547, transport: "udp" });
  });

  it("failover on another port needs --port", async () => {
    const bytes = ipv6(6, tcp(5000, 10_647, 1, frame(23, 0, 0, 1)));
    const path = file(pcap([at(bytes)], { linkType: 101 }));
    expect((await run(["decode", "--pcap", path])).notes).toContain("no DHCPv6 message");
    expect((await run(["decode", "--pcap", path, "--port", "10647"])).out).toMatch(/STARTTLS/);
  });

  it("a broken capture exits with 1, after what could be read", async () => {
    const whole = pcap([at(ethernet(ipv6(17, udp(546, 547, SOLICIT)))), at(SOLICIT)]);
    const { code, out, notes } = await run(["decode", "--pcap", file(whole.slice(0, -3))]);
    expect(code).toBe(1);
    expect(out).toMatch(/SOLICIT/);
    expect(notes).toMatch(/does not end in the file/);
    expect((await run(["decode", "--pcap", file(Uint8Array.of(1, 2))])).code).toBe(1);
  });

  it("frames from the command line with --failover", async () => {
    const { out } = await run(["decode", "--failover", "0004 17 000001"]);
    expect(out).toMatch(/STARTTLS/);
  });
});
