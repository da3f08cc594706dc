// RFC 8156 §3, §8: which client messages each state answers, by message and by whose server identifier they carry.

import { describe, expect, it } from "vitest";
import { STATES } from "../../../src/core/failover/endpoint/states/all.ts";
import type { StateContext } from "../../../src/core/failover/endpoint/states/behaviour.ts";
import type { MessageName, ServerIdOwner } from "../../../src/core/model/authority.ts";
import { SERVER_STATE, type ServerState } from "../../../src/core/model/endpoint-record.ts";
import { type Answer, acquire, iaNa, serverId, TestClient } from "../../support/client.ts";
import { CONFIG, ip, Pair } from "../../support/pair.ts";
import { ScriptedPartner } from "../../support/scripted-partner.ts";

const MESSAGES = [
  "SOLICIT",
  "REQUEST",
  "CONFIRM",
  "RENEW",
  "REBIND",
  "RELEASE",
  "DECLINE",
  "INFORMATION-REQUEST",
] as const;
const OWNERS = ["none", "own", "partner", "foreign"] as const;
const ROLES = ["primary", "secondary"] as const;

/** The table of F-370: Y as RFC 8415 says, D only with the own identifier, R recorded leases only, N silent. The order
 * is that of MESSAGES. */
const TABLE: Readonly<Record<ServerState, string>> = {
  STARTUP: "NNNNNNNN",
  RECOVER: "NNNNNNNN",
  "RECOVER-WAIT": "NNNNNNNN",
  "POTENTIAL-CONFLICT": "NNNNNNNN",
  NORMAL: "YYYYYYYY/DDDDDDDD",
  "CONFLICT-DONE": "YYYYYYYY",
  "COMMUNICATIONS-INTERRUPTED": "YYYYYYYY",
  "PARTNER-DOWN": "YYYYYYYY",
  "RESOLUTION-INTERRUPTED": "YYYYYYYY",
  "RECOVER-DONE": "NNNRNNNN",
};
const TAKES_OVER: readonly MessageName[] = ["RENEW", "RELEASE", "DECLINE"];
const OUT_OF_CONTACT: readonly ServerState[] = [
  "COMMUNICATIONS-INTERRUPTED",
  "PARTNER-DOWN",
  "RESOLUTION-INTERRUPTED",
];

function context(role: "primary" | "secondary", changes: Partial<StateContext> = {}): StateContext {
  return { role, communicating: true, partnerState: "NORMAL", strict: false, ...changes };
}

function expected(
  state: ServerState,
  message: MessageName,
  owner: ServerIdOwner,
  where: StateContext,
): string {
  const [primary = "", secondary = primary] = TABLE[state].split("/");
  const kind = (where.role === "primary" ? primary : secondary)[MESSAGES.indexOf(message)];
  if (kind === "R") return owner === "own" && where.communicating ? "answer-recorded" : "silent";
  if (kind === "N") return "silent";
  if (owner === "own") return "answer";
  if (owner === "none") return kind === "Y" ? "answer" : "silent";
  const takesOver =
    OUT_OF_CONTACT.includes(state) || (state === "CONFLICT-DONE" && !where.communicating);
  return owner === "partner" && takesOver && !where.strict && TAKES_OVER.includes(message)
    ? "answer-for-partner"
    : "silent";
}

describe("§8 the service table", () => {
  for (const state of Object.keys(SERVER_STATE) as ServerState[]) {
    it(`8 ${state}: every message with every server identifier, in both roles, in contact or not (F-370, F-372, F-563, F-362, F-373, F-391, F-409, F-419, F-425, F-436, F-449, F-466, F-477, F-483, F-569, A-49, A-81, A-84)`, () => {
      for (const message of MESSAGES) {
        for (const owner of OWNERS) {
          for (const role of ROLES) {
            for (const communicating of [true, false]) {
              for (const strict of [true, false]) {
                const where = context(role, { communicating, strict });
                const service = STATES[state].service(message, owner, where).type;
                const cell = [state, message, owner, role, communicating, strict];
                expect([...cell, service]).toEqual([
                  ...cell,
                  expected(state, message, owner, where),
                ]);
              }
            }
          }
        }
      }
    });
  }

  it("8.1 new leases start where clients are served, nothing is ended by time where they are not (F-362, F-427)", () => {
    for (const state of Object.keys(SERVER_STATE) as ServerState[]) {
      const serves = TABLE[state].startsWith("Y");
      expect([state, STATES[state].startsLeases]).toEqual([state, serves]);
      expect([state, STATES[state].expires]).toEqual([state, serves]);
      expect([state, STATES[state].serves]).toEqual([state, serves || state === "RECOVER-DONE"]);
      expect(STATES[state].meaning).not.toBe("");
      for (const communicating of [true, false])
        expect(STATES[state].advice(context("primary", { communicating }))).not.toBe("");
    }
  });

  it("7.7 updates flow unasked in NORMAL, in CONFLICT-DONE and to a partner that returns (A-33)", () => {
    const flows = Object.keys(SERVER_STATE).filter((state) =>
      STATES[state as ServerState].sendsUpdates(context("primary")),
    );
    expect(flows).toEqual(["NORMAL", "CONFLICT-DONE"]);
    for (const partnerState of Object.keys(SERVER_STATE) as ServerState[]) {
      const returning = partnerState.startsWith("RECOVER");
      expect(STATES["PARTNER-DOWN"].sendsUpdates(context("primary", { partnerState }))).toBe(
        returning,
      );
      expect(
        STATES["PARTNER-DOWN"].sendsUpdates(
          context("primary", { partnerState, communicating: false }),
        ),
      ).toBe(false);
    }
  });
});

