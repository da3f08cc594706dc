// How many leases a server may hold in all: as the file says, else what the machine bears (D-294).

import { LIMITS } from "../model/limits.ts";

/** What the process has; octets. Asked of the machine once, at the start. */
export interface Machine {
  readonly memory: number;
  /** For the state directory: what is free, and what it holds already. */
  readonly disk: number;
}

export interface Capacity {
  /** Leases in use. */
  readonly most: number;
  /** Records, with the free ones that are remembered. */
  readonly mostRecords: number;
  /** Where the number is from, for people. */
  readonly by: string;
}

export function capacityOf(configured: number | undefined, { memory, disk }: Machine): Capacity {
  if (configured !== undefined) return withRecords(configured, "max-leases of the file");
  const inMemory = memory / 2 / LIMITS.leaseMemoryBytes;
  const onDisk = disk / LIMITS.leaseDiskBytes;
  const of = inMemory <= onDisk ? "memory" : "disk";
  const most = Math.floor(Math.max(LIMITS.leastCapacity, Math.min(inMemory, onDisk)));
  return withRecords(most, `the machine's ${of}, as the file has no max-leases`);
}

function withRecords(most: number, by: string): Capacity {
  return { most, mostRecords: most + Math.ceil(most / 4), by };
}
