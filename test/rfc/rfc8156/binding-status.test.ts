// RFC 8156 §7.2, Figure 2: which binding-status may follow which by this server's own doing. Every status is put into a
// real server and everything that can happen to a lease is done to it; whatever changes must stand in the table.

import { describe, expect, it } from "vitest";
import { BINDING_STATUS, type BindingStatus } from "../../../src/core/model/binding-status.ts";
import type { Lease } from "../../../src/core/model/lease.ts";
import { freedStatus } from "../../../src/core/model/lease-status.ts";
import { acquire, iaNa, iaPd, serverId, TestClient } from "../../support/client.ts";
import { CONFIG, ip } from "../../support/pair.ts";
import { accepted, ScriptedPartner } from "../../support/scripted-partner.ts";

const STATUSES = (Object.keys(BINDING_STATUS) as BindingStatus[]).filter(
  (status) => status !== "PENDING-FREE",
);
/** The table of F-249 to F-262; PENDING-FREE is passed through at once, so EXPIRED leads to FREE or FREE-BACKUP. */
const LEGAL: Readonly<Record<string, readonly BindingStatus[]>> = {
  ACTIVE: ["ACTIVE", "EXPIRED", "RELEASED", "ABANDONED"],
  EXPIRED: ["ACTIVE", "FREE", "FREE-BACKUP"],
  RELEASED: ["ACTIVE", "FREE", "FREE-BACKUP"],
  ABANDONED: ["RESET"],
  RESET: ["FREE", "FREE-BACKUP"],
  FREE: ["ACTIVE"],
  "FREE-BACKUP": ["ACTIVE"],
};
const KEYS = [
  { kind: "address", address: ip("2001:db8:1::1:11"), length: 128 },
  { kind: "address", address: ip("2001:db8:1::1:12"), length: 128 },
  { kind: "prefix", address: ip("2001:db8:8000:100::"), length: 56 },
  { kind: "prefix", address: ip("2001:db8:8000:8100::"), length: 56 },
] as const;
type Key = (typeof KEYS)[number];

interface Case {
  readonly server: ScriptedPartner;
  readonly key: Key;
  readonly client: TestClient;
}

/** A lease of client 1 in a status; marked where its end is not yet told. */
function put({ server, key, client }: Case, status: BindingStatus): Lease {
  const ended = status === "EXPIRED" || status === "RELEASED" || status === "RESET";
  const end =
    status === "ACTIVE" ? server.time(100) : status === "ABANDONED" ? server.time(500) : 0;
  return server.lease({
    ...key,
    status,
    duid: client.duid,
    iaid: 1,
    startTimeOfState: server.time(-50),
    stateExpirationTime: end,
    clientExpiry: status === "ACTIVE" ? end : 0,
    clientLastTransactionTime: server.time(-50),
    everSent: true, // T-01: what only this server knew is another matter.
    marked: ended,
  });
}

const own = ({ server }: Case) => serverId(server.host.config.server.duid);
const ia = ({ key }: Case) => (key.kind === "address" ? iaNa(1, key.address) : iaPd(1, key));

/** Everything that may befall a lease here. */
const EVENTS: Readonly<Record<string, (what: Case) => void>> = {
  "its client asks for it": (what) =>
    what.client.send("REQUEST", [own(what), ia(what)], what.server.now),
  "its client renews": (what) => what.client.send("RENEW", [own(what), ia(what)], what.server.now),
  "its client rebinds": (what) => what.client.send("REBIND", [ia(what)], what.server.now),
  "its client releases": (what) =>
    what.client.send("RELEASE", [own(what), ia(what)], what.server.now),
  "its client declines": (what) =>
    what.client.send("DECLINE", [own(what), ia(what)], what.server.now),
  "another client asks for it": (what) =>
    new TestClient(what.server.host, 2).send("REQUEST", [own(what), ia(what)], what.server.now),
  "another client renews it": (what) =>
    new TestClient(what.server.host, 2).send("RENEW", [own(what), ia(what)], what.server.now),
  "another client releases it": (what) =>
    new TestClient(what.server.host, 2).send("RELEASE", [own(what), ia(what)], what.server.now),
  "time passes": ({ server }) => server.run(130_000, server.endpoint.communicating),
  "much time passes": ({ server }) => server.run(700_000, server.endpoint.communicating),
};

const STATES = ["NORMAL", "COMMUNICATIONS-INTERRUPTED", "PARTNER-DOWN"] as const;

function prepare(state: (typeof STATES)[number], name: "a" | "b", key: Key): Case {
  const server = new ScriptedPartner(name, CONFIG).start();
  if (state === "NORMAL") server.reach("NORMAL", "NORMAL");
  else server.put(state);
  return { server, key, client: new TestClient(server.host, 1) };
}

