// What a UDP socket sends: at once as long as the kernel takes it. What has to wait waits here and not in libuv, so that
// its age is looked at again when its turn comes (T-06 (4)).

import type { Millis } from "../core/model/time.ts";
import type { Clock } from "../ports/clock.ts";

/** Octets that the kernel has not taken yet; beyond, replies are dropped (clients repeat). */
const QUEUE_OCTETS = 4 * 1024 * 1024;

export interface Outgoing {
  readonly bytes: Uint8Array;
  readonly address: string;
  readonly port: number;
  readonly dropAt: Millis;
}

export interface SendCounters {
  sent: number;
  sendErrors: number;
  sendQueueFull: number;
  sendTooLate: number;
}

/** The socket behind the queue. */
export interface SendOutlet {
  /** Hands a datagram over; `done` is called once the kernel has taken or refused it. */
  send(datagram: Outgoing, done: (error: Error | null) => void): void;
  /** Datagrams handed over that the kernel has not taken yet. */
  waiting(): number;
}

export class SendQueue {
  readonly #outlet: SendOutlet;
  readonly #clock: Clock;
  readonly #counters: SendCounters;
  /** Datagrams that wait, from `#head` on. */
  #queue: Outgoing[] = [];
  #head = 0;
  #octets = 0;

  constructor(outlet: SendOutlet, clock: Clock, counters: SendCounters) {
    this.#outlet = outlet;
    this.#clock = clock;
    this.#counters = counters;
  }

  send(datagram: Outgoing): void {
    if (this.#queue.length === 0 && this.#outlet.waiting() === 0) {
      this.#hand(datagram);
    } else if (this.#octets + datagram.bytes.length > QUEUE_OCTETS) {
      this.#counters.sendQueueFull++;
    } else {
      this.#queue.push(datagram);
      this.#octets += datagram.bytes.length;
    }
  }

  #hand(datagram: Outgoing): void {
    this.#outlet.send(datagram, (error) => {
      if (error === null) this.#counters.sent++;
      else this.#counters.sendErrors++;
      if (this.#queue.length > 0) this.#drain();
    });
  }

  #drain(): void {
    while (this.#queue.length > this.#head && this.#outlet.waiting() === 0) {
      const datagram = this.#queue[this.#head++] as Outgoing;
      this.#octets -= datagram.bytes.length;
      // T-06 (4): it may have waited for long, with the whole process.
      if (this.#clock.now() > datagram.dropAt) this.#counters.sendTooLate++;
      else this.#hand(datagram);
    }
    if (this.#head < this.#queue.length) return;
    this.#queue = [];
    this.#head = 0;
  }
}
