// Wireshark's opinion: DHCPv6 messages into a pcap by hand, and what tshark makes of them.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Why tshark cannot be asked; undefined when it can. */
export function tsharkAbsent(): string | undefined {
  try {
    execFileSync("tshark", ["--version"], { stdio: ["ignore", "ignore", "ignore"] });
    return undefined;
  } catch {
    return "tshark is not installed";
  }
}

function u16(value: number): Buffer {
  return Buffer.from([value >> 8, value & 0xff]);
}

/** Ethernet, IPv6 (fe80::1 to ff02::1:2), UDP. */
function frameOf(payload: Uint8Array): Buffer {
  const udp = Buffer.concat([u16(546), u16(547), u16(payload.length + 8), u16(0xffff), payload]);
  const source = Buffer.from("fe800000000000000000000000000001", "hex");
  const destination = Buffer.from("ff020000000000000000000000010002", "hex");
  const header = Buffer.concat([
    Buffer.from([0x60, 0, 0, 0]),
    u16(udp.length),
    Buffer.from([17, 64]),
    source,
    destination,
  ]);
  return Buffer.concat([Buffer.from("33330001000202000000000186dd", "hex"), header, udp]);
}

function pcapOf(payloads: readonly Uint8Array[]): Buffer {
  const head = Buffer.alloc(24);
  head.writeUInt32LE(0xa1b2c3d4, 0);
  head.writeUInt16LE(2, 4);
  head.writeUInt16LE(4, 6);
  head.writeUInt32LE(262_144, 16);
  head.writeUInt32LE(1, 20);
  const records = payloads.flatMap((payload, index) => {
    const frame = frameOf(payload);
    const record = Buffer.alloc(16);
    record.writeUInt32LE(index, 0);
    record.writeUInt32LE(frame.length, 8);
    record.writeUInt32LE(frame.length, 12);
    return [record, frame];
  });
  return Buffer.concat([head, ...records]);
}

/** One record a payload: the values of each field in order. */
export function tshark(
  payloads: readonly Uint8Array[],
  fields: readonly string[],
): readonly Readonly<Record<string, readonly string[]>>[] {
  const folder = mkdtempSync(join(tmpdir(), "wire-"));
  try {
    const file = join(folder, "packets.pcap");
    writeFileSync(file, pcapOf(payloads));
    const options = [
      "-T",
      "fields",
      "-E",
      "separator=/t",
      "-E",
      "aggregator=|",
      ...fields.flatMap((field) => ["-e", field]),
    ];
    const output = execFileSync("tshark", ["-n", "-r", file, ...options], {
      encoding: "utf8",
      maxBuffer: 1 << 28,
      stdio: ["ignore", "pipe", "ignore"],
    });
    const lines = output.split("\n").slice(0, payloads.length);
    return lines.map((line) => {
      const values = line.split("\t");
      return Object.fromEntries(
        fields.map((field, i) => [
          field,
          (values[i] ?? "").split("|").filter((value) => value !== ""),
        ]),
      );
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
