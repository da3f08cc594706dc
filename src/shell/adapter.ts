// What the loop asks of an adapter, whichever implementation stands behind the port.

import type { ProcessCounterName } from "../core/model/counter-names.ts";
import type { SentDatagram } from "../ports/datagram.ts";
import type { DiskRequest } from "../ports/disk.ts";
import type { LinkRequest } from "../ports/partner-link.ts";

/** For status and metrics. */
export type ProcessCounters = Readonly<Partial<Record<ProcessCounterName, number>>>;

export interface DatagramAdapter {
  send(datagram: SentDatagram): void;
  /** The batch is over: what was gathered leaves now. */
  flush(): void;
  counters(): ProcessCounters;
  /** Sockets that are to be open and are not, each with the reason. */
  waiting(): ReadonlyMap<string, string>;
  close(): Promise<void>;
}

export interface LinkAdapter {
  request(request: LinkRequest): void;
  /** The batch is over: one write a link. */
  flush(): void;
  counters(): ProcessCounters;
  /** Why nobody can connect; undefined: the port is open, or none is to be. */
  notListening(): string | undefined;
  /** Closes all links (each sends what is queued, at most 2 s) and stops listening. */
  close(): Promise<void>;
}

export interface DiskAdapter {
  request(request: DiskRequest): void;
  /** Waits for what was requested, then closes the files. */
  close(): Promise<void>;
}
