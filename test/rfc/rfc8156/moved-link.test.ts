// A pair whose links are renamed or taken out of the file, on one server after the other (T-10): known leases are renewed,
// nobody loses one, and nobody gets what the other server may still be renewing (T-01).

import { describe, expect, it } from "vitest";
import type { Lease } from "../../../src/core/model/lease.ts";
import { acquire, type Held, iaNa, iaPd, pairWithLease, TestClient } from "../../support/client.ts";
import { CONFIG, configFor, type Host, type Pair } from "../../support/pair.ts";

const [HEAD = "", LINK = ""] = CONFIG.split("subnet6:\n");
const WRAPPED = `${HEAD}shared-networks:
  - name: campus-lan
    interface: lan
    subnet6:
      - subnet: 2001:db8:7::/64
${LINK.replace("    interface: lan\n", "").replaceAll(/^/gm, "    ")}`;
/** Another subnet only; the one with the leases is gone. */
const GONE = CONFIG.replaceAll("2001:db8:1::", "2001:db8:5::").replace("8000::/48", "9000::/48");

function restart(pair: Pair, host: Host, text: string): void {
  pair.kill(host);
  pair.run(5_000);
  host.config = configFor(host.name, text);
  host.start(pair.now);
}

const at = (host: Host, { kind, address, length }: Held): Lease | undefined =>
  host.up.state.table.get({ kind, address, length });

describe("a subnet is wrapped in a shared network, on one server after the other (T-10)", () => {
  it("4.2 known leases are renewed at both, told, and end by their time (F-292, F-142)", () => {
    const { pair, client, held } = pairWithLease(5_000);
    for (const host of [pair.a, pair.b]) {
      restart(pair, host, WRAPPED);
      pair.run(20_000);
      expect(pair.states).toBe("NORMAL NORMAL");
    }
    const renewed = client.send("REBIND", [iaNa(1, held.address)], pair.now);
    expect(renewed?.leases).toMatchObject([{ address: held.address }]);
    pair.run(5_000);
    for (const host of [pair.a, pair.b]) {
      expect(at(host, held)).toMatchObject({ status: "ACTIVE", link: "campus-lan", marked: false });
      expect(host.up.state.table.countInUse(undefined)).toBe(0);
    }
    pair.run(400_000);
    for (const host of [pair.a, pair.b]) expect(at(host, held)?.status).toMatch(/^FREE/);
  });

  it("7.5 an update of a prefix of the length delegated before is taken (F-306, T-10)", () => {
    const { pair, client } = pairWithLease(5_000);
    const held = acquire(client, pair.a, pair.now).find(({ kind }) => kind === "prefix") as Held;
    pair.run(5_000);
    for (const host of [pair.a, pair.b]) {
      restart(pair, host, CONFIG.replace("delegated-len: 56", "delegated-len: 60"));
      pair.run(20_000);
    }
    client.send("REBIND", [iaPd(1, held)], pair.now);
    pair.run(5_000);
    expect(at(pair.a, held)).toMatchObject({ status: "ACTIVE", marked: false });
    expect(at(pair.b, held)?.clientExpiry).toBe(at(pair.a, held)?.clientExpiry);
  });
});

describe("a subnet is taken out of the file (T-10)", () => {
  it("8.8 at both: the pair is in step, leases end and are not spoken of", () => {
    const { pair, held } = pairWithLease(5_000);
    for (const host of [pair.a, pair.b]) {
      restart(pair, host, GONE);
      pair.run(20_000);
    }
    expect(pair.states).toBe("NORMAL NORMAL");
    pair.run(400_000);
    for (const host of [pair.a, pair.b]) {
      expect(at(host, held)).toMatchObject({ status: "EXPIRED", link: undefined });
      expect(host.up.failover.endpoints[0]?.isInStep).toBe(true);
      const told = host.logs.filter(({ id }) => id === "FAILOVER_REJECTED");
      expect(JSON.stringify(told)).not.toContain("2001:db8:1::");
    }
    // Put back at both: the partner's answer frees it.
    for (const host of [pair.a, pair.b]) {
      restart(pair, host, CONFIG);
      pair.run(20_000);
    }
    pair.run(60_000);
    for (const host of [pair.a, pair.b]) expect(at(host, held)?.status).toMatch(/^FREE/);
  });

  it("4.2 at one, and back without contact: nobody gets what the other went on renewing (T-01)", () => {
    const { pair, client, held } = pairWithLease(5_000);
    restart(pair, pair.a, GONE);
    pair.run(10_000);
    // The other still has the link and renews, far beyond what this one knows.
    pair.cut = true;
    for (let i = 0; i < 12; i++) {
      pair.run(40_000);
      client.send("REBIND", [iaNa(1, held.address)], pair.now, { host: pair.b });
    }
    expect(at(pair.b, held)?.status).toBe("ACTIVE");
    expect(at(pair.a, held)?.status).toBe("EXPIRED");
    restart(pair, pair.a, CONFIG);
    pair.run(30_000);
    const other = new TestClient(pair.a, 9);
    const wanted = other.send("SOLICIT", [iaNa(1, held.address)], pair.now);
    expect(wanted?.leases.map(({ address }) => address)).not.toContain(held.address);
    pair.cut = false;
    pair.run(20_000);
    expect(at(pair.a, held)).toMatchObject({ status: "ACTIVE", duid: client.duid });
  });
});
