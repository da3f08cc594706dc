// RFC 7031 §7 (5): the faults of the pair once more for delegated prefixes, of two lengths that clients hint. Nobody
// gets a prefix that overlaps another one's, and everybody keeps theirs. Excluded prefixes and the moving of prefixes
// between the servers after the first split are not built yet and not shown here.

import { describe, expect, it } from "vitest";
import { SimDisk } from "../../../sim/disk.ts";
import { overlaps } from "../../../src/core/model/ipv6.ts";
import type { Lease } from "../../../src/core/model/lease.ts";
import { iaPd, serverId, TestClient } from "../../support/client.ts";
import { CONFIG, type Host, ip, Pair } from "../../support/pair.ts";

/** 256 prefixes of /56 and 4,096 of /60, and no addresses. */
const TEXT = CONFIG.replace(/ {4}pools:\n {6}- pool: .*\n/, "").replace(
  "        delegated-len: 56\n",
  "        delegated-len: 56\n      - prefix: 2001:db8:9000::/48\n        delegated-len: 60\n",
);
const LENGTHS = [56, 60] as const;
const EACH = 12;

interface Delegated {
  readonly client: TestClient;
  readonly address: Lease["address"];
  readonly length: number;
  /** The server that gave it. */
  readonly server: Host;
}

/** A pair and its clients with what they hold. */
class Delegations {
  readonly pair = new Pair(TEXT);
  readonly held: Delegated[] = [];
  #number = 0;
  #turn = 0;

  constructor() {
    this.pair.startBoth();
    this.pair.run(30_000);
    expect(this.pair.states).toBe("NORMAL NORMAL");
  }

