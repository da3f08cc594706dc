// The lease table of service: rows of words in chunks, indexes by address, client, expiry, mark and prefix.
// No operation touches more than a few rows, whatever the table holds (DESIGN §2, §5).

import type { Duid } from "../duid.ts";
import { type Ipv6Address, inPrefix, maskTo } from "../ipv6.ts";
import type { Lease, LeaseKey } from "../lease.ts";
import { isAvailable } from "../lease-status.ts";
import type { Cursor, LeaseTable } from "../lease-table.ts";
import { LIMITS } from "../limits.ts";
import type { DhcpTime } from "../time.ts";
import { ClientChains } from "./client-chains.ts";
import { type HashSeed, hashAddress } from "./hash.ts";
import { HashIndex } from "./hash-index.ts";
import { HexText } from "./hex-text.ts";
import { Interned } from "./interned.ts";
import {
  isInUse,
  isMarked,
  isPrefix,
  isUsed,
  lengthOf,
  ROW,
  ROW_WORDS,
  readLease,
  versionOf,
  writeAddress,
  writeFixed,
} from "./lease-row.ts";
import { LinkNames } from "./link-names.ts";
import { OrderedRows } from "./ordered-rows.ts";
import { WordRows } from "./word-rows.ts";

export interface LeaseTableOptions {
  /** A secret of 64 bits against clients that choose colliding identifiers; drawn at the start. */
  readonly seed?: HashSeed;
}

/** An empty table for service. */
export function createLeaseTable(options: LeaseTableOptions = {}): LeaseTable {
  return new TypedLeaseTable(options.seed ?? [0x74616e64, 0x656d3132]);
}

const TWO_21 = 2_097_152;
const MAX_TIME = 0xffffffff;

class TypedLeaseTable implements LeaseTable {
  size = 0;
  private readonly seed: HashSeed;
  private readonly rows = new WordRows(ROW_WORDS);
  private readonly byAddress: HashIndex;
  private readonly clients: Interned;
  private readonly chains: ClientChains;
  private readonly blobs: Interned;
  private readonly links = new LinkNames();
  private readonly byExpiry = new OrderedRows();
  /** F-299, F-540: leases that the partner must be told, in order of version. */
  private readonly byMark = new OrderedRows();
  private readonly byPrefix: OrderedRows;
  /** How many prefix leases there are of each length. */
  private readonly prefixLengths = new Uint32Array(129);
  private readonly probe = new Uint32Array(4);
  private readonly hex = new HexText();

  constructor(seed: HashSeed) {
    this.seed = seed;
    this.byAddress = new HashIndex(this.rows, ROW.NEXT, (row) => this.hashOfRow(row));
    this.clients = new Interned(seed);
    this.chains = new ClientChains(this.rows, this.clients);
    this.blobs = new Interned(seed);
    this.byPrefix = new OrderedRows((a, b) => this.comparePrefixes(a, b));
  }

  get markedCount(): number {
    return this.byMark.size;
  }

  get oldestMarked(): number {
    return this.byMark.size === 0 ? 0 : this.byMark.key(this.byMark.seek(0));
  }

  get(key: LeaseKey): Lease | undefined {
    const row = this.find(key.address, key.length);
    return row === 0 ? undefined : this.lease(row, key.address);
  }

  put(lease: Lease): void {
    let row = this.find(lease.address, lease.length);
    if (row === 0) row = this.insert(lease);
    else this.leaveOrders(row, lease);
    const words = this.rows.chunk(row);
    const base = this.rows.base(row);
    const before = words[base + ROW.STATE] as number;
    const fresh = !isUsed(before);
    const expiry = words[base + ROW.STATE_EXPIRATION] as number;
    const version = versionOf(words, base);
    this.setLink(words, base, lease.link);
    this.setClient(row, lease.duid, !isAvailable(lease.status));
    this.setBlob(words, base + ROW.RELAY_DATA, lease.relayData);
    this.setBlob(words, base + ROW.FQDN, lease.fqdn);
    this.setBlob(words, base + ROW.RECONFIGURE_DATA, lease.reconfigureData);
    writeFixed(words, base, lease);
    const after = words[base + ROW.STATE] as number;
    if (isInUse(after)) this.links.countInUse(words[base + ROW.LINK] as number, 1);
    if (lease.stateExpirationTime !== 0 && (fresh || expiry !== lease.stateExpirationTime)) {
      this.byExpiry.add(lease.stateExpirationTime, row);
    }
    if (lease.marked && (fresh || !isMarked(before) || version !== lease.version))
      this.byMark.add(lease.version, row);
    if (isPrefix(after) && (fresh || !isPrefix(before))) this.enterPrefix(row, words, base);
  }

