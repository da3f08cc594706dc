// What only the process sees of its surroundings: interfaces and their carriers, sockets, the certificate. For `status`.

import { readFileSync } from "node:fs";
import type { AlarmResult } from "../api/alarms.ts";
import type { AlarmFact } from "../core/model/alarms.ts";
import { AlarmBoard } from "../core/server/alarm-board.ts";
import type { DatagramAdapter, LinkAdapter } from "./adapter.ts";
import type { LogSink } from "./log-events.ts";

/** A certificate that ends sooner than this is spoken of. */
const CERTIFICATE_SOON_MILLIS = 30 * 86_400_000;
const LOOK_MILLIS = 1_000;

export interface Surroundings {
  /** This server's name. */
  readonly server: string;
  /** Those of the configuration. */
  readonly interfaces: readonly string[];
  readonly datagrams: Pick<DatagramAdapter, "waiting">;
  readonly links: Pick<LinkAdapter, "notListening">;
  /** Of this server's certificate; undefined: it has none. */
  readonly certificate: CertificateDates | undefined;
  readonly wallNow: () => number;
  readonly carrierOf: (name: string) => boolean | undefined;
}

export interface CertificateDates {
  /** As X.509 tools write them. */
  readonly validFrom: string;
  readonly validTo: string;
}

export interface ProcessWatch {
  interfaces(): readonly InterfaceState[];
  alarms(): readonly AlarmResult[];
  stop(): void;
}

/** Looks once a second, so that an alarm's `since` is right. The end of the certificate goes to the log too. */
export function watchProcess(around: Surroundings, log: LogSink): ProcessWatch {
  const board = new AlarmBoard(
    () => processAlarms(around),
    () => 0,
  );
  let said = "";
  const look = (): void => {
    board.tick(around.wallNow());
    const end = certificateEnd(around);
    if (end !== undefined && end.what !== said) log({ id: "CERTIFICATE_ENDS", fields: end });
    said = end?.what ?? "";
  };
  look();
  const timer = setInterval(look, LOOK_MILLIS);
  timer.unref();
  return {
    interfaces: () => interfaceStates(around),
    alarms: () => board.shown(around.wallNow()),
    stop: () => clearInterval(timer),
  };
}

interface InterfaceState {
  readonly name: string;
  readonly carrier: boolean | null;
  readonly open: boolean;
  readonly reason: string | null;
}

function interfaceStates({
  interfaces,
  datagrams,
  carrierOf,
}: Surroundings): readonly InterfaceState[] {
  const waiting = datagrams.waiting();
  return interfaces.map((name) => ({
    name,
    carrier: carrierOf(name) ?? null,
    open: !waiting.has(name),
    reason: waiting.get(name) ?? null,
  }));
}

export function processAlarms(around: Surroundings): readonly AlarmFact[] {
  const { server, datagrams, links, interfaces, carrierOf } = around;
  const alarms: AlarmFact[] = [...datagrams.waiting()].map(([socket, reason]) => ({
    id: "SOCKET_CLOSED",
    subject: socket,
    fields: { socket, reason },
  }));
  for (const name of interfaces)
    if (carrierOf(name) === false)
      alarms.push({ id: "NO_CARRIER", subject: name, fields: { interface: name } });
  const reason = links.notListening();
  if (reason !== undefined)
    alarms.push({ id: "PARTNER_PORT_CLOSED", subject: server, fields: { reason } });
  const end = certificateEnd(around);
  if (end !== undefined) alarms.push({ id: "CERTIFICATE_ENDS", subject: server, fields: end });
  return alarms;
}

/** What is wrong with the certificate's dates. */
function certificateEnd({
  certificate,
  wallNow,
}: Pick<Surroundings, "certificate" | "wallNow">):
  | { readonly what: string; readonly date: string }
  | undefined {
  if (certificate === undefined) return undefined;
  const { validFrom, validTo } = certificate;
  const now = wallNow();
  if (now < Date.parse(validFrom)) return { what: "is not valid before", date: validFrom };
  if (now > Date.parse(validTo)) return { what: "expired", date: validTo };
  if (now > Date.parse(validTo) - CERTIFICATE_SOON_MILLIS)
    return { what: "expires", date: validTo };
  return undefined;
}

/** Whether something is at the other end of the cable. */
export function carrierOf(name: string): boolean | undefined {
  try {
    return readFileSync(`/sys/class/net/${name}/carrier`, "latin1").trim() === "1";
  } catch (error) {
    // EINVAL: the interface is down.
    return (error as NodeJS.ErrnoException).code === "EINVAL" ? false : undefined;
  }
}
