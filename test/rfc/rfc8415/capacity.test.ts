// RFC 8415 §22 with D-294: a server without `max-leases` takes its limit from memory and disk, says it before it is reached,
// refuses new clients at it and renews the others.

import { describe, expect, it } from "vitest";
import { capacityOf } from "../../../src/core/leasing/capacity.ts";
import { LIMITS } from "../../../src/core/model/limits.ts";
import { addresses, iaOf, statusOf } from "../../support/answers.ts";
import { fromClient, LINKS, Lone } from "../../support/lone.ts";
import { na, OURS } from "../../support/requests.ts";

const GIB = 2 ** 30;

/** A server on a machine so small that it may hold 1,000 leases. */
function small(pool = "2001:db8:1::1:0/112"): Lone {
  const lone = new Lone(LINKS.replace("2001:db8:1::1:0/112", pool));
  lone.host.kill();
  lone.host.machine = { memory: 1, disk: 1 };
  lone.host.start(lone.now);
  return lone;
}

describe("RFC 8415 §22 how many leases a machine bears", () => {
  it("§22 half of the memory or all of the disk, whichever is less; the file goes before both (D-294)", () => {
    const by = (memory: number, disk: number, file?: number) => {
      const { most, by: reason } = capacityOf(file, { memory: memory * GIB, disk: disk * GIB });
      return [most, reason.split(/[ ,]/).find((word) => /memory|disk|file/.test(word))];
    };
    expect(by(4, 1_000)).toEqual([Math.floor((2 * GIB) / LIMITS.leaseMemoryBytes), "memory"]);
    expect(by(64, 1)).toEqual([Math.floor(GIB / LIMITS.leaseDiskBytes), "disk"]);
    expect(by(0, 0)).toEqual([LIMITS.leastCapacity, "memory"]);
    expect(by(0, 0, 5_000_000)).toEqual([5_000_000, "file"]);
  });

  it("§22 said at 80 % and at 95 %, in the log and as an alarm; at the limit renewals are served and new clients refused (D-294)", () => {
    const lone = small();
    const said = () => lone.host.logs.filter(({ id }) => id === "DHCP6_MANY_LEASES");
    const alarms = () => lone.host.up.alarms.shown(lone.now).map(({ id }) => id);
    let held = 0;
    const fill = (count: number) => {
      while (held < count) lone.bind(fromClient(++held));
      lone.pass(1);
    };
    fill(799);
    expect([said().length, alarms()]).toEqual([0, []]);
    fill(800);
    fill(820);
    expect(said().map(({ fields }) => fields.percent)).toEqual([80]);
    expect(alarms()).toEqual(["MANY_LEASES"]);
    fill(950);
    expect(said().map(({ fields }) => fields.percent)).toEqual([80, 95]);
    expect(alarms()).toEqual(["NEARLY_ALL_LEASES"]);
    fill(1_000);
    const refused = lone.answer("SOLICIT", fromClient(2_000), [na(1)]);
    expect(statusOf(iaOf(refused, "IA_NA", 1))).toBe(2);
    expect(lone.host.logs.at(-1)).toMatchObject({ id: "DHCP6_SERVER_LIMIT" });
    const [own] = addresses(lone.answer("SOLICIT", fromClient(7), [na(1)]));
    const renewed = lone.answer("RENEW", fromClient(7), [OURS, na(1, own?.address ?? "")]);
    expect(addresses(renewed)[0]?.validLifetime).toBe(4_000);
  });

  it("§22 clients that come and go do not fill the memory with what is remembered of them (D-294, D-288)", () => {
    const lone = small();
    const { table } = lone.host.up.state;
    for (let client = 1; client <= 1_300; client++) {
      const { address } = lone.bind(fromClient(client));
      lone.pass(1);
      lone.answer("RELEASE", fromClient(client), [OURS, na(1, address)]);
      // What is remembered counts towards nobody's limit.
      expect(table.inUse).toBe(0);
      expect(table.size).toBeLessThanOrEqual(1_250);
      if (table.size === 1_250) break;
    }
    // With no room for a record an address that has one is given.
    lone.bind(fromClient(5_000));
    expect([table.size, table.inUse]).toEqual([1_250, 1]);
    // When every promise is over the oldest go, long before the day for which they are remembered.
    lone.pass(4_100);
    lone.pass(1);
    expect(table.size).toBeLessThanOrEqual(1_000);
  });

  it("§22 where no address with a record is at hand the reason is the limit, and the pool is not empty (D-294)", () => {
    const lone = small("2001:db8:1::/64");
    const { table } = lone.host.up.state;
    for (let client = 1; table.size < 1_250; client++) {
      const { address } = lone.bind(fromClient(client));
      lone.answer("RELEASE", fromClient(client), [OURS, na(1, address)]);
    }
    const refused = lone.answer("SOLICIT", fromClient(5_000), [na(1)]);
    expect(statusOf(iaOf(refused, "IA_NA", 1))).toBe(2);
    expect(lone.host.logs.at(-1)).toMatchObject({ id: "DHCP6_SERVER_LIMIT" });
    // Who was here before finds its address.
    expect(addresses(lone.answer("SOLICIT", fromClient(9), [na(1)]))).toHaveLength(1);
  });
});
