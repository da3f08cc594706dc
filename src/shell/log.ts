// The log: one JSON line an event (pino) with a stable id, or a line for people. Writing never blocks
// the loop; what a stuck reader does not take beyond a limit is dropped.

import pino from "pino";
import { LOG_EVENTS, type LogEvent, type LogLevel } from "../core/model/log-events.ts";
import { type LogSink, SHELL_LOG_EVENTS, type ShellLogEvent } from "./log-events.ts";

export type LogFormat = "json" | "text";

/** Octets of log lines that may wait for a slow reader. */
const MAX_WAITING = 16 * 1024 * 1024;
/** At the end of the process a reader that does not read is waited for no longer than this. */
const DRAIN_MILLIS = 1_000;
/** Lines of one warning in this time; the rest is counted. */
const FLOOD_LINES = 50;
const FLOOD_MILLIS = 1_000;
const ORDER: Record<LogLevel, number> = { debug: 20, info: 30, warn: 40, error: 50 };
const CATALOGUE = { ...LOG_EVENTS, ...SHELL_LOG_EVENTS };

export interface Log {
  readonly write: LogSink;
  /** Writes what waits, in its order, unless its reader is stuck. */
  drain(): Promise<void>;
  /** The same at once, before the process ends by force. */
  flush(): void;
}

export interface LogOptions {
  readonly level: LogLevel;
  readonly format: LogFormat;
  /** Name of the server, in every JSON line. */
  readonly server: string;
  /** Where lines go: a file descriptor, standard output by default. */
  readonly fd?: number;
}

/** The event's sentence: placeholders are replaced by fields, absent fields are left as they stand. */
export function renderEvent(event: LogEvent | ShellLogEvent): string {
  return CATALOGUE[event.id].template.replaceAll(/\{(\w+)\}/g, (whole, name: string) =>
    name in event.fields ? printable(String(event.fields[name])) : whole,
  );
}

/** Names and options come from clients: a control character would forge a line or a terminal sequence. */
function printable(text: string): string {
  return text.replaceAll(
    /\p{Cc}/gu,
    (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
}

export function createLog(options: LogOptions): Log {
  const destination = pino.destination({
    fd: options.fd ?? 1,
    sync: false,
    minLength: 1,
    maxLength: MAX_WAITING,
  });
  destination.on("error", () => {
    // A closed reader of the log is no reason to stop serving.
  });
  const least = ORDER[options.level];
  const json = pino(
    {
      level: options.level,
      base: { server: options.server },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
  const flood = new Flood();
  const write: LogSink = (event) => {
    const level: LogLevel = CATALOGUE[event.id].level;
    if (ORDER[level] < least) return;
    // Lease events (info) are a record and are all kept; a warning repeated by every client is not.
    if (level === "warn" && event.id !== "LOG_SUPPRESSED" && !flood.lets(event.id, write)) return;
    const message = renderEvent(event);
    if (options.format === "json") json[level]({ id: event.id, fields: event.fields }, message);
    else destination.write(textLine(event.id, level, message));
  };
  const drain = (): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, DRAIN_MILLIS);
      destination.flush(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  return { write, drain, flush: () => flushQuietly(() => destination.flushSync()) };
}

/** Counts what comes too often, and says how much it was when the second is over. */
class Flood {
  readonly #written = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;

  lets(id: string, write: LogSink): boolean {
    const count = (this.#written.get(id) ?? 0) + 1;
    this.#written.set(id, count);
    this.#timer ??= setTimeout(() => this.#tell(write), FLOOD_MILLIS).unref();
    return count <= FLOOD_LINES;
  }

  #tell(write: LogSink): void {
    this.#timer = undefined;
    for (const [event, written] of this.#written) {
      const count = written - FLOOD_LINES;
      if (count > 0) write({ id: "LOG_SUPPRESSED", fields: { count, event } });
    }
    this.#written.clear();
  }
}

function textLine(id: string, level: LogLevel, message: string): string {
  return `${new Date().toISOString()} ${level.toUpperCase().padEnd(5)} ${id}: ${message}\n`;
}

/** A reader that is gone is no reason to fail at the very end. */
function flushQuietly(flush: () => void): void {
  try {
    flush();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
  }
}
