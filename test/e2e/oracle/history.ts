// Puts captures together: what clients and servers said to each other and what the partners told each other,
// in order of time. A message seen at several places (behind a relay and before it) is there once.

import { readFileSync } from "node:fs";
import { type ClientMessage, readMessage } from "./dhcpv6.ts";
import { type FailoverMessage, FailoverStreams } from "./failover.ts";
import { type Datagram, readPacket, type Segment } from "./frames.ts";
import { type Frame, readFrames } from "./pcap.ts";

export interface Said {
  /** Microseconds since 1970. */
  readonly time: number;
  readonly message: ClientMessage;
}

export interface History {
  readonly said: readonly Said[];
  readonly failover: readonly FailoverMessage[];
  /** Octets of the partners' connections that could not be read: all of them on TLS. */
  readonly unreadable: number;
  /** Time of the last frame, microseconds since 1970. */
  readonly end: number;
}

const FAILOVER_PORT = 647;
/** The same message at two places within this time is one message, microseconds. */
const SAME = 200_000;

/** Reads capture files; in `link` are those of the partners' connection. */
export function readHistory(files: readonly string[]): History {
  return historyOf(files.flatMap((file) => readFrames(readFileSync(file))));
}

export function historyOf(frames: readonly Frame[], failoverPort = FAILOVER_PORT): History {
  const ordered = [...frames].sort((one, other) => one.time - other.time);
  const said: Said[] = [];
  const streams = new FailoverStreams();
  const last = new Map<string, number>();
  for (const frame of ordered) {
    const packet = readPacket(frame);
    if (packet?.type === "tcp" && isFailover(packet, failoverPort)) streams.add(packet);
    if (packet?.type !== "udp") continue;
    const message = readMessage(packet.payload);
    if (message === undefined) continue;
    const key = sameness(packet, message);
    const before = last.get(key);
    last.set(key, frame.time);
    if (before === undefined || frame.time - before > SAME)
      said.push({ time: frame.time, message });
  }
  const failover = streams.messages.sort((one, other) => one.time - other.time);
  return { said, failover, unreadable: streams.unreadable, end: ordered.at(-1)?.time ?? 0 };
}

function isFailover(segment: Segment, port: number): boolean {
  return segment.sourcePort === port || segment.destinationPort === port;
}

/** What two sightings of one message have in common: who speaks, to whom, about what. */
function sameness(_packet: Datagram, message: ClientMessage): string {
  const { name, transaction, client, server } = message;
  const ias = message.ias.map((ia) => `${ia.kind}${ia.iaid}:${leasesText(ia.leases)}`);
  return `${name} ${transaction} ${client} ${server} ${ias.join(" ")}`;
}

function leasesText(leases: ClientMessage["ias"][number]["leases"]): string {
  return leases.map((lease) => `${lease.lease}=${lease.valid}`).join(",");
}
