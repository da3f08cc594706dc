// Keeps lease time in the log and speaks of it: a step of the wall clock, a start behind the last record, the partner's
// word, and `tandem clock accept` (T-06 (1), T-13).

import type { CoreResult } from "../../api/results.ts";
import type { FailoverService } from "../failover/link/service.ts";
import { DEFAULTS } from "../model/limits.ts";
import type { LogEvent } from "../model/log-events.ts";
import type { DhcpTime, Millis } from "../model/time.ts";
import { LeaseClock } from "./lease-clock.ts";
import type { ServerState } from "./state.ts";

export class ClockKeeper {
  readonly clock: LeaseClock;
  readonly #state: ServerState;
  readonly #log: (event: LogEvent) => void;

  /** `shellNow`: the shell's time, which is the wall clock at this moment. */
  constructor(state: ServerState, shellNow: Millis, log: (event: LogEvent) => void) {
    const { clock: record, lastRecord } = state;
    this.clock = new LeaseClock({ record, lastRecord, shellNow });
    this.#state = state;
    this.#log = log;
    const { behind } = this.clock;
    if (behind !== undefined) log({ id: "CLOCK_BEHIND", fields: { seconds: inSeconds(behind) } });
  }

  get isUnsure(): boolean {
    return this.clock.behind !== undefined;
  }

  compared(wallAhead: Millis, shell: Millis): void {
    const { clock } = this;
    const wasUnsure = this.isUnsure;
    if (clock.compared(wallAhead, shell)) {
      this.#state.saveClock(clock.record);
      this.#log({ id: "CLOCK_STEPPED", fields: { seconds: inSeconds(clock.difference) } });
    }
    if (wasUnsure && !this.isUnsure) this.#resumed("the wall clock was set");
  }

  /** The partner's clock, by a message of it. Milliseconds by which lease time went forward. */
  learn(time: DhcpTime, receivedAt: Millis): Millis {
    const forward = this.clock.learn(time, receivedAt);
    if (forward === undefined) return 0;
    this.#state.saveClock(this.clock.record);
    this.#resumed("the partner has told the time");
    return forward;
  }

  accept(shell: Millis, failover: FailoverService): CoreResult<"clock-accept"> {
    const { clock } = this;
    if (!this.isUnsure && Math.abs(clock.difference) <= DEFAULTS.clockStepMillis)
      return {
        shiftedSeconds: 0,
        message: "The wall clock and lease time agree: nothing to accept.",
      };
    const wasUnsure = this.isUnsure;
    const shiftedSeconds = clock.accept(shell);
    this.#state.saveClock(clock.record);
    this.#log({ id: "CLOCK_ACCEPTED", fields: { seconds: shiftedSeconds } });
    if (wasUnsure) this.#resumed("the wall clock was accepted");
    // The partner compares times, so it learns of this one from the start of a connection.
    failover.clockShifted(Math.abs(shiftedSeconds), clock.at(shell));
    const message = `Lease time follows the wall clock: every running lease was shifted by ${shiftedSeconds} s.`;
    return { shiftedSeconds, message };
  }

  get status(): CoreResult<"status">["clock"] {
    const { clock } = this;
    return {
      wallAheadSeconds: inSeconds(clock.difference),
      acceptedSeconds: clock.record.shift,
      waiting: this.isUnsure,
    };
  }

  #resumed(how: string): void {
    this.#log({ id: "CLOCK_KNOWN", fields: { how } });
  }
}

export function inSeconds(millis: Millis): number {
  return Math.round(millis / 1_000);
}
