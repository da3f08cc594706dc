// RFC 8156 §8 with T-13, A-80, A-83: where a pair gives new clients nothing for a while, the log, the counters and the
// command say so and until when; nobody is told that the pool is empty.

import { describe, expect, it } from "vitest";
import { timeText } from "../../../src/core/wire/time-text.ts";
import { acquire, iaNa, iaPd, TestClient } from "../../support/client.ts";
import type { Host } from "../../support/pair.ts";
import { ScriptedPartner } from "../../support/scripted-partner.ts";

const reasons = (host: Host) =>
  host.logs.filter(({ id }) => id === "DHCP6_WAIT" || id === "DHCP6_POOL_EXHAUSTED");

function declare(a: ScriptedPartner, force = true): string {
  const command = { type: "partner-down", relationship: undefined, force } as const;
  const result = a.host.command(command, a.now);
  return result.ok ? (result.value as { message: string }).message : result.message;
}

describe("§8 new clients wait", () => {
  it("8.5 the first machine of a pair, declared alone by force: the command names the end of the wait, and so does the log (T-13, A-72)", () => {
    const a = new ScriptedPartner("a").start();
    a.run(15_000);
    expect(a.state).toBe("RECOVER");
    const said = declare(a);
    const until = timeText(a.endpoint.record.noNewLeasesUntil);
    expect(said).toContain(`new clients wait until ${until}`);
    expect(said).toContain("partner-down-when-new");
    const answer = new TestClient(a.host, 1).send("SOLICIT", [iaNa(1)], a.now);
    expect([answer?.status, answer?.leases]).toEqual([2, []]);
    const [event, more] = reasons(a.host);
    expect(event).toMatchObject({ id: "DHCP6_WAIT", fields: { when: ` until ${until}` } });
    expect(more).toBeUndefined();
    expect(a.host.up.counters.get("refused-wait")).toBe(1);
    a.run(400_000);
    expect(acquire(new TestClient(a.host, 2), a.host, a.now)[0]?.kind).toBe("address");
  });

  it("8.4 a pair that knows each other: no wait, and nothing is said of one (T-13)", () => {
    const a = new ScriptedPartner("a").start().put("COMMUNICATIONS-INTERRUPTED");
    a.host.up.failover.endpoints[0]?.update({ communicated: true });
    expect(declare(a, false)).toBe("COMMUNICATIONS-INTERRUPTED -> PARTNER-DOWN");
    expect(acquire(new TestClient(a.host, 1), a.host, a.now)[0]?.kind).toBe("address");
    expect(reasons(a.host)).toEqual([]);
  });

  it("8.5 after the own database was lost: the partner's answer or a command ends it (A-80)", () => {
    const a = new ScriptedPartner("a").start().put("COMMUNICATIONS-INTERRUPTED");
    a.host.up.failover.endpoints[0]?.update({ updateAllNeeded: true });
    new TestClient(a.host, 1).send("SOLICIT", [iaNa(1)], a.now);
    expect(reasons(a.host)).toHaveLength(1);
    expect(String(reasons(a.host)[0]?.fields.ends)).toContain("partner-down --force");
  });

  it("4.2.2 delegated prefixes of a server that started alone wait for contact (A-83, F-571)", () => {
    const a = new ScriptedPartner("a").start().put("PARTNER-DOWN");
    a.host.up.failover.endpoints[0]?.update({ communicated: true, aloneSince: a.time(-100_000) });
    const client = new TestClient(a.host, 1);
    const answer = client.send("SOLICIT", [iaNa(1), iaPd(1)], a.now);
    expect(answer?.leases.map(({ kind }) => kind)).toEqual(["address"]);
    expect(reasons(a.host)).toMatchObject([{ id: "DHCP6_WAIT", fields: { kind: "prefix" } }]);
  });
});
