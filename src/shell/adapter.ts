// What the loop asks of an adapter, whichever implementation stands behind the port.

import type { SentDatagram } from "../ports/datagram.ts";
import type { DiskRequest } from "../ports/disk.ts";
import type { LinkRequest } from "../ports/partner-link.ts";

/** Counters by name (`udp_received_total`, …), for status and metrics. */
export type Counters = Readonly<Record<string, number>>;

export interface DatagramAdapter {
  send(datagram: SentDatagram): void;
  /** The batch is over: what was gathered leaves now. */
  flush(): void;
  counters(): Counters;
  close(): Promise<void>;
}

export interface LinkAdapter {
  request(request: LinkRequest): void;
  /** The batch is over: one write a link. */
  flush(): void;
  counters(): Counters;
  /** Closes all links (each sends what is queued, at most 2 s) and stops listening. */
  close(): Promise<void>;
}

export interface DiskAdapter {
  request(request: DiskRequest): void;
  /** Waits for what was requested, then closes the files. */
  close(): Promise<void>;
}
