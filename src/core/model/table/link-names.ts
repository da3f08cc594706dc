// Names of links as small numbers, with how many leases of each are in use. Links are few (the configuration's); leases
// of no link are counted under undefined.

interface LinkEntry {
  readonly name: string | undefined;
  leases: number;
  inUse: number;
}

export class LinkNames {
  private readonly byName = new Map<string | undefined, number>();
  private readonly entries: (LinkEntry | undefined)[] = [];
  private readonly free: number[] = [];

  /** Counts one more lease of the link; returns its number. */
  enter(name: string | undefined): number {
    let number = this.byName.get(name);
    if (number === undefined) {
      number = this.free.pop() ?? this.entries.length;
      this.entries[number] = { name, leases: 0, inUse: 0 };
      this.byName.set(name, number);
    }
    (this.entries[number] as LinkEntry).leases += 1;
    return number;
  }

  /** Counts one lease less; a link without leases is forgotten. */
  leave(number: number): void {
    const entry = this.entries[number] as LinkEntry;
    entry.leases -= 1;
    if (entry.leases > 0) return;
    this.byName.delete(entry.name);
    this.entries[number] = undefined;
    this.free.push(number);
  }

  name(number: number): string | undefined {
    return (this.entries[number] as LinkEntry).name;
  }

  countInUse(number: number, change: 1 | -1): void {
    (this.entries[number] as LinkEntry).inUse += change;
  }

  inUse(name: string | undefined): number {
    const number = this.byName.get(name);
    return number === undefined ? 0 : (this.entries[number] as LinkEntry).inUse;
  }
}
