// The lease table of service: rows of words in chunks, indexes by address, client, expiry, mark and prefix.
// No operation touches more than a few rows, whatever the table holds (DESIGN §2, §5).

import type { Duid } from "../duid.ts";
import { type Ipv6Address, inPrefix, maskTo, type Prefix } from "../ipv6.ts";
import type { Lease, LeaseKey } from "../lease.ts";
import { dueTime, isAvailable } from "../lease-status.ts";
import type { Cursor, LeaseTable, LeaseTableOptions, LinkGroup } from "../lease-table.ts";
import { LIMITS } from "../limits.ts";
import { type DhcpTime, NO_TIME } from "../time.ts";
import { ClientChains } from "./client-chains.ts";
import { type HashSeed, hashAddress } from "./hash.ts";
import { HashIndex } from "./hash-index.ts";
import { HexText } from "./hex-text.ts";
import { Interned } from "./interned.ts";
import {
  dueTimeOf,
  isDeclined,
  isInUse,
  isMarked,
  isPrefix,
  isUsed,
  lengthOf,
  ROW,
  ROW_WORDS,
  readLease,
  statusOf,
  versionOf,
  writeAddress,
  writeFixed,
} from "./lease-row.ts";
import { LinkNames } from "./link-names.ts";
import { OrderedRows } from "./ordered-rows.ts";
import { PrefixOrder } from "./prefix-order.ts";
import { changesHands, isPrefixInUse, orderOf } from "./row-facts.ts";
import { WordRows } from "./word-rows.ts";

/** An empty table for service. */
export function createLeaseTable(options: LeaseTableOptions): LeaseTable {
  return new TypedLeaseTable(options);
}

const TWO_32 = 4_294_967_296;
const MAX_TIME = 0xffffffff;

/** Orders in which a row stays where it is, as bits. */
const STAYS_DUE = 1;
const STAYS_MARKED = 2;
const STAYS_PREFIX = 4;

class TypedLeaseTable implements LeaseTable {
  size = 0;
  inUse = 0;
  prefixTurnover = 0;
  private readonly seed: HashSeed;
  private readonly rows = new WordRows(ROW_WORDS);
  private readonly byAddress: HashIndex;
  private readonly clients: Interned;
  private readonly chains: ClientChains;
  private readonly blobs: Interned;
  private readonly links: LinkNames;
  /** Declined addresses by link and time. */
  private readonly byDeclined = new OrderedRows();
  private readonly byPrefix = new PrefixOrder(this.rows);
  private readonly probe = new Uint32Array(4);
  private readonly hex = new HexText();

  constructor({ seed, groupOf }: LeaseTableOptions) {
    this.seed = seed;
    this.links = new LinkNames(groupOf);
    this.byAddress = new HashIndex(this.rows, ROW.NEXT, (row) => this.hashOfRow(row));
    this.clients = new Interned(seed);
    this.chains = new ClientChains(this.rows, this.clients);
    this.blobs = new Interned(seed);
  }

  get(key: LeaseKey): Lease | undefined {
    const row = this.find(key.address, key.length);
    return row === 0 ? undefined : this.lease(row, key.address);
  }

  put(lease: Lease): void {
    const found = this.find(lease.address, lease.length);
    const row = found === 0 ? this.insert(lease) : found;
    if (lease.kind === "prefix" && changesHands(this.rows, row, lease)) this.prefixTurnover += 1;
    const stays = found === 0 ? 0 : this.leaveOrders(row, lease);
    const words = this.rows.chunk(row);
    const base = this.rows.base(row);
    this.setLink(words, base, lease.link);
    this.setClient(row, lease.duid, !isAvailable(lease.status));
    this.setBlob(words, base + ROW.RELAY_DATA, lease.relayData);
    this.setBlob(words, base + ROW.FQDN, lease.fqdn);
    this.setBlob(words, base + ROW.RECONFIGURE_DATA, lease.reconfigureData);
    writeFixed(words, base, lease);
    this.enterOrders(row, lease, stays);
  }

  remove(key: LeaseKey): void {
    const row = this.find(key.address, key.length);
    if (row === 0) return;
    const words = this.rows.chunk(row);
    const base = this.rows.base(row);
    if (isPrefixInUse(this.rows, row)) this.prefixTurnover += 1;
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
    const number = this.links.find(link);
    return number === undefined ? 0 : this.links.entry(number).inUse;
  }

  countDeclined(link: string | undefined): number {
    const number = this.links.find(link);
    return number === undefined ? 0 : this.links.entry(number).declined;
  }

  oldestDeclined(link: string | undefined, limit: number): readonly Lease[] {
    const number = this.links.find(link);
    const found: Lease[] = [];
    if (number === undefined) return found;
    const order = this.byDeclined;
    const position = order.seek(number * TWO_32);
    for (; found.length < limit; order.advance(position)) {
      if (order.key(position) >= (number + 1) * TWO_32) break;
      found.push(this.lease(order.row(position), undefined));
    }
    return found;
  }

