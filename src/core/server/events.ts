// The door's events and outputs: all that goes in and comes out of a server (docs/internals/core.md).

import type { Command } from "../../api/commands.ts";
import type { CommandResult } from "../../api/results.ts";
import type { SentDatagram } from "../../ports/datagram.ts";
import type { DiskRequest, DiskResult } from "../../ports/disk.ts";
import type { LinkEvent, LinkRequest } from "../../ports/partner-link.ts";
import type { LogEvent } from "../model/log-events.ts";
import type { ReceivedDatagram } from "../model/received-datagram.ts";
import type { Millis } from "../model/time.ts";

export type ServerEvent =
  | { readonly type: "datagram"; readonly datagram: ReceivedDatagram }
  | LinkEvent
  | DiskResult
  | { readonly type: "tick" }
  /** The wall clock less the time that the shell gives as `now`, which begins as the wall clock and never steps (T-06 (1)). */
  | { readonly type: "clock"; readonly wallAhead: Millis }
  | { readonly type: "command"; readonly id: number; readonly command: Command };

/** Where outputs go, in order, during `stepBatch`. All were released: what they promise is durable. */
export interface Sink {
  /** The shell's time at this very moment: a process may have stood still since the batch began (T-06 (4)). */
  now(): Millis;
  datagram(datagram: SentDatagram): void;
  link(request: LinkRequest): void;
  disk(request: DiskRequest): void;
  log(event: LogEvent): void;
  /** The answer to a command, as plain data for JSON. */
  answer(id: number, result: CommandResult): void;
  /** The server has ended: `failed` after a disk error (the process exits with an error), else a planned stop. */
  stopped(outcome: { readonly failed: boolean; readonly reason: string }): void;
}

export interface ServerDoor {
  /** The only way state changes. `now` is the shell's time and never goes back. */
  stepBatch(events: readonly ServerEvent[], now: Millis, sink: Sink): void;
  /** When the next `tick` is due at the latest; the shell may tick earlier and at least once a second. */
  nextTick(now: Millis): Millis;
}
