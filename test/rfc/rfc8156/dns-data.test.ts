// RFC 8156 §9: a partner that updates DNS, and a server that does not.

import { expect, it } from "vitest";
import { clientUpdate } from "../../../src/core/failover/updates/bndupd-build.ts";
import { freshLease } from "../../../src/core/model/lease-status.ts";
import { type Option, option } from "../../../src/core/wire/options.ts";
import { TestClient } from "../../support/client.ts";
import { ip } from "../../support/pair.ts";
import { ScriptedPartner } from "../../support/scripted-partner.ts";

const ODD = { kind: "address", address: ip("2001:db8:1::1:1"), length: 128 } as const;

/** Every IAADDR with one option more. */
function withDnsData(options: readonly Option[]): Option[] {
  const more = option("F_DNS_REMOVAL_INFO", { options: [option("F_DNS_FLAGS", { value: 1 })] });
  return options.map((each): Option => {
    if (each.type === "IAADDR") return { ...each, options: [...each.options, more] };
    if (each.type === "CLIENT_DATA" || each.type === "IA_NA")
      return { ...each, options: withDnsData(each.options) };
    return each;
  });
}

it("9 data about names in DNS: the lease is taken, and it is said once that its name will stay (F-310, F-146)", () => {
  const b = new ScriptedPartner("b").start().reach("NORMAL", "NORMAL");
  const { duid } = new TestClient(b.host, 1);
  const lease = {
    ...freshLease(ODD, "link"),
    ...({ status: "ACTIVE", duid, iaid: 1, startTimeOfState: b.time() } as const),
    stateExpirationTime: b.time(300),
    clientLastTransactionTime: b.time(),
  };
  const alarms = () => b.logged("FAILOVER_ALARM").filter((line) => line.includes("DNS"));
  const plain = clientUpdate(duid, [lease], b.time());
  b.send("BNDUPD", plain);
  expect(alarms()).toEqual([]);
  for (let i = 0; i < 3; i++) b.send("BNDUPD", withDnsData(plain));
  for (const reply of b.takeAll("BNDREPLY"))
    expect(JSON.stringify(reply.options)).not.toContain("STATUS_CODE");
  expect(b.stored(ODD)?.status).toBe("ACTIVE");
  expect(alarms()).toHaveLength(1);
});
