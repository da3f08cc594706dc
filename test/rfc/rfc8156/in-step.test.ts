// Back in contact: until the partner's updates about the time without contact are through, this server may lack leases
// (RFC 8156 §8.8; T-02, T-12).

import { describe, expect, it } from "vitest";
import { vendorOption } from "../../../src/core/failover/link/extensions.ts";
import { option } from "../../../src/core/wire/options.ts";
import { iaNa, iaPd, serverId, TestClient } from "../../support/client.ts";
import { CONFIG, ip } from "../../support/pair.ts";
import { ScriptedPartner, terms } from "../../support/scripted-partner.ts";

/** In NORMAL after an interruption; `tandem`: the partner speaks the extensions. */
function back(tandem: boolean): ScriptedPartner {
  const b = new ScriptedPartner("b").start().put("COMMUNICATIONS-INTERRUPTED").open();
  b.send("CONNECT", [...terms(), ...(tandem ? [vendorOption([])] : [])]);
  b.tell("NORMAL");
  return b;
}

/** What becomes of a RENEW for an address that this server does not know: silence while it is in doubt. */
function answers(b: ScriptedPartner): boolean {
  const client = new TestClient(b.host, 1);
  const message = [serverId(b.host.config.server.duid), iaNa(1, ip("2001:db8:1::1:301"))];
  return client.send("RENEW", message, b.now) !== undefined;
}

function update(b: ScriptedPartner, number: number): void {
  const options = [
    option("F_BINDING_STATUS", { value: 1 }),
    option("F_START_TIME_OF_STATE", { value: b.time() }),
    option("F_STATE_EXPIRATION_TIME", { value: b.time(100) }),
  ];
  const lease = option("IAADDR", {
    address: ip(`2001:db8:1::1:${number.toString(16)}`),
    preferredLifetime: 1,
    validLifetime: 1,
    options,
  });
  const client = [
    option("CLIENTID", { duid: new TestClient(b.host, number).duid }),
    option("LQ_BASE_TIME", { value: b.time() }),
  ];
  const ia = option("IA_NA", { iaid: 1, t1: 0, t2: 0, options: [lease] });
  b.send("BNDUPD", [option("CLIENT_DATA", { options: [...client, ia] })]);
}

describe("§8.8 in step with the partner", () => {
  it("8.8 a Tandem says when its updates are through; its silence before that says nothing (T-02, T-12)", () => {
    const b = back(true);
    b.run(30_000);
    expect([b.state, b.endpoint.isInStep, answers(b)]).toEqual(["NORMAL", false, false]);
    b.send("CONTACT", [vendorOption(["synchronised"])]);
    expect([b.endpoint.isInStep, answers(b)]).toEqual([true, true]);
  });

  it("8.8 another partner is in step when it has been quiet for a moment (T-02)", () => {
    const b = back(false);
    for (let i = 0; i < 8; i++) {
      update(b, 0x400 + i);
      b.run(1_000);
    }
    expect([b.endpoint.isInStep, answers(b)]).toEqual([false, false]);
    b.run(2_000);
    expect([b.endpoint.isInStep, answers(b)]).toEqual([true, true]);
  });

  it("8.8 and a busy one after the MCLT: else no lease would ever end here (T-02, T-13)", () => {
    const b = back(false);
    for (let i = 0; i < 61; i++) {
      update(b, 0x400 + i);
      b.run(1_000);
    }
    expect(b.endpoint.isInStep).toBe(true);
  });
});

it("8.8 an IA that names nothing is not denied while the partner may know of its leases (T-02; simulator, seed 116145)", () => {
  const a = new ScriptedPartner("a").start().put("COMMUNICATIONS-INTERRUPTED");
  const client = new TestClient(a.host, 1);
  const address = ip("2001:db8:1::1:302");
  a.lease({
    address,
    status: "ACTIVE",
    duid: client.duid,
    iaid: 1,
    stateExpirationTime: a.time(100),
    clientExpiry: a.time(100),
  });
  const rebind = () => client.send("REBIND", [iaNa(1, address), iaPd(2)], a.now);
  expect([rebind()?.leases.length, rebind()?.status]).toEqual([1, undefined]);
  a.reach("NORMAL", "NORMAL");
  a.run(10_000);
  a.endpoint.stay.synchronisedAt ??= a.now;
  expect([rebind()?.leases.length, rebind()?.status]).toEqual([1, 3]);
});

it("8.8 what ended here and was told the partner may have given again: it is not denied (T-02; simulator, seed 235302)", () => {
  for (const status of ["EXPIRED", "RELEASED", "RESET", "ABANDONED"] as const) {
    const a = new ScriptedPartner("a").start().put("COMMUNICATIONS-INTERRUPTED");
    const address = ip("2001:db8:1::1:302");
    const owner = new TestClient(a.host, 1);
    const stateExpirationTime = status === "ABANDONED" ? a.time(500) : 0;
    a.lease({ address, status, duid: owner.duid, iaid: 1, stateExpirationTime, endingSent: true });
    const client = new TestClient(a.host, 2);
    // One that is its own, so that there is something to say.
    const own = ip("2001:db8:1::1:303");
    const active = { status: "ACTIVE", duid: client.duid, iaid: 1 } as const;
    a.lease({
      address: own,
      ...active,
      stateExpirationTime: a.time(100),
      clientExpiry: a.time(100),
    });
    const answer = client.send("REBIND", [iaNa(1, own, address)], a.now);
    const ended = answer?.leases.filter((lease) => lease.valid === 0).length;
    expect([status, ended]).toEqual([status, status === "ABANDONED" ? 1 : 0]);
  }
});

it("18.3.1 while the partner may have the client's lease a SOLICIT with Rapid Commit gets an ADVERTISE, so that the client can choose (T-02, D-099)", () => {
  const asked = (partner: ScriptedPartner) =>
    new TestClient(partner.host, 7).send(
      "SOLICIT",
      [option("RAPID_COMMIT", {}), iaNa(1)],
      partner.now,
    );
  const text = `rapid-commit: true\n${CONFIG}`;
  const alone = new ScriptedPartner("b", text).start().put("COMMUNICATIONS-INTERRUPTED");
  expect(asked(alone)?.type).toBe("ADVERTISE");
  expect(alone.host.up.state.table.size).toBe(0);
  // So in the first moments of NORMAL, and no longer.
  const a = new ScriptedPartner("a", text).start().put("COMMUNICATIONS-INTERRUPTED").open();
  const { transactionId } = a.expectOne("CONNECT");
  a.send("CONNECTREPLY", [...terms(), vendorOption([])], { id: transactionId });
  a.tell("NORMAL");
  expect([a.state, asked(a)?.type]).toEqual(["NORMAL", "ADVERTISE"]);
  a.send("CONTACT", [vendorOption(["synchronised"])]);
  expect(asked(a)?.type).toBe("REPLY");
});
