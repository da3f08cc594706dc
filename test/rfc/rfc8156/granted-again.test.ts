// What a client gets again while a server or the partner has another opinion of the lease (RFC 8156 §7.2, §7.5.4).

import { describe, expect, it } from "vitest";
import { clientUpdate } from "../../../src/core/failover/updates/bndupd-build.ts";
import type { Lease } from "../../../src/core/model/lease.ts";
import { freshLease } from "../../../src/core/model/lease-status.ts";
import { option } from "../../../src/core/wire/options.ts";
import { iaPd, serverId, TestClient } from "../../support/client.ts";
import { CONFIG, ip } from "../../support/pair.ts";
import { ScriptedPartner } from "../../support/scripted-partner.ts";

const ODD = { kind: "address", address: ip("2001:db8:1::1:1"), length: 128 } as const;
const SMALL = CONFIG.replace("delegated-len: 56", "delegated-len: 52");

it("4.2.2 a free prefix that came with its block is FREE-BACKUP on record before its client has it again (F-258, F-260; simulator, seed 82504)", () => {
  const b = new ScriptedPartner("b", SMALL).start().reach("NORMAL", "NORMAL");
  const client = new TestClient(b.host, 1);
  const key = { kind: "prefix", address: ip("2001:db8:8000:9000::"), length: 52 } as const;
  b.lease({ ...key, status: "FREE", duid: client.duid, iaid: 1 });
  const head = { preferredLifetime: 0, validLifetime: 0 };
  const block = { ...head, prefixLength: 49, prefix: ip("2001:db8:8000:8000::") };
  const options = [
    option("LQ_BASE_TIME", { value: b.time() }),
    option("F_BINDING_STATUS", { value: 6 }),
    option("F_START_TIME_OF_STATE", { value: b.time() }),
  ];
  b.send("BNDUPD", [option("IAPREFIX", { ...block, options })]);
  const { state } = b.host.up;
  const statuses: string[] = [];
  const save = state.save.bind(state);
  state.save = (lease) => {
    statuses.push(lease.status);
    save(lease);
  };
  client.send("REQUEST", [serverId(b.host.config.server.duid), iaPd(1, key)], b.now);
  expect(statuses).toEqual(["FREE-BACKUP", "ACTIVE"]);
});

describe("§7.5.4 declined at the partner and given again here meanwhile (T-04; simulator, seed 94180)", () => {
  const declined = (a: ScriptedPartner, client: TestClient, more: Partial<Lease>): Lease => ({
    ...freshLease(ODD, a.host.config.links[0]?.name ?? ""),
    status: "ABANDONED",
    duid: client.duid,
    iaid: 1,
    startTimeOfState: a.time(-3),
    stateExpirationTime: a.time(60),
    clientLastTransactionTime: a.time(-3),
    ...more,
  });
  const tell = (a: ScriptedPartner, client: TestClient, lease: Lease) =>
    a.send("BNDUPD", clientUpdate(client.duid, [lease], a.time()));
  const held = (who: TestClient, a: ScriptedPartner) =>
    a.lease({
      ...ODD,
      status: "ACTIVE",
      duid: who.duid,
      iaid: 1,
      startTimeOfState: a.time(-50),
      stateExpirationTime: a.time(300),
      clientExpiry: a.time(300),
      clientLastTransactionTime: a.time(-1),
      everSent: true,
    });

  it("7.5.5 is out of use until the client's lease has ended, and the partner hears so (F-314, F-333, A-17)", () => {
    const a = new ScriptedPartner("a").start().reach("NORMAL", "NORMAL");
    const client = new TestClient(a.host, 1);
    held(client, a);
    tell(a, client, declined(a, client, {}));
    const kept = { status: "ABANDONED", stateExpirationTime: a.time(300), marked: true };
    expect(a.stored(ODD)).toMatchObject(kept);
    // An end of the hold that the partner made before it heard of that.
    a.run(70_000);
    const early = { status: "RESET", startTimeOfState: a.time(), stateExpirationTime: 0 } as const;
    tell(a, client, declined(a, client, early));
    expect(a.stored(ODD)?.status).toBe("ABANDONED");
    a.run(240_000);
    tell(a, client, declined(a, client, { ...early, startTimeOfState: a.time() }));
    expect(a.stored(ODD)?.status).toBe("FREE");
  });

  it("7.5.4 does not end by the RESET of a hold that was never told here (F-315; the partner's backlog was longer than ours)", () => {
    const a = new ScriptedPartner("a").start().reach("NORMAL", "NORMAL");
    const client = new TestClient(a.host, 1);
    held(client, a);
    a.run(70_000);
    const reset = { status: "RESET", startTimeOfState: a.time(), stateExpirationTime: 0 } as const;
    tell(a, client, declined(a, client, reset));
    expect(a.stored(ODD)?.status).toBe("ACTIVE");
    a.run(260_000);
    tell(a, client, declined(a, client, { ...reset, startTimeOfState: a.time() }));
    expect(a.stored(ODD)?.status).toBe("FREE");
  });

  it("7.5.4 a hold is over for others when a client that errs has given up too (T-06)", () => {
    const a = new ScriptedPartner("a").start().reach("NORMAL", "NORMAL");
    const client = new TestClient(a.host, 1);
    const hold = declined(a, client, { stateExpirationTime: a.time(100), everSent: true });
    a.host.up.state.save(hold);
    const end = () =>
      tell(
        a,
        client,
        declined(a, client, {
          ...({ status: "RESET", startTimeOfState: a.time() } as const),
          stateExpirationTime: 0,
        }),
      );
    a.run(97_000);
    end();
    expect(a.stored(ODD)?.status).toBe("ABANDONED");
    a.run(13_000);
    end();
    expect(a.stored(ODD)?.status).toBe("FREE");
  });

  it("7.5.5 ends with the hold where the sender knew of the client's last contact (F-314)", () => {
    const a = new ScriptedPartner("a").start().reach("NORMAL", "NORMAL");
    const client = new TestClient(a.host, 1);
    const { clientLastTransactionTime } = held(client, a);
    a.host.up.state.amend({ ...(a.stored(ODD) as Lease), marked: false });
    a.run(20_000);
    const more = { partnerRawCltTime: clientLastTransactionTime };
    tell(a, client, declined(a, client, more));
    expect(a.stored(ODD)).toMatchObject({ stateExpirationTime: a.time(60), marked: false });
  });
});

it("7.5.4 what ended here by its time is held by a longer promise, however old its contact (F-316, T-04; simulator, seed 116910)", () => {
  for (const [ours, end, after] of [
    ["EXPIRED", 50, "ACTIVE"],
    ["EXPIRED", -1, "EXPIRED"],
    ["RELEASED", 50, "RELEASED"],
  ] as const) {
    const a = new ScriptedPartner("a").start().reach("NORMAL", "NORMAL");
    const { duid } = new TestClient(a.host, 1);
    const times = { startTimeOfState: a.time(-30), clientLastTransactionTime: a.time(-100) };
    const own = { ...ODD, ...times, status: ours, duid, iaid: 1, everSent: true };
    a.lease({ ...own, marked: true });
    const told = { startTimeOfState: a.time(-400), clientLastTransactionTime: a.time(-160) };
    const active = { ...freshLease(ODD, ""), ...told, status: "ACTIVE", duid, iaid: 1 } as const;
    const lease = { ...active, stateExpirationTime: a.time(end) };
    a.send("BNDUPD", clientUpdate(duid, [lease], a.time()));
    expect([ours, end, a.stored(ODD)?.status]).toEqual([ours, end, after]);
  }
});