  /** New clients, who hint each length in turn, from this server. */
  give(server: Host, count = EACH): void {
    for (let i = 0; i < count; i++) {
      const hint = LENGTHS[i % 2] as number;
      const client = new TestClient(server, ++this.#number);
      const wanted = iaPd(1, { address: ip("::"), length: hint });
      const own = serverId(server.config.server.duid);
      const offered = client.send("SOLICIT", [wanted], this.pair.now)?.leases[0];
      if (offered === undefined) throw new Error(`${server.name} offers no /${hint}`);
      const [lease, ...rest] =
        client.send("REQUEST", [own, iaPd(1, offered)], this.pair.now)?.leases ?? [];
      expect(rest).toEqual([]);
      expect(lease).toMatchObject({ kind: "prefix", address: offered.address, length: hint });
      if (lease === undefined) throw new Error("no lease");
      for (const other of this.held) expect(overlaps(other, lease)).toBe(false);
      this.held.push({ client, server, address: lease.address, length: lease.length });
    }
  }

  /** These clients extend what they have, heard by these servers, with the hint of another length beside it: now by
   * RENEW, now by REBIND. */
  extend(heard: Host | readonly Host[], who: readonly Delegated[] = this.held): void {
    for (const { client, server, ...prefix } of who) {
      const another = { address: ip("::"), length: prefix.length === 56 ? 60 : 56 };
      const type = this.#turn++ % 3 === 0 ? "REBIND" : "RENEW";
      const named = type === "RENEW" ? [serverId(server.config.server.duid)] : [];
      const answers = [heard].flat().flatMap((host) => {
        const options = [...named, iaPd(1, prefix, another)];
        return client.send(type, options, this.pair.now, { host }) ?? [];
      });
      expect([type, answers.length > 0]).toEqual([type, true]);
      for (const { leases } of answers) {
        expect(leases).toMatchObject([prefix]);
        expect(leases[0]?.valid).toBeGreaterThan(0);
      }
    }
  }

  /** Time passes, and everybody extends at half of the shortest lifetime. */
  pass(seconds: number, extend: () => void): void {
    for (let i = 0; i < seconds; i += 20) {
      this.pair.run(20_000);
      extend();
    }
  }

  /** Both are in NORMAL and know every prefix as its client's; at either everybody gets theirs, and newcomers others. */
  settled(): void {
    const { pair } = this;
    this.pass(180, () => this.extend([pair.a, pair.b]));
    expect(pair.states).toBe("NORMAL NORMAL");
    pair.run(1_000);
    for (const { client, address, length } of this.held)
      for (const host of [pair.a, pair.b])
        expect(host.up.state.table.get({ kind: "prefix", address, length })).toMatchObject({
          ...{ status: "ACTIVE", duid: client.duid, marked: false },
        });
    expect(activeAt(pair.b)).toEqual(activeAt(pair.a));
    expect(activeAt(pair.a)).toHaveLength(this.held.length);
    this.give(pair.a);
    pair.run(1_000);
  }

  declare(host: Host): void {
    const command = { type: "partner-down", relationship: undefined, force: false } as const;
    expect(host.command(command, this.pair.now).ok).toBe(true);
  }
}

function activeAt(host: Host): readonly string[] {
  return host.up.state.table
    .slice(0, 4_000)
    .leases.filter(({ status }) => status === "ACTIVE")
    .map(({ address, length }) => `${address}/${length}`)
    .sort();
}

function other(pair: Pair, host: Host): Host {
  return host === pair.a ? pair.b : pair.a;
}

/** Clients of the primary, and clients of the secondary from a time without contact. */
function ofBoth(): Delegations {
  const all = new Delegations();
  const { pair } = all;
  all.give(pair.a);
  pair.run(1_000);
  pair.cut = true;
  pair.run(15_000);
  all.give(pair.b);
  pair.cut = false;
  all.settled();
  return all;
}

describe("RFC 7031 §7 (5) delegated prefixes of two lengths through the faults (R7031-08)", () => {
  for (const dead of ["a", "b"] as const)
    for (const declared of [false, true])
      it(`7 (5) ${dead} is killed${declared ? " and declared down" : ""}: the survivor keeps everybody's prefix and delegates both lengths (R7031-08)`, () => {
        const all = ofBoth();
        const { pair } = all;
        const survivor = other(pair, pair[dead]);
        pair.kill(pair[dead]);
        pair.run(2_000);
        if (declared) all.declare(survivor);
        all.extend(survivor);
        all.give(survivor);
        all.pass(140, () => all.extend(survivor));
        pair[dead].start(pair.now);
        all.pass(100, () => all.extend([pair.a, pair.b]));
        all.settled();
      });

  it("7 (5) the link is cut for longer than the MCLT, with renewals and new clients on both sides (R7031-08)", () => {
    const all = ofBoth();
    const { pair } = all;
    pair.cut = true;
    pair.run(15_000);
    const known = [...all.held];
    all.give(pair.a);
    const ofA = all.held.slice(known.length);
    all.give(pair.b);
    const ofB = all.held.slice(known.length + ofA.length);
    expect([ofA.length, ofB.length]).toEqual([EACH, EACH]);
    let turn = 0;
    all.pass(200, () => {
      // Everybody who was known before is heard now by the one, now by the other.
      all.extend(turn++ % 2 === 0 ? pair.a : pair.b, known);
      all.extend(pair.a, ofA);
      all.extend(pair.b, ofB);
    });
    expect(pair.states).toBe("COMMUNICATIONS-INTERRUPTED COMMUNICATIONS-INTERRUPTED");
    pair.cut = false;
    pair.run(15_000);
    expect(pair.states).toBe("NORMAL NORMAL");
    all.settled();
  });

  for (const lost of ["a", "b"] as const)
    it(`7 (5) ${lost} comes back with an empty disk and has every prefix and its half of both pools again (R7031-08)`, () => {
      const all = ofBoth();
      const { pair } = all;
      const survivor = other(pair, pair[lost]);
      const blocks = pair.a.up.state.blocks.all().map(({ address, length, status }) => ({
        ...{ address, length, status },
      }));
      expect(blocks.length).toBeGreaterThanOrEqual(2);
      pair.kill(pair[lost]);
      pair[lost].disk = new SimDisk();
      pair.run(20_000);
      all.extend(survivor);
      all.give(survivor);
      pair[lost].start(pair.now);
      all.pass(400, () => all.extend([pair.a, pair.b]));
      expect(pair.states).toBe("NORMAL NORMAL");
      expect(pair[lost].up.state.blocks.all()).toMatchObject(blocks);
      all.settled();
    });

  for (const wrong of [["a"], ["b"], ["a", "b"]] as const)
    it(`7 (5) partner-down is wrongly said at ${wrong.join(" and ")}: nobody gets what another holds, and all keep theirs (R7031-08)`, () => {
      const all = ofBoth();
      const { pair } = all;
      pair.cut = true;
      pair.run(15_000);
      for (const name of wrong) all.declare(pair[name]);
      const known = [...all.held];
      all.give(pair.a);
      const ofA = all.held.slice(known.length);
      all.give(pair.b);
      const ofB = all.held.slice(known.length + ofA.length);
      all.pass(140, () => {
        all.extend(pair.a, known);
        all.extend(pair.b, known);
        all.extend(pair.a, ofA);
        all.extend(pair.b, ofB);
      });
      pair.cut = false;
      pair.run(30_000);
      all.settled();
    });
});
