// Lease time (T-06 (1)): at a start the wall clock plus the stored offset, from then on moved on by the shell's clock,
// which never steps. A step of the wall clock changes the offset and nothing else. Pure: clocks are read by the shell.

import type { ClockRecord } from "../model/clock-record.ts";
import { DEFAULTS } from "../model/limits.ts";
import { addSeconds, type DhcpTime, diffSeconds, floorTime, type Millis } from "../model/time.ts";
import type { ServerEvent } from "./events.ts";

export interface LeaseClockOptions {
  readonly record: ClockRecord;
  /** The shell's time, which is the wall clock at this moment. */
  readonly shellNow: Millis;
  /** Lease time of the last record of the log; 0 = none. */
  readonly lastRecord: Millis;
}

export class LeaseClock {
  #record: ClockRecord;
  /** Lease time less the shell's time. */
  #ahead: Millis;
  /** The wall clock less the shell's time. */
  #wallAhead: Millis = 0;
  readonly #lastRecord: Millis;
  /** The wall clock was behind the last record by this much when the server started; undefined: it does not wait. */
  #behind: Millis | undefined;

  constructor({ lastRecord, record, shellNow }: LeaseClockOptions) {
    this.#record = record;
    this.#ahead = record.offset;
    this.#lastRecord = lastRecord;
    const behind = lastRecord - (shellNow + record.offset);
    if (behind <= 0) return;
    // Lease time never goes back: it goes on from the last record.
    this.#ahead += behind;
    if (behind > DEFAULTS.skewPermittedSeconds * 1_000) this.#behind = behind;
  }

  get record(): ClockRecord {
    return this.#record;
  }

  /** Milliseconds by which the clock was behind the last record; undefined: the server need not wait. */
  get behind(): Millis | undefined {
    return this.#behind;
  }

  /** Lease time as rows have it, at a time of the shell. */
  at(shell: Millis): Millis {
    return shell + this.#ahead;
  }

  /** The shell's time at a lease time. */
  toShell(lease: Millis): Millis {
    return lease - this.#ahead;
  }

  /** A lease time as it is told to the partner. */
  told(lease: Millis): DhcpTime {
    return addSeconds(floorTime(lease), this.#record.shift);
  }

  /** The wall clock less lease time as it is told, milliseconds: what an operator may accept. */
  get difference(): Millis {
    return this.#wallAhead - this.#ahead - this.#record.shift * 1_000;
  }

  get #offset(): Millis {
    return this.#ahead - this.#wallAhead;
  }

  /** The shell has compared the clocks. A new offset is to be stored when this is true. */
  compared(wallAhead: Millis, shell: Millis): boolean {
    this.#wallAhead = wallAhead;
    if (this.#behind !== undefined) {
      // The wall clock was set right: it is not behind the last record any more.
      const wanted = shell + wallAhead + this.#record.offset;
      if (wanted < this.#lastRecord) return false;
      this.#behind = undefined;
      this.#ahead = Math.max(this.#ahead, wanted - shell);
    }
    if (Math.abs(this.#offset - this.#record.offset) <= DEFAULTS.clockStepMillis) return false;
    this.#record = { ...this.#record, offset: this.#offset };
    return true;
  }

  /** A clock that is not in doubt has said its time (as told), when lease time was `receivedAt`. Milliseconds by which lease time goes
   * forward; undefined: nothing is learnt from it. */
  learn(time: DhcpTime, receivedAt: Millis): Millis | undefined {
    if (this.#behind === undefined) return undefined;
    const apart = diffSeconds(time, this.told(receivedAt));
    // Behind our last record the partner's clock is not right either.
    if (apart < -DEFAULTS.skewPermittedSeconds) return undefined;
    const forward = Math.max(0, apart) * 1_000;
    this.#ahead += forward;
    this.#behind = undefined;
    this.#record = { ...this.#record, offset: this.#offset };
    return forward;
  }

  /** The operator says that the wall clock is right. Seconds by which all that is told shifts; rows stay as they are. */
  accept(shell: Millis): number {
    const wall = shell + this.#wallAhead;
    const { shift } = this.#record;
    if (this.#behind !== undefined)
      this.#ahead = Math.max(this.#ahead, wall - shift * 1_000 - shell);
    this.#behind = undefined;
    const wanted = Math.round((wall - this.at(shell)) / 1_000);
    this.#record = { offset: this.#offset, shift: wanted };
    return wanted - shift;
  }
}

type StepEvent = Exclude<ServerEvent, { readonly type: "tick" | "clock" }>;

/** An event of the shell with its time of arrival as lease time. */
export function inLeaseTime(event: StepEvent, clock: LeaseClock): StepEvent {
  if (event.type === "datagram") {
    const receivedAt = clock.at(event.datagram.receivedAt);
    return { ...event, datagram: { ...event.datagram, receivedAt } };
  }
  if (event.type !== "link-data" || event.receivedAt === undefined) return event;
  return { ...event, receivedAt: clock.at(event.receivedAt) };
}
