// The log: one JSON line an event (pino) with a stable id, or a line for people. Writing never blocks
// the loop; what a stuck reader does not take beyond a limit is dropped.

import pino from "pino";
import { LIMITS } from "../core/model/limits.ts";
import { LOG_EVENTS, type LogEvent, type LogLevel } from "../core/model/log-events.ts";
import type { ProcessCounters } from "./adapter.ts";
import { type LogSink, SHELL_LOG_EVENTS, type ShellLogEvent } from "./log-events.ts";

export type LogFormat = "json" | "text";

/** Octets of log lines that may wait for a slow reader. */
const MAX_WAITING = 16 * 1024 * 1024;
/** At the end of the process a reader that does not read is waited for no longer than this. */
const DRAIN_MILLIS = 1_000;
/** The time in which lines of one event are counted. */
const FLOOD_MILLIS = 1_000;
const ORDER: Record<LogLevel, number> = { debug: 20, info: 30, warn: 40, error: 50 };
const CATALOGUE: Readonly<
  Record<keyof typeof LOG_EVENTS | keyof typeof SHELL_LOG_EVENTS, Definition>
> = { ...LOG_EVENTS, ...SHELL_LOG_EVENTS };

interface Definition {
  readonly level: LogLevel;
  readonly template: string;
  readonly record?: true;
}

export interface Log {
  readonly write: LogSink;
  /** Writes what waits, in its order, unless its reader is stuck. */
  drain(): Promise<void>;
  /** The same at once, before the process ends by force. */
  flush(): void;
  counters(): ProcessCounters;
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
  const flood = new Flood((event) => write(event));
  const write: LogSink = (event) => {
    const { level, record } = CATALOGUE[event.id];
    if (ORDER[level] < least) return;
    const most = record === true ? LIMITS.recordLines : LIMITS.logLines;
    if (event.id !== "LOG_SUPPRESSED" && !flood.lets(event.id, most)) return;
    const message = renderEvent(event);
    if (options.format === "json") json[level]({ id: event.id, fields: event.fields }, message);
    else destination.write(textLine(event.id, level, message));
  };
  const drain = (): Promise<void> =>
    new Promise((resolve) => {
      flood.tell();
      const timer = setTimeout(resolve, DRAIN_MILLIS);
      destination.flush(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  const flush = (): void => {
    flood.tell();
    flushQuietly(() => destination.flushSync());
  };
  return { write, drain, flush, counters: () => ({ log_suppressed_total: flood.suppressed }) };
}

/** Counts what comes too often, and says how much it was when the second is over. */
class Flood {
  suppressed = 0;
  readonly #seen = new Map<keyof typeof CATALOGUE, { count: number; readonly most: number }>();
  readonly #write: LogSink;
  #timer: NodeJS.Timeout | undefined;

  constructor(write: LogSink) {
    this.#write = write;
  }

  lets(id: keyof typeof CATALOGUE, most: number): boolean {
    const seen = this.#seen.get(id) ?? { count: 0, most };
    this.#seen.set(id, seen);
    this.#timer ??= setTimeout(() => this.tell(), FLOOD_MILLIS).unref();
    seen.count += 1;
    if (seen.count <= most) return true;
    this.suppressed += 1;
    return false;
  }

  tell(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const [event, { count, most }] of this.#seen) {
      if (count > most)
        this.#write({ id: "LOG_SUPPRESSED", fields: { count: count - most, event } });
    }
    this.#seen.clear();
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