  remove(key: LeaseKey): void {
    const row = this.find(key.address, key.length);
    if (row === 0) return;
    const words = this.rows.chunk(row);
    const base = this.rows.base(row);
    this.leaveOrders(row, undefined);
    this.setClient(row, undefined, false);
    this.setBlob(words, base + ROW.RELAY_DATA, undefined);
    this.setBlob(words, base + ROW.FQDN, undefined);
    this.setBlob(words, base + ROW.RECONFIGURE_DATA, undefined);
    this.links.leave(words[base + ROW.LINK] as number);
    this.byAddress.remove(this.hashOfRow(row), row);
    this.rows.release(row);
    this.size -= 1;
  }

  ofClient(duid: Duid): readonly Lease[] {
    const client = this.clients.findDuid(duid);
    if (client === 0) return [];
    return this.chains.rowsOf(client).map((row) => this.lease(row, undefined));
  }

  countInUse(link: string | undefined): number {
    return this.links.inUse(link);
  }

  prefixesWithin(block: { address: Ipv6Address; length: number }, limit: number): readonly Lease[] {
    const found: Lease[] = [];
    for (let length = 0; length < block.length && found.length < limit; length++) {
      if (this.prefixLengths[length] === 0) continue;
      const row = this.find(maskTo(block.address, length), length);
      if (row !== 0 && this.isPrefixInUse(row)) found.push(this.lease(row, undefined));
    }
    writeAddress(block.address, this.probe, 0);
    const position = this.byPrefix.seek(
      orderKey(this.probe, 0),
      (row) => this.compareWithProbe(row) >= 0,
    );
    for (; found.length < limit; this.byPrefix.advance(position)) {
      const row = this.byPrefix.row(position);
      if (row === 0) break;
      const words = this.rows.chunk(row);
      const base = this.rows.base(row);
      const address = this.addressOf(words, base);
      if (!inPrefix(address, block)) break;
      const state = words[base + ROW.STATE] as number;
      if (isInUse(state) && lengthOf(state) >= block.length) found.push(this.lease(row, address));
    }
    return found;
  }

  due(time: DhcpTime, limit: number): readonly Lease[] {
    // F-013: serial arithmetic; "not later than time" is the half of the circle that ends with it.
    const from = (time - 0x7fffffff) >>> 0;
    const found: Lease[] = [];
    if (from <= time) {
      this.collectDue(from, time, limit, found);
    } else {
      this.collectDue(from, MAX_TIME, limit, found);
      this.collectDue(0, time, limit, found);
    }
    return found;
  }

  marked(after: number, limit: number): readonly Lease[] {
    const found: Lease[] = [];
    const position = this.byMark.seek(after + 1);
    for (; found.length < limit; this.byMark.advance(position)) {
      const row = this.byMark.row(position);
      if (row === 0) break;
      found.push(this.lease(row, undefined));
    }
    return found;
  }

  slice(
    from: Cursor,
    limit: number,
  ): { readonly leases: readonly Lease[]; readonly next: Cursor | undefined } {
    const leases: Lease[] = [];
    let row = Math.max(1, from);
    // A lease stays in its row as long as it exists, so a walk by row meets it.
    const end = Math.min(this.rows.end, row + LIMITS.rowsPerStep);
    for (; row < end && leases.length < limit; row++) {
      if (isUsed(this.rows.word(row, ROW.STATE))) leases.push(this.lease(row, undefined));
    }
    return { leases, next: row < this.rows.end ? row : undefined };
  }

  private find(address: Ipv6Address, length: number): number {
    const probe = this.probe;
    writeAddress(address, probe, 0);
    let row = this.byAddress.first(hashAddress(this.seed, probe, 0, length));
    while (row !== 0) {
      const words = this.rows.chunk(row);
      const base = this.rows.base(row);
      if (
        words[base] === probe[0] &&
        words[base + 1] === probe[1] &&
        words[base + 2] === probe[2] &&
        words[base + 3] === probe[3] &&
        lengthOf(words[base + ROW.STATE] as number) === length
      ) {
        return row;
      }
      row = words[base + ROW.NEXT] as number;
    }
    return 0;
  }

  /** A row with the key of `lease` and nothing else; its state says "not used" until it is written. */
  private insert(lease: Lease): number {
    const row = this.rows.allocate();
    const words = this.rows.chunk(row);
    const base = this.rows.base(row);
    writeAddress(lease.address, words, base + ROW.ADDRESS);
    words[base + ROW.STATE] = lease.length;
    words[base + ROW.LINK] = this.links.enter(lease.link);
    this.byAddress.add(this.hashOfRow(row), row);
    this.size += 1;
    return row;
  }

  /** Takes a row out of all orders in which its place changes with `next` (undefined: out of all). */
  private leaveOrders(row: number, next: Lease | undefined): void {
    const words = this.rows.chunk(row);
    const base = this.rows.base(row);
    const state = words[base + ROW.STATE] as number;
    const expiry = words[base + ROW.STATE_EXPIRATION] as number;
    const version = versionOf(words, base);
    if (isInUse(state)) this.links.countInUse(words[base + ROW.LINK] as number, -1);
    if (expiry !== 0 && expiry !== next?.stateExpirationTime) this.byExpiry.remove(expiry, row);
    if (isMarked(state) && !(next?.marked === true && next.version === version))
      this.byMark.remove(version, row);
    if (isPrefix(state) && next?.kind !== "prefix") {
      this.byPrefix.remove(orderKey(words, base), row);
      const length = lengthOf(state);
      this.prefixLengths[length] = (this.prefixLengths[length] as number) - 1;
    }
  }