/** A pair in NORMAL with one client that holds an address of the primary; then the primary is gone. */
function afterTakeover() {
  const pair = new Pair();
  pair.startBoth();
  pair.run(30_000);
  const client = new TestClient(pair.a, 1);
  const held = acquire(client, pair.a, pair.now);
  const [address] = held.filter((lease) => lease.kind === "address");
  if (address === undefined) throw new Error("no address");
  pair.run(1_000);
  pair.kill(pair.a);
  pair.run(1_000);
  return { pair, client, address: address.address };
}

describe("§8 through a whole server", () => {
  it("8.8.1 NORMAL: the primary answers everybody, the secondary only what is addressed to it (F-436, F-371, F-370)", () => {
    const pair = new Pair();
    pair.startBoth();
    pair.run(30_000);
    const client = new TestClient(pair.a, 1);
    expect(client.send("SOLICIT", [iaNa(1)], pair.now, { host: pair.b })).toBeUndefined();
    const [lease] = acquire(client, pair.a, pair.now);
    if (lease === undefined) throw new Error("no lease");
    pair.run(1_000);
    expect(
      client.send("REBIND", [iaNa(1, lease.address)], pair.now, { host: pair.b }),
    ).toBeUndefined();
    const own = serverId(pair.b.config.server.duid);
    expect(
      client.send("RENEW", [own, iaNa(1, lease.address)], pair.now, { host: pair.b })?.leases[0]
        ?.valid,
    ).toBe(60);
    const foreign = serverId(pair.a.config.server.duid);
    expect(
      client.send("RENEW", [foreign, iaNa(1, lease.address)], pair.now, { host: pair.b }),
    ).toBeUndefined();
  });

  it("8.9.1 out of contact the survivor renews what names its partner and answers as itself (T-03, A-81, F-563, F-452, F-020, F-022)", () => {
    const { pair, client, address } = afterTakeover();
    const answer = client.send(
      "RENEW",
      [serverId(pair.a.config.server.duid), iaNa(1, address)],
      pair.now,
      { host: pair.b },
    );
    expect(answer?.leases).toMatchObject([{ address, valid: 60 }]);
    expect(answer?.serverId).toBe(pair.b.config.server.duid);
  });

  it("8.9.1 it is silent where one lease of the message is not recorded or not this client's (A-81, F-563)", () => {
    const { pair, client, address } = afterTakeover();
    const partner = serverId(pair.a.config.server.duid);
    const send = (who: TestClient, ...addresses: string[]): Answer | undefined =>
      who.send("RENEW", [partner, iaNa(1, ...addresses.map(ip))], pair.now, { host: pair.b });
    expect(send(client, "2001:db8:1::1:fff1")).toBeUndefined();
    expect(
      client.send("RENEW", [partner, iaNa(1, address, ip("2001:db8:1::1:fff1"))], pair.now, {
        host: pair.b,
      }),
    ).toBeUndefined();
    expect(
      client.send("RENEW", [partner, iaNa(2, address)], pair.now, { host: pair.b }),
    ).toBeUndefined();
    expect(
      new TestClient(pair.a, 2).send("RENEW", [partner, iaNa(1, address)], pair.now, {
        host: pair.b,
      }),
    ).toBeUndefined();
    expect(client.send("RENEW", [partner, iaNa(1)], pair.now, { host: pair.b })).toBeUndefined();
  });

  it("8.9.1 what is over here is not ended for the partner's client, but a RENEW gets it back (A-81, T-02)", () => {
    const { pair, client, address } = afterTakeover();
    const options = [serverId(pair.a.config.server.duid), iaNa(1, address)];
    pair.run(600_000);
    const status = () =>
      pair.b.up.state.table.get({ kind: "address", address, length: 128 })?.status;
    expect(status()).toBe("EXPIRED");
    expect(client.send("RELEASE", options, pair.now, { host: pair.b })).toBeUndefined();
    const other = new TestClient(pair.a, 2);
    expect(other.send("RENEW", options, pair.now, { host: pair.b })).toBeUndefined();
    const back = client.send("RENEW", options, pair.now, { host: pair.b });
    expect(back?.leases).toMatchObject([{ address, valid: 60 }]);
    expect(status()).toBe("ACTIVE");
  });

  it("8.9.1 a REQUEST that names the partner is nobody's (T-03, F-372)", () => {
    const { pair, client, address } = afterTakeover();
    expect(
      client.send("REQUEST", [serverId(pair.a.config.server.duid), iaNa(1, address)], pair.now, {
        host: pair.b,
      }),
    ).toBeUndefined();
  });

  it("8.9.1 a RELEASE that names the partner ends the lease as RELEASED, never as free (T-03, A-81)", () => {
    const { pair, client, address } = afterTakeover();
    // So long after the client's last contact it cannot be a copy of an older one.
    pair.run(15_000);
    client.send("RELEASE", [serverId(pair.a.config.server.duid), iaNa(1, address)], pair.now, {
      host: pair.b,
    });
    const lease = pair.b.up.state.table.get({ kind: "address", address, length: 128 });
    expect([lease?.status, lease?.marked]).toEqual(["RELEASED", true]);
  });

  it("8.9.1 a lease that the partner may have given unseen is neither confirmed nor denied (T-02)", () => {
    const { pair } = afterTakeover();
    const stranger = new TestClient(pair.a, 9);
    for (const address of ["2001:db8:1::1:fff1", "2001:db8:1::1:fff2"]) {
      expect(
        stranger.send("REBIND", [iaNa(1, ip(address))], pair.now, { host: pair.b }),
      ).toBeUndefined();
      expect(
        stranger.send(
          "RENEW",
          [serverId(pair.b.config.server.duid), iaNa(1, ip(address))],
          pair.now,
          { host: pair.b },
        ),
      ).toBeUndefined();
    }
  });

  it("8.7.1 RECOVER-DONE: a RENEW changes only the recorded leases that it names, nothing new is given (F-425, F-426, F-427, F-428, F-569, A-84)", () => {
    const a = new ScriptedPartner("a").start().reach("RECOVER-DONE", "PARTNER-DOWN");
    const client = new TestClient(a.host, 1);
    const expiry = a.time(30);
    const mine = {
      duid: client.duid,
      iaid: 1,
      status: "ACTIVE",
      stateExpirationTime: expiry,
      clientExpiry: expiry,
    } as const;
    a.lease({ address: ip("2001:db8:1::1:1"), ...mine });
    const other = a.lease({ address: ip("2001:db8:1::1:3"), ...mine });
    const own = serverId(a.host.config.server.duid);
    const answer = client.send(
      "RENEW",
      [own, iaNa(1, ip("2001:db8:1::1:1"), ip("2001:db8:1::1:5"))],
      a.now,
    );
    expect(answer?.leases.map((lease) => [lease.address, lease.valid])).toEqual([
      [ip("2001:db8:1::1:1"), 60],
    ]);
    expect(a.stored(other)).toEqual(other);
    expect(a.stored({ address: ip("2001:db8:1::1:5") })).toBeUndefined();
    expect(client.send("RENEW", [own, iaNa(1, ip("2001:db8:1::1:5"))], a.now)).toBeUndefined();
    expect(client.send("SOLICIT", [iaNa(1)], a.now)).toBeUndefined();
    a.drop();
    expect(a.state).toBe("RECOVER-DONE");
    expect(client.send("RENEW", [own, iaNa(1, ip("2001:db8:1::1:1"))], a.now)).toBeUndefined();
  });

  it("8.8.1 one server identifier for both is refused by the configuration (A-50)", () => {
    const same = CONFIG.replace(
      'duid: "00:03:00:01:02:00:00:00:00:0b"',
      'duid: "00:03:00:01:02:00:00:00:00:0a"',
    );
    expect(() => new Pair(same)).toThrow();
  });
});