  prefixesWithin(block: { address: Ipv6Address; length: number }, limit: number): readonly Lease[] {
    const found: Lease[] = [];
    for (let length = 0; length < block.length && found.length < limit; length++) {
      if (!this.byPrefix.has(length)) continue;
      const row = this.find(maskTo(block.address, length), length);
      if (row !== 0 && isPrefixInUse(this.rows, row)) found.push(this.lease(row, undefined));
    }
    const position = this.byPrefix.seek(block.address);
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

  prefixRows(block: Prefix, after: Prefix | undefined, limit: number): readonly Lease[] {
    const found: Lease[] = [];
    const position = this.byPrefix.seek(after?.address ?? block.address);
    for (; found.length < limit; this.byPrefix.advance(position)) {
      const row = this.byPrefix.row(position);
      if (row === 0) break;
      const address = this.addressOf(this.rows.chunk(row), this.rows.base(row));
      if (!inPrefix(address, block)) break;
      const length = lengthOf(this.rows.word(row, ROW.STATE));
      const isBehind = after === undefined || address !== after.address || length > after.length;
      if (isBehind) found.push(this.lease(row, address));
    }
    return found;
  }

  due(group: LinkGroup, time: DhcpTime, limit: number): readonly Lease[] {
    return this.dueIn(this.links.group(group).due, time, limit);
  }

  dueDeclined(group: LinkGroup, time: DhcpTime, limit: number): readonly Lease[] {
    return this.dueIn(this.links.group(group).declined, time, limit);
  }

  dueFree(group: LinkGroup, time: DhcpTime, limit: number): readonly Lease[] {
    return this.dueIn(this.links.group(group).free, time, limit);
  }

  marked(relationship: string, after: number, limit: number): readonly Lease[] {
    const { marks } = this.links.group(relationship);
    const found: Lease[] = [];
    const position = marks.seek(after + 1);
    for (; found.length < limit; marks.advance(position)) {
      const row = marks.row(position);
      if (row === 0) break;
      found.push(this.lease(row, undefined));
    }
    return found;
  }

  markedCount(relationship: string): number {
    return this.links.group(relationship).marks.size;
  }

  oldestMarked(relationship: string): number {
    const { marks } = this.links.group(relationship);
    return marks.size === 0 ? 0 : marks.key(marks.seek(0));
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

  /** Takes a row out of all orders in which its place changes with `next` (undefined: out of all); returns in which it stays. */
  private leaveOrders(row: number, next: Lease | undefined): number {
    const words = this.rows.chunk(row);
    const base = this.rows.base(row);
    const state = words[base + ROW.STATE] as number;
    const number = words[base + ROW.LINK] as number;
    const link = this.links.entry(number);
    const version = versionOf(words, base);
    const sameLink = next !== undefined && next.link === link.name;
    let stays = 0;
    if (isInUse(state)) {
      link.inUse -= 1;
      this.inUse -= 1;
    }
    if (isDeclined(state)) link.declined -= 1;
    const time = dueTimeOf(words, base);
    if (time !== NO_TIME) {
      const order = orderOf(statusOf(state));
      if (sameLink && dueTime(next) === time && orderOf(next.status) === order) stays |= STAYS_DUE;
      else {
        link.group[order].remove(time, row);
        if (isDeclined(state)) this.byDeclined.remove(number * TWO_32 + time, row);
      }
    }
    if (isMarked(state)) {
      if (sameLink && next.marked && next.version === version) stays |= STAYS_MARKED;
      else link.group.marks.remove(version, row);
    }
    if (isPrefix(state)) {
      if (next?.kind === "prefix") stays |= STAYS_PREFIX;
      else this.byPrefix.remove(row);
    }
    return stays;
  }

  /** Puts a row that is written into all orders but those in which it stayed. */
  private enterOrders(row: number, lease: Lease, stays: number): void {
    const words = this.rows.chunk(row);
    const base = this.rows.base(row);
    const state = words[base + ROW.STATE] as number;
    const number = words[base + ROW.LINK] as number;
    const link = this.links.entry(number);
    if (isInUse(state)) {
      link.inUse += 1;
      this.inUse += 1;
    }
    if (isDeclined(state)) link.declined += 1;
    const time = dueTime(lease);
    if (time !== NO_TIME && (stays & STAYS_DUE) === 0) {
      link.group[orderOf(lease.status)].add(time, row);
      if (isDeclined(state)) this.byDeclined.add(number * TWO_32 + time, row);
    }
    if (lease.marked && (stays & STAYS_MARKED) === 0) link.group.marks.add(lease.version, row);
    if (isPrefix(state) && (stays & STAYS_PREFIX) === 0) this.byPrefix.add(row);
  }

  private setLink(words: Uint32Array, base: number, link: string | undefined): void {
    const old = words[base + ROW.LINK] as number;
    if (this.links.entry(old).name === link) return;
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
      link: this.links.entry(words[base + ROW.LINK] as number).name,
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

  private dueIn(order: OrderedRows, time: DhcpTime, limit: number): readonly Lease[] {
    // F-013: serial arithmetic; "not later than time" is the half of the circle that ends with it.
    const from = (time - 0x7fffffff) >>> 0;
    const found: Lease[] = [];
    const collect = (first: number, last: number): void => {
      const position = order.seek(first);
      for (; found.length < limit && order.key(position) <= last; order.advance(position))
        found.push(this.lease(order.row(position), undefined));
    };
    if (from <= time) collect(from, time);
    else {
      collect(from, MAX_TIME);
      collect(0, time);
    }
    return found;
  }

  private hashOfRow(row: number): number {
    const words = this.rows.chunk(row);
    const base = this.rows.base(row);
    return hashAddress(this.seed, words, base, lengthOf(words[base + ROW.STATE] as number));
  }
}
