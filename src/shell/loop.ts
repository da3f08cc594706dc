// The loop that moves bytes: what comes in during one turn is one batch for the door, what the door
// puts out is carried out at once. It decides nothing.

import type { Command } from "../api/commands.ts";
import type { FailureCode } from "../api/failures.ts";
import type { Ask, CommandResult, Refusal } from "../api/results.ts";
import type { ServerDoor, ServerEvent, Sink } from "../core/server/events.ts";
import type { DatagramAdapter, DiskAdapter, LinkAdapter } from "./adapter.ts";
import type { ShellClock } from "./clock.ts";
import type { LogSink } from "./log-events.ts";

/** The door is ticked at least this often. */
const TICK_MILLIS = 1_000;
/** Commands of operators that may wait for their answer at a time. */
const MAX_COMMANDS = 256;
/** An operator's command that the core has not answered by then. */
const COMMAND_MILLIS = 30_000;
/** The core hears of a wall clock that has moved against the shell's time by this much. */
const CLOCK_MILLIS = 250;

export interface StopOutcome {
  /** After an error the process exits with an error. */
  readonly failed: boolean;
  readonly reason: string;
}

export interface LoopAdapters {
  readonly datagrams: DatagramAdapter;
  readonly links: LinkAdapter;
  readonly disk: DiskAdapter;
}

export interface Loop {
  /** Queues an event for the next batch; `processed` is called when that batch is done. */
  post(event: ServerEvent, processed?: () => void): void;
  /** A command and its answer. */
  readonly ask: Ask;
  /** Begins to work: the first batch is a tick. */
  run(adapters: LoopAdapters): void;
  /** Resolves when the server has ended; nothing is stepped after that. */
  readonly finished: Promise<StopOutcome>;
}

export interface LoopOptions {
  readonly door: ServerDoor;
  readonly clock: ShellClock;
  readonly log: LogSink;
  /** T-15: called before anything is stepped, written or sent; ends the process when its claim on the state is gone. */
  readonly guard: () => void;
}

export function createLoop(options: LoopOptions): Loop {
  return new RunningLoop(options);
}

class RunningLoop implements Loop {
  readonly finished: Promise<StopOutcome>;
  readonly #options: LoopOptions;
  readonly #answers = new Map<number, (result: CommandResult) => void>();
  #resolveFinished: (outcome: StopOutcome) => void = () => undefined;
  #adapters: LoopAdapters | undefined;
  #sink: Sink | undefined;
  #queue: ServerEvent[] = [];
  #processed: (() => void)[] = [];
  #scheduled = false;
  #ended = false;
  #nextCommand = 1;
  #wallAhead = 0;
  #timer: NodeJS.Timeout | undefined;
  #timerDue = Number.POSITIVE_INFINITY;

  constructor(options: LoopOptions) {
    this.#options = options;
    this.finished = new Promise((resolve) => {
      this.#resolveFinished = resolve;
    });
  }

  post(event: ServerEvent, processed?: () => void): void {
    if (this.#ended) return;
    this.#queue.push(event);
    if (processed !== undefined) this.#processed.push(processed);
    this.#schedule();
  }

  ask<Asked extends Command>(command: Asked): Promise<CommandResult<Asked["type"]>> {
    if (this.#ended) return Promise.resolve(refused("stopped", "the server has stopped"));
    if (this.#answers.size >= MAX_COMMANDS) {
      return Promise.resolve(refused("busy", "too many commands are waiting; try again"));
    }
    const id = this.#nextCommand++;
    return new Promise((resolve) => {
      const timeout = setTimeout(() => {
        this.#answers.delete(id);
        resolve(refused("timeout", "the server did not answer in time"));
      }, COMMAND_MILLIS);
      timeout.unref();
      this.#answers.set(id, (result) => {
        clearTimeout(timeout);
        // The core answers a command with the result of its type: command-results.ts is typed so.
        resolve(result as CommandResult<Asked["type"]>);
      });
      this.post({ type: "command", id, command });
    });
  }

  run(adapters: LoopAdapters): void {
    this.#adapters = adapters;
    this.#sink = this.#createSink(adapters);
    this.post({ type: "tick" });
  }

  /** All that arrives while the system is polled makes one batch: the batch runs right after the polling. */
  #schedule(): void {
    if (this.#scheduled || this.#sink === undefined) return;
    this.#scheduled = true;
    setImmediate(() => this.#step());
  }

  #step(): void {
    this.#scheduled = false;
    if (this.#ended || this.#sink === undefined) return;
    const events = this.#queue;
    const processed = this.#processed;
    this.#queue = [];
    this.#processed = [];
    const { clock, door, guard } = this.#options;
    guard();
    try {
      door.stepBatch([...this.#clockEvents(), ...events], clock.now(), this.#sink);
    } catch (error) {
      this.#bug(error);
      return;
    }
    // D-007, F-077: one batch in, one batch of replies and one buffer to the partner out.
    guard();
    this.#adapters?.datagrams.flush();
    this.#adapters?.links.flush();
    for (const done of processed) done();
    this.#armTimer();
  }

  /** T-06 (1): at each wake-up the clocks are compared. */
  #clockEvents(): readonly ServerEvent[] {
    const wallAhead = this.#options.clock.wallAhead();
    if (Math.abs(wallAhead - this.#wallAhead) < CLOCK_MILLIS) return [];
    this.#wallAhead = wallAhead;
    return [{ type: "clock", wallAhead }];
  }

  #armTimer(): void {
    if (this.#ended) return;
    const now = this.#options.clock.now();
    const due = Math.min(this.#options.door.nextTick(now), now + TICK_MILLIS);
    // A timer that fires earlier than needed does no harm, one that fires later does.
    if (this.#timer !== undefined && this.#timerDue <= due) return;
    clearTimeout(this.#timer);
    this.#timerDue = due;
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        this.#timerDue = Number.POSITIVE_INFINITY;
        this.post({ type: "tick" });
      },
      Math.max(1, due - now),
    );
  }

  #createSink(adapters: LoopAdapters): Sink {
    const { guard } = this.#options;
    // T-15: a process can stand still inside a batch, so each output looks.
    return {
      now: () => this.#options.clock.now(),
      datagram: (datagram) => {
        guard();
        adapters.datagrams.send(datagram);
      },
      link: (request) => {
        guard();
        adapters.links.request(request);
      },
      disk: (request) => {
        guard();
        adapters.disk.request(request);
      },
      log: (event) => this.#options.log(event),
      answer: (id, result) => this.#answer(id, result),
      stopped: (outcome) => this.#end(outcome),
    };
  }

  #answer(id: number, result: CommandResult): void {
    this.#answers.get(id)?.(result);
    this.#answers.delete(id);
  }

  /** A broken assertion: the state in memory is not to be trusted, so nothing more is stepped or sent. */
  #bug(error: unknown): void {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#options.log({ id: "TANDEM_FAILED", fields: { error: text } });
    this.#end({ failed: true, reason: text });
  }

  #end(outcome: StopOutcome): void {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#timer);
    for (const resolve of this.#answers.values()) {
      resolve(refused("stopped", "the server has stopped"));
    }
    this.#answers.clear();
    // Outputs of this very batch still follow `stopped`; the end is announced after it.
    setImmediate(() => this.#resolveFinished(outcome));
  }
}

function refused(code: FailureCode, message: string): Refusal {
  return { ok: false, code, message };
}