describe("§7.2 Figure 2 over all pairs", () => {
  for (const from of STATUSES) {
    it(`7.2 ${from}: whatever happens, only what the figure has follows (F-249, F-250, F-251, F-252, F-253, F-254, F-259, F-260, F-261, F-262)`, () => {
      for (const state of STATES) {
        for (const name of ["a", "b"] as const) {
          for (const key of KEYS) {
            for (const [event, happens] of Object.entries(EVENTS)) {
              const what = prepare(state, name, key);
              const before = put(what, from);
              happens(what);
              const after = what.server.stored(key);
              const to = after?.status ?? from;
              const where = [from, to, event, state, name, key.kind];
              expect([...where, to === from || LEGAL[from]?.includes(to)]).toEqual([
                ...where,
                true,
              ]);
              // Without an answer of the partner nothing becomes free (F-262, T-01).
              const freed = (to === "FREE" || to === "FREE-BACKUP") && to !== from;
              expect([...where, freed]).toEqual([...where, false]);
              // Nobody but its client holds it, except what was free in the own pool (F-014).
              if (to === "ACTIVE" && after?.duid !== before.duid) {
                expect(["FREE", "FREE-BACKUP"]).toContain(from);
                expect(what.server.isPrimary).toBe(
                  key.kind === "prefix" ? from === "FREE" : freedStatus(key) === "FREE",
                );
              }
            }
          }
        }
      }
    });
  }

  it("7.2 ABANDONED is nobody's until it is RESET, and RESET nobody's until the partner knows (F-245, F-246, F-254, F-255)", () => {
    const [key] = KEYS;
    const text = CONFIG;
    const server = new ScriptedPartner("a", text).start().reach("NORMAL", "NORMAL");
    const what = { server, key, client: new TestClient(server.host, 1) };
    put(what, "ACTIVE");
    what.client.send("DECLINE", [own(what), ia(what)], server.now);
    expect(server.stored(key)).toMatchObject({ status: "ABANDONED", marked: true });
    const others = () =>
      new TestClient(server.host, 3).send("REQUEST", [own(what), iaNa(1, key.address)], server.now)
        ?.leases[0]?.address;
    expect(others()).not.toBe(key.address);
    const abandoned = server.stored(key) as Lease;
    server.host.up.state.save({ ...abandoned, stateExpirationTime: server.time(5) });
    server.run(30_000);
    expect(server.stored(key)?.status).toBe("RESET");
    expect(others()).not.toBe(key.address);
    for (const update of server.takeAll("BNDUPD"))
      server.send("BNDREPLY", accepted(update.options), { id: update.transactionId });
    expect(server.stored(key)?.status).toBe("FREE");
  });

  it("7.2 out of contact no declined address is RESET: what the partner granted since must not be beaten (F-245, F-254, T-04)", () => {
    const [key] = KEYS;
    for (const state of ["COMMUNICATIONS-INTERRUPTED", "PARTNER-DOWN"] as const) {
      const server = new ScriptedPartner("a", CONFIG).start().put(state);
      server.lease({
        ...key,
        status: "ABANDONED",
        duid: new TestClient(server.host, 1).duid,
        iaid: 1,
        startTimeOfState: server.time(-500),
        stateExpirationTime: server.time(5),
        everSent: true,
      });
      server.run(200_000);
      expect(server.endpoint.state).toBe(state);
      expect(server.stored(key)?.status).toBe("ABANDONED");
      server.reach("NORMAL", "NORMAL").run(90_000);
      expect(server.stored(key)?.status).toBe("RESET");
    }
  });

  it("7.2 an acknowledged ending goes to the primary's pool, an even address to the secondary's (F-240, F-255, F-257, F-258, F-260, A-04)", () => {
    for (const name of ["a", "b"] as const) {
      for (const key of KEYS) {
        for (const status of ["EXPIRED", "RELEASED", "RESET"] as const) {
          const what = prepare("NORMAL", name, key);
          what.server.acceptsUpdates = true;
          put(what, status);
          what.server.run(1_000);
          const expected =
            key.kind === "address" && key.address === ip("2001:db8:1::1:12")
              ? "FREE-BACKUP"
              : "FREE";
          expect(what.server.stored(key)).toMatchObject({
            status: expected,
            duid: what.client.duid,
            marked: false,
          });
        }
      }
    }
  });

  it("7.2 a free lease's last client is only a hint: it is told, and binds nobody (F-239, A-26)", () => {
    const [key] = KEYS;
    const what = prepare("NORMAL", "a", key);
    put(what, "FREE");
    what.server.send("UPDREQALL");
    const update = what.server.expectOne("BNDUPD");
    expect(JSON.stringify(update.options)).toContain(what.client.duid);
    const [other] = acquire(new TestClient(what.server.host, 2), what.server.host, what.server.now);
    expect(other?.address).not.toBe(key.address);
    const asked = new TestClient(what.server.host, 4).send(
      "REQUEST",
      [own(what), ia(what)],
      what.server.now,
    );
    expect(asked?.leases[0]?.address).toBe(key.address);
  });

  it("7.2 in NORMAL each server ends a lease by its own clock, a grace after the client's end (F-252, F-284, A-78, T-06)", () => {
    const [key] = KEYS;
    const what = prepare("NORMAL", "a", key);
    what.server.run(6_000);
    const lease = put(what, "ACTIVE");
    what.server.run(109_000);
    expect(what.server.stored(key)?.status).toBe("ACTIVE");
    what.server.run(2_000);
    expect(what.server.stored(key)).toMatchObject({
      status: "EXPIRED",
      clientLastTransactionTime: lease.clientLastTransactionTime,
      marked: true,
      endingSent: true,
    });
  });
});
