// The port `disk`: what the log asks of stable storage. "Done" means durable: the write to an O_DSYNC
// file returned, or the fsync did. Reading happens at a start only, before anything is served.

/** A request that the shell starts at once; each is answered by one `DiskResult` with the same id. */
export type DiskRequest =
  /** Write a group into a segment that is open (or opens it). Offsets only grow. */
  | {
      readonly type: "write";
      readonly id: number;
      readonly file: string;
      readonly offset: number;
      readonly bytes: Uint8Array;
    }
  /** Make a segment of `size` zero octets, durable together with its name. */
  | { readonly type: "zero"; readonly id: number; readonly file: string; readonly size: number }
  /** Append a slice to a file that is not part of the store until it is renamed (no durability yet). */
  | {
      readonly type: "append";
      readonly id: number;
      readonly file: string;
      readonly bytes: Uint8Array;
    }
  /** fsync `file`, rename it to `to`, fsync the folder. */
  | { readonly type: "publish"; readonly id: number; readonly file: string; readonly to: string }
  /** Remove a file; absent is no error. */
  | { readonly type: "remove"; readonly id: number; readonly file: string };

export type DiskResult =
  | { readonly type: "disk-done"; readonly id: number }
  | { readonly type: "disk-failed"; readonly id: number; readonly error: string };

/** Synchronous reading at a start. */
export interface DiskReader {
  list(): readonly string[];
  size(file: string): number;
  /** At most `length` octets from `offset`; fewer only at the end of the file. */
  read(file: string, offset: number, length: number): Uint8Array;
}

/** CRC-32 (IEEE), continued from `previous`. The core has no platform to compute it with. */
export type Crc32 = (bytes: Uint8Array, previous?: number) => number;
