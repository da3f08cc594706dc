// Names of links as small numbers: how many leases of each are in use and declined, and the orders of the group
// that a link belongs to. Links are few (the configuration's), groups fewer; leases of no link stand under undefined.

import type { LinkGroup } from "../lease-table.ts";
import { OrderedRows } from "./ordered-rows.ts";

/** The orders of one relationship's leases, so that what waits in one is never walked for another. */
export interface GroupOrders {
  /** F-299, F-540: leases that the partner must be told, by version. */
  readonly marks: OrderedRows;
  /** By the time at which housekeeping looks at them, all but declined and free ones. */
  readonly due: OrderedRows;
  /** Free ones, by the time at which their records may go. */
  readonly free: OrderedRows;
  /** Declined addresses by the same time. */
  readonly declined: OrderedRows;
}

interface LinkEntry {
  readonly name: string | undefined;
  readonly group: GroupOrders;
  leases: number;
  inUse: number;
  declined: number;
}

export class LinkNames {
  private readonly byName = new Map<string | undefined, number>();
  private readonly entries: (LinkEntry | undefined)[] = [];
  private readonly free: number[] = [];
  private readonly groups = new Map<LinkGroup, GroupOrders>();
  private readonly groupOf: (link: string | undefined) => LinkGroup;

  constructor(groupOf: (link: string | undefined) => LinkGroup) {
    this.groupOf = groupOf;
  }

  /** Counts one more lease of the link; returns its number. */
  enter(name: string | undefined): number {
    let number = this.byName.get(name);
    if (number === undefined) {
      number = this.free.pop() ?? this.entries.length;
      const group = this.group(this.groupOf(name));
      this.entries[number] = { name, group, leases: 0, inUse: 0, declined: 0 };
      this.byName.set(name, number);
    }
    this.entry(number).leases += 1;
    return number;
  }

  /** Counts one lease less; a link without leases is forgotten. */
  leave(number: number): void {
    const entry = this.entry(number);
    entry.leases -= 1;
    if (entry.leases > 0) return;
    this.byName.delete(entry.name);
    this.entries[number] = undefined;
    this.free.push(number);
  }

  entry(number: number): LinkEntry {
    return this.entries[number] as LinkEntry;
  }

  /** The number of a link that has leases. */
  find(name: string | undefined): number | undefined {
    return this.byName.get(name);
  }

  group(name: LinkGroup): GroupOrders {
    let group = this.groups.get(name);
    if (group === undefined) {
      group = {
        marks: new OrderedRows(),
        due: new OrderedRows(),
        free: new OrderedRows(),
        declined: new OrderedRows(),
      };
      this.groups.set(name, group);
    }
    return group;
  }
}
