// An answer that its process holds back too long, because it stands still in the middle of a batch (T-06 (4)).

import { describe, expect, it } from "vitest";
import { fromClient, Lone } from "../../support/lone.ts";
import { na, OURS } from "../../support/requests.ts";

describe("a process that stands still between a batch and its answers", () => {
  it("§18.3.2 a REPLY is not sent 2 s after its REQUEST came, by the clock at the send (T-06)", () => {
    const lone = new Lone();
    const client = fromClient(1);
    lone.answer("SOLICIT", client, [na(1)]);
    lone.host.standstill = 16_000;
    expect(lone.ask("REQUEST", client, [OURS, na(1)])).toBeUndefined();
    expect(lone.host.up.counters.get("reply-too-late")).toBe(1);
    lone.host.standstill = 0;
    // The lease is on record, and the next copy of the message is answered.
    lone.now += 16_000;
    expect(lone.ask("REQUEST", client, [OURS, na(1)])).toBeDefined();
  });

  it("§18.3.1 nor is an ADVERTISE, which promises nothing (T-06)", () => {
    const lone = new Lone();
    lone.host.standstill = 2_001;
    expect(lone.ask("SOLICIT", fromClient(1), [na(1)])).toBeUndefined();
    lone.host.standstill = 2_000;
    expect(lone.ask("SOLICIT", fromClient(1), [na(1)])).toBeDefined();
  });
});
