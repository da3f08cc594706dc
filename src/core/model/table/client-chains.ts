// The leases of each client, chained through their rows: those in use, and the newest of the free ones as a hint
// (RFC 8156 §4.2: a client is given again what it had). What a client once had never makes its next message dear.

import { LIMITS } from "../limits.ts";
import type { Interned } from "./interned.ts";
import { ROW } from "./lease-row.ts";
import type { WordRows } from "./word-rows.ts";

/** In PREVIOUS_OF_CLIENT: the row is free and stands in no chain any more. */
const LEFT_OUT = 0xffffffff;

export class ClientChains {
  private readonly rows: WordRows;
  private readonly clients: Interned;

  constructor(rows: WordRows, clients: Interned) {
    this.rows = rows;
    this.clients = clients;
  }

  /** Puts a row at the head of its client's chain. */
  enter(client: number, row: number, inUse: boolean): void {
    const next = this.clients.head(client, inUse);
    this.rows.setWord(row, ROW.PREVIOUS_OF_CLIENT, 0);
    this.rows.setWord(row, ROW.NEXT_OF_CLIENT, next);
    if (next !== 0) this.rows.setWord(next, ROW.PREVIOUS_OF_CLIENT, row);
    this.clients.setHead(client, inUse, row);
    if (inUse) return;
    if (next === 0) this.clients.setLastFree(client, row);
    const count = this.clients.freeCount(client) + 1;
    this.clients.setFreeCount(client, count);
    if (count > LIMITS.hintsPerClient) this.dropLast(client);
  }

  /** Takes a row out of the chain in which it stands. */
  leave(client: number, row: number, inUse: boolean): void {
    const next = this.rows.word(row, ROW.NEXT_OF_CLIENT);
    const previous = this.rows.word(row, ROW.PREVIOUS_OF_CLIENT);
    if (previous === LEFT_OUT) return;
    if (previous === 0) this.clients.setHead(client, inUse, next);
    else this.rows.setWord(previous, ROW.NEXT_OF_CLIENT, next);
    if (next !== 0) this.rows.setWord(next, ROW.PREVIOUS_OF_CLIENT, previous);
    if (inUse) return;
    if (next === 0) this.clients.setLastFree(client, previous);
    this.clients.setFreeCount(client, this.clients.freeCount(client) - 1);
  }

  /** The rows of a client: what is in use, then what is free, the latest first. */
  rowsOf(client: number): readonly number[] {
    const found: number[] = [];
    for (const inUse of [true, false]) {
      let row = this.clients.head(client, inUse);
      for (; row !== 0; row = this.rows.word(row, ROW.NEXT_OF_CLIENT)) found.push(row);
    }
    return found;
  }

  private dropLast(client: number): void {
    const last = this.clients.lastFree(client);
    this.leave(client, last, false);
    this.rows.setWord(last, ROW.NEXT_OF_CLIENT, 0);
    this.rows.setWord(last, ROW.PREVIOUS_OF_CLIENT, LEFT_OUT);
  }
}