  private enterPrefix(row: number, words: Uint32Array, base: number): void {
    this.byPrefix.add(orderKey(words, base), row);
    const length = lengthOf(words[base + ROW.STATE] as number);
    this.prefixLengths[length] = (this.prefixLengths[length] as number) + 1;
  }

  private setLink(words: Uint32Array, base: number, link: string | undefined): void {
    const old = words[base + ROW.LINK] as number;
    if (this.links.name(old) === link) return;
    words[base + ROW.LINK] = this.links.enter(link);
    this.links.leave(old);
  }

  /** `inUse`: whether the lease is from now on; the row's state still says what it was. */
  private setClient(row: number, duid: Duid | undefined, inUse: boolean): void {
    const old = this.rows.word(row, ROW.CLIENT);
    const wasInUse = isInUse(this.rows.word(row, ROW.STATE));
    const isSame =
      old === 0 ? duid === undefined : duid !== undefined && this.clients.equalsDuid(old, duid);
    if (isSame && (old === 0 || inUse === wasInUse)) return;
    if (old !== 0) this.chains.leave(old, row, wasInUse);
    if (!isSame) {
      if (old !== 0) this.clients.release(old);
      this.rows.setWord(row, ROW.CLIENT, duid === undefined ? 0 : this.clients.internDuid(duid));
    }
    const client = this.rows.word(row, ROW.CLIENT);
    if (client !== 0) this.chains.enter(client, row, inUse);
  }

  private setBlob(words: Uint32Array, at: number, bytes: Uint8Array | undefined): void {
    const old = words[at] as number;
    if (old === 0 ? bytes === undefined : bytes !== undefined && this.blobs.equals(old, bytes))
      return;
    words[at] = bytes === undefined ? 0 : this.blobs.intern(bytes);
    if (old !== 0) this.blobs.release(old);
  }

  private lease(row: number, address: Ipv6Address | undefined): Lease {
    const words = this.rows.chunk(row);
    const base = this.rows.base(row);
    const client = words[base + ROW.CLIENT] as number;
    return readLease(words, base, {
      address: address ?? this.addressOf(words, base),
      link: this.links.name(words[base + ROW.LINK] as number),
      duid: client === 0 ? undefined : this.clients.duid(client),
      relayData: this.blob(words[base + ROW.RELAY_DATA] as number),
      fqdn: this.blob(words[base + ROW.FQDN] as number),
      reconfigureData: this.blob(words[base + ROW.RECONFIGURE_DATA] as number),
    });
  }

  private addressOf(words: Uint32Array, base: number): Ipv6Address {
    return this.hex.address(words, base) as Ipv6Address;
  }

  private blob(entry: number): Uint8Array | undefined {
    return entry === 0 ? undefined : this.blobs.bytes(entry);
  }

  private collectDue(from: number, to: number, limit: number, found: Lease[]): void {
    const position = this.byExpiry.seek(from);
    for (
      ;
      found.length < limit && this.byExpiry.key(position) <= to;
      this.byExpiry.advance(position)
    ) {
      found.push(this.lease(this.byExpiry.row(position), undefined));
    }
  }

  private isPrefixInUse(row: number): boolean {
    const state = this.rows.word(row, ROW.STATE);
    return isPrefix(state) && isInUse(state);
  }

  private hashOfRow(row: number): number {
    const words = this.rows.chunk(row);
    const base = this.rows.base(row);
    return hashAddress(this.seed, words, base, lengthOf(words[base + ROW.STATE] as number));
  }

  /** By address, then by length. */
  private comparePrefixes(a: number, b: number): number {
    const wordsA = this.rows.chunk(a);
    const wordsB = this.rows.chunk(b);
    const baseA = this.rows.base(a);
    const baseB = this.rows.base(b);
    for (let i = 0; i < 4; i++) {
      const difference = (wordsA[baseA + i] as number) - (wordsB[baseB + i] as number);
      if (difference !== 0) return difference;
    }
    return (
      lengthOf(wordsA[baseA + ROW.STATE] as number) - lengthOf(wordsB[baseB + ROW.STATE] as number)
    );
  }

  private compareWithProbe(row: number): number {
    const words = this.rows.chunk(row);
    const base = this.rows.base(row);
    for (let i = 0; i < 4; i++) {
      const difference = (words[base + i] as number) - (this.probe[i] as number);
      if (difference !== 0) return difference;
    }
    return 0;
  }
}

/** The first 53 bits of an address as a number. */
function orderKey(words: Uint32Array, base: number): number {
  return (words[base] as number) * TWO_21 + ((words[base + 1] as number) >>> 11);
}
