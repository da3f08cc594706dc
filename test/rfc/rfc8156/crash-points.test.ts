// RFC 8156 §13 and DESIGN §5, point by point: a server is killed before, during and after each of its writes to the disk;
// after a start everything that it has said stands in its table.

import { expect, it } from "vitest";
import { clientUpdate } from "../../../src/core/failover/updates/bndupd-build.ts";
import type { Lease } from "../../../src/core/model/lease.ts";
import { freedStatus, freshLease, isAvailable } from "../../../src/core/model/lease-status.ts";
import { floorTime } from "../../../src/core/model/time.ts";
import { allOptions, firstOption } from "../../../src/core/wire/options.ts";
import { type Answer, iaNa, iaPd, serverId, TestClient } from "../../support/client.ts";
import { ip } from "../../support/pair.ts";
import { accepted, ScriptedPartner } from "../../support/scripted-partner.ts";

/** What becomes of the write under way: nothing of it arrives, a part does, or all of it. */
const FATES = ["lost", "torn", "done"] as const;
const FOREIGN = { kind: "address", address: ip("2001:db8:1::1:fff2"), length: 128 } as const;

/** What a server has said, to be true after its next start. */
class Said {
  readonly held = new Map<string, { readonly lease: Answer["leases"][number]; until: number }>();
  readonly ended = new Set<string>();
  /** The greatest partner-lifetime in a BNDUPD, by address. */
  readonly sent = new Map<string, number>();
  /** Of the partner's client: what a BNDREPLY accepted last. */
  foreign: "ACTIVE" | "RELEASED" | undefined;

  answer(answer: Answer | undefined, now: number): void {
    for (const lease of answer?.leases ?? []) {
      this.ended.delete(lease.address);
      this.held.set(lease.address, { lease, until: floorTime(now) + lease.valid });
    }
  }

  released(answer: Answer | undefined, address: string): void {
    if (answer?.type === "REPLY") this.ended.add(address);
  }
}

/** Takes what the server sent to its partner. */
function heard(server: ScriptedPartner, said: Said): void {
  for (const update of server.takeAll("BNDUPD")) {
    const data = firstOption(update.options, "CLIENT_DATA");
    for (const ia of allOptions(data?.options ?? [], "IA_NA")) {
      for (const lease of allOptions(ia.options, "IAADDR")) {
        const lifetime = firstOption(lease.options, "F_PARTNER_LIFETIME")?.value ?? 0;
        said.sent.set(lease.address, Math.max(lifetime, said.sent.get(lease.address) ?? 0));
      }
    }
    if (server.host.server !== undefined)
      server.send("BNDREPLY", accepted(update.options), { id: update.transactionId });
  }
}

/** A little of everything; ends early when the server is gone. */
function live(server: ScriptedPartner, said: Said): void {
  const client = new TestClient(server.host, 1);
  const own = serverId(server.host.config.server.duid);
  const ask = (type: "REQUEST" | "RENEW" | "RELEASE", ...ias: ReturnType<typeof iaNa>[]) => {
    const answer = client.send(type, [own, ...ias], server.now);
    if (type !== "RELEASE") said.answer(answer, server.now);
    if (server.host.server !== undefined) server.run(500);
    heard(server, said);
    return answer;
  };
  const [held] = ask("REQUEST", iaNa(1), iaPd(2))?.leases ?? [];
  if (held === undefined) return;
  const told = (status: "ACTIVE" | "RELEASED") => {
    if (server.host.server === undefined) return;
    const lease: Lease = {
      ...freshLease(FOREIGN, server.host.config.links[0]?.name ?? ""),
      ...{ status, duid: client.duid, iaid: 9, startTimeOfState: server.time() },
      stateExpirationTime: status === "ACTIVE" ? server.time(300) : 0,
      clientLastTransactionTime: server.time(),
      partnerRawCltTime: server.time(),
    };
    const id = server.send("BNDUPD", clientUpdate(client.duid, [lease], server.time()));
    const [reply] = server.takeAll("BNDREPLY").filter((each) => each.transactionId === id);
    if (reply === undefined) return;
    expect(JSON.stringify(reply.options)).not.toContain("STATUS_CODE");
    said.foreign = status;
    heard(server, said);
  };
  told("ACTIVE");
  if (server.host.server !== undefined) server.run(20_000);
  ask("RENEW", iaNa(1, held.address));
  told("RELEASED");
  // From here on it may have ended before its answer leaves.
  said.held.delete(held.address);
  said.released(ask("RELEASE", iaNa(1, held.address)), held.address);
  // And here it may be the client's again before its answer leaves.
  if (server.host.server !== undefined) said.ended.clear();
  ask("REQUEST", iaNa(1));
}

/** Kills the server when its write number `point` is under way; true when that came. */
function killAt(
  server: ScriptedPartner,
  point: number,
  fate: (typeof FATES)[number],
): () => boolean {
  const { host } = server;
  const flush = host.flushDisk.bind(host);
  let writes = 0;
  host.flushDisk = (now) => {
    if (host.server === undefined || host.disk.outstanding.length === 0) return;
    writes += host.disk.outstanding.length;
    if (writes < point) return flush(now);
    const draw = { lost: 0, torn: 2, done: 1 }[fate];
    host.disk.crash({ below: (limit) => (limit === 4 ? draw : limit >> 1) }, "power");
    host.server = undefined;
  };
  return () => host.server === undefined;
}

function check(server: ScriptedPartner, said: Said): void {
  const stored = (address: Lease["address"], length = 128) =>
    server.stored({ address, kind: length === 128 ? "address" : "prefix", length });
  for (const { lease, until } of said.held.values()) {
    const record = stored(lease.address, lease.length);
    expect(record?.status).toBe("ACTIVE");
    expect(record?.clientExpiry).toBeGreaterThanOrEqual(until);
    // Ownership: what it gave is of its own half.
    if (lease.kind === "address")
      expect(freedStatus(record as Lease)).toBe(server.isPrimary ? "FREE" : "FREE-BACKUP");
  }
  for (const address of said.ended)
    expect(stored(address as Lease["address"])?.status).not.toBe("ACTIVE");
  for (const [address, lifetime] of said.sent) {
    const record = stored(address as Lease["address"]);
    expect(record?.partnerLifetimeHighest).toBeGreaterThanOrEqual(lifetime);
  }
  const foreign = server.stored(FOREIGN);
  if (said.foreign === "ACTIVE") expect(foreign?.status).toMatch(/ACTIVE|FREE/);
  if (said.foreign === "RELEASED")
    expect(foreign !== undefined && isAvailable(foreign.status)).toBe(true);
}

it("killed at every write, a server has on its disk whatever it told its clients and its partner (F-545, F-530, F-538, F-308, R7031-62)", () => {
  const seen = { held: 0, ended: 0, sent: 0, foreign: 0 };
  for (const name of ["a", "b"] as const) {
    for (const fate of FATES) {
      let points = 0;
      for (let point = 1; ; point++) {
        const server = new ScriptedPartner(name).start().reach("NORMAL", "NORMAL");
        const said = new Said();
        const isDead = killAt(server, point, fate);
        live(server, said);
        if (!isDead()) break;
        points++;
        seen.held += said.held.size;
        seen.ended += said.ended.size;
        seen.sent += said.sent.size;
        if (said.foreign !== undefined) seen.foreign++;
        server.host.start(server.now);
        check(server, said);
      }
      expect(points).toBeGreaterThan(8);
    }
  }
  for (const count of Object.values(seen)) expect(count).toBeGreaterThan(5);
});
