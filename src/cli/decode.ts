// `tandem decode`: DHCPv6 and failover messages as text, from hex digits or a capture.

import { readFileSync } from "node:fs";
import { type Command, InvalidArgumentError } from "commander";
import { formatIpv6 } from "../core/model/ipv6.ts";
import { describeMessage } from "../core/wire/describe.ts";
import { CliError, EXIT } from "./errors.ts";
import { type CapturedMessage, findMessages } from "./packets.ts";
import { PcapError, readCapture } from "./pcap.ts";
import type { Terminal } from "./terminal.ts";

const FAILOVER_PORT = 647;

interface DecodeOptions {
  readonly failover?: boolean;
  readonly pcap?: string;
  readonly port: readonly number[];
  readonly json?: boolean;
}

export function addDecode(program: Command, terminal: Terminal): void {
  program
    .command("decode")
    .description("show DHCPv6 and failover messages as text")
    .argument("[hex...]", "octets of one message; without it and --pcap, standard input")
    .option("--failover", "the octets are frames of the failover connection")
    .option("--pcap <file>", "all messages of a pcap or pcapng file")
    .option("--port <number>", "also look for failover on this TCP port", port, [])
    .option("--json", "as JSON; for captures one object a line")
    .addHelpText(
      "after",
      "\nExamples:\n  tandem decode 0b123456 0006 0002 0017\n  tandem decode --pcap trace.pcapng",
    )
    .action(async (hex: readonly string[], given: DecodeOptions) => {
      if (given.pcap !== undefined) {
        decodeCapture(given.pcap, given, terminal);
        return;
      }
      const text = hex.length > 0 ? hex.join("") : await terminal.readInput();
      const transport = given.failover === true ? "failover" : "udp";
      const lines = describeMessage(hexOctets(text), transport);
      terminal.out(
        given.json === true ? JSON.stringify({ transport, lines }, null, 2) : lines.join("\n"),
      );
    });
}

function port(text: string, before: readonly number[]): readonly number[] {
  const value = Number(text);
  if (!/^\d{1,5}$/.test(text) || value < 1 || value > 65_535) {
    throw new InvalidArgumentError("a port from 1 to 65535");
  }
  return [...before, value];
}

/** Digits with or without spaces, colons, dashes and `0x`. */
function hexOctets(text: string): Uint8Array {
  const digits = text.replaceAll(/0x|[\s:,-]/gi, "");
  const wrong = /[^0-9a-f]/i.exec(digits);
  if (wrong !== null) {
    throw new CliError(
      EXIT.usage,
      `\`${wrong[0]}\` is no hex digit`,
      "octets are written like 0b 12 34 56",
    );
  }
  if (digits.length === 0 || digits.length % 2 === 1) {
    throw new CliError(EXIT.usage, "whole octets are needed: an even number of hex digits");
  }
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

function decodeCapture(file: string, given: DecodeOptions, terminal: Terminal): void {
  const ports = new Set([FAILOVER_PORT, ...given.port]);
  let found = 0;
  try {
    const bytes = readOctets(file);
    for (const message of findMessages(readCapture(bytes), ports)) {
      found++;
      const lines =
        message.bytes.length === 0
          ? ["TLS: what follows on this connection is secret"]
          : describeMessage(message.bytes, message.transport);
      terminal.out(given.json === true ? jsonOf(message, lines) : textOf(message, lines));
    }
  } catch (error) {
    if (!(error instanceof PcapError)) throw error;
    throw new CliError(
      EXIT.failure,
      `${file}: ${error.message}`,
      `${found} messages were read before`,
    );
  }
  if (found === 0)
    terminal.note(`${file} has no DHCPv6 message (UDP 546, 547; TCP ${[...ports].join(", ")})`);
}

function readOctets(file: string): Uint8Array {
  try {
    const buffer = readFileSync(file);
    return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
  } catch (error) {
    throw new CliError(EXIT.failure, `cannot read ${file}: ${(error as Error).message}`);
  }
}

function textOf(message: CapturedMessage, lines: readonly string[]): string {
  const from = `[${formatIpv6(message.source)}]:${message.sourcePort}`;
  const to = `[${formatIpv6(message.destination)}]:${message.destinationPort}`;
  const head = `${new Date(message.time).toISOString()} ${from} > ${to}`;
  return [head, ...lines.map((line) => `  ${line}`), ""].join("\n");
}

function jsonOf(message: CapturedMessage, lines: readonly string[]): string {
  return JSON.stringify({
    time: new Date(message.time).toISOString(),
    source: formatIpv6(message.source),
    sourcePort: message.sourcePort,
    destination: formatIpv6(message.destination),
    destinationPort: message.destinationPort,
    transport: message.transport,
    lines,
  });
}
