// RFC 8156 §7.6: a BNDUPD whose answer would be longer than a frame (65,535 octets) is refused as a whole; it never ends
// the server (F-073, F-307, F-555).

import { describe, expect, it } from "vitest";
import { duidFromBytes } from "../../../src/core/model/duid.ts";
import { firstOption, type Option, option } from "../../../src/core/wire/options.ts";
import { ip } from "../../support/pair.ts";
import { ScriptedPartner } from "../../support/scripted-partner.ts";

const DUID = duidFromBytes(Uint8Array.of(0, 3, 0, 1, 2, 0, 0, 0, 0, 1));

function lease(number: number): Option {
  const address = ip(`2001:db8:1::1:${number.toString(16)}`);
  return option("IAADDR", { address, preferredLifetime: 0, validLifetime: 0, options: [] });
}

/** Up to 16 octets from the end of a frame. */
function update(count: number, base: readonly Option[]): Option[] {
  const leases = Array.from({ length: count }, (_, i) => lease(i + 1));
  const ia = option("IA_NA", { iaid: 1, t1: 0, t2: 0, options: leases });
  return [
    option("CLIENT_DATA", {
      options: [
        option("CLIENTID", { duid: DUID }),
        ...base,
        ia,
        ...(base.length === 0 ? [option("IA_NA", { iaid: 2, t1: 0, t2: 0, options: [] })] : []),
      ],
    }),
  ];
}

const BASE = [option("LQ_BASE_TIME", { value: 1 })];

describe("§7.6 a BNDUPD that fills its frame", () => {
  for (const [what, base] of [
    ["each of its leases lacks something", BASE],
    ["all of it lacks something", []],
  ] as const) {
    it(`7.6 is answered, also where ${what}`, () => {
      for (const count of [2_336, 2_337, 2_338]) {
        const a = new ScriptedPartner("a").start().reach("NORMAL", "NORMAL");
        const id = a.send("BNDUPD", update(count, base));
        const reply = a.expectOne("BNDREPLY");
        expect(reply.transactionId).toBe(id);
        const data = firstOption(reply.options, "CLIENT_DATA");
        expect(firstOption(data?.options ?? [], "STATUS_CODE")?.status).not.toBe(0);
      }
    });
  }
});
