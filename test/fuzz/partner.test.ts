// Damaged messages of a partner through the door of a server, in every phase of a connection and in both roles: no
// crash, bounded memory, nothing changed before CONNECT was accepted, and a good partner finds its way to NORMAL.

import { describe, expect, it } from "vitest";
import { SERVER_STATE, type ServerState } from "../../src/core/model/endpoint-record.ts";
import {
  encodeFailoverMessage,
  type FailoverMessage,
} from "../../src/core/wire/failover-messages.ts";
import { firstOption } from "../../src/core/wire/options.ts";
import { acquire, TestClient } from "../support/client.ts";
import { CONFIG, Pair } from "../support/pair.ts";
import { accepted, ScriptedPartner, terms } from "../support/scripted-partner.ts";
import { framed, partnerCorpus, putSentTime } from "./corpus.ts";
import { attempt, forgetDisk, memory, messages, random } from "./harness.ts";
import { Mutator } from "./mutate.ts";

const MESSAGES = messages(4_000);
const MEMORY_BOUND = 64 * 1024 * 1024;
const STATES = Object.keys(SERVER_STATE) as ServerState[];
const RECORDED = STATES.filter((state) => state !== "STARTUP");
/** CONFLICT-DONE is a state of the primary. */
const OF_SECONDARY = RECORDED.filter((state) => state !== "CONFLICT-DONE");
/** Damaged messages on one connection at most. */
const BURST = 40;

/** A partner that says damaged things between sound ones. */
class FuzzPartner {
  readonly partner: ScriptedPartner;
  readonly #mutator = new Mutator(random("partner"), partnerCorpus(terms()), true);
  readonly #random = random("conversation");
  readonly #reachable: typeof RECORDED;
  readonly states = new Set<string>();
  sent = 0;
  answers = 0;

  constructor(role: "a" | "b") {
    this.#reachable = role === "a" ? RECORDED : OF_SECONDARY;
    this.partner = new ScriptedPartner(role, CONFIG);
    forgetDisk(this.partner.host);
    this.partner.start();
  }

  /** One connection with up to BURST damaged messages in one of its phases. */
  converse(): void {
    const { partner } = this;
    const phase = this.#random.below(4);
    // In any state, as if it had come there by itself.
    if (this.#random.chance(0.3)) this.partner.put(this.#random.pick(this.#reachable));
    partner.open();
    if (phase === 0) {
      this.#beforeConnect();
    } else {
      partner.connect();
      if (phase > 1 && !partner.closed) partner.tell(this.#state());
      this.#burst();
    }
    if (!partner.closed) partner.drop();
    partner.run(this.#random.chance(0.05) ? 60_000 : 1_000, false);
    this.states.add(partner.state);
    partner.host.logs.length = 0;
  }

  #state(): ServerState {
    return this.#random.chance(0.6) ? "NORMAL" : this.#random.pick(STATES);
  }

  /** R7031-70, F-556: until a CONNECT is accepted no lease and no state changes. */
  #beforeConnect(): void {
    const before = this.#known();
    for (let i = 0; i < BURST && !this.partner.closed; i++) {
      const message = this.#damaged();
      const [reply] = this.partner.takeAll("CONNECTREPLY");
      if (reply !== undefined && firstOption(reply.options, "STATUS_CODE") === undefined) return;
      if (this.partner.endpoint.communicating) return;
      attempt(this.sent, message, () => expect(this.#known()).toEqual(before));
    }
  }

  #known(): unknown {
    const { state, unacknowledged } = this.partner.host.up;
    const { record } = this.partner.endpoint;
    const { size } = state.table;
    return { size, unacknowledged, blocks: state.blocks.all(), state: record.state, record };
  }

  #burst(): void {
    for (let i = this.#random.below(BURST); i >= 0 && !this.partner.closed; i--) {
      this.#answer();
      this.#damaged();
      if (this.#random.chance(0.2)) this.partner.run(250, false);
    }
  }

  #damaged(): Uint8Array {
    const message = this.#mutator.next();
    // Mostly sent now: a skewed clock is one damage among many.
    if (this.#random.chance(0.95)) putSentTime(message, this.partner.time());
    const bytes = framed(message);
    attempt(this.sent, message, () => this.#deliver(bytes));
    this.sent++;
    return message;
  }

  /** In one piece, or in several as TCP may. */
  #deliver(bytes: Uint8Array): void {
    const cut = this.#random.chance(0.2) ? this.#random.below(bytes.length) : bytes.length;
    this.partner.bytes(bytes.slice(0, cut));
    if (cut < bytes.length && !this.partner.closed) this.partner.bytes(bytes.slice(cut));
    expect(this.partner.host.stopped).toBeUndefined();
  }

  /** Answers to updates: sound ones, damaged ones, none. */
  #answer(): void {
    for (const update of this.partner.takeAll("BNDUPD")) {
      if (this.partner.closed || this.#random.chance(0.2)) continue;
      const message = encodeFailoverMessage(this.#reply(update));
      const bytes = this.#random.chance(0.5) ? message : this.#mutator.damage(message);
      this.answers++;
      attempt(this.sent, bytes, () => this.#deliver(framed(bytes)));
    }
    for (const type of ["UPDREQ", "UPDREQALL"] as const) {
      for (const { transactionId } of this.partner.takeAll(type)) {
        const done = !this.partner.closed && this.#random.chance(0.7);
        if (done) this.partner.send("UPDDONE", [], { id: transactionId });
      }
    }
    this.partner.received = [];
  }

  #reply({ transactionId, options }: FailoverMessage): FailoverMessage {
    const answered = accepted(options);
    const sentTime = this.partner.time();
    return { type: "BNDREPLY", transactionId, sentTime, options: answered };
  }
}

describe("damaged messages of a partner", () => {
  for (const [role, name] of [
    ["a", "primary"],
    ["b", "secondary"],
  ] as const) {
    it(`F-555 F-556 R7031-70: ${MESSAGES} of them to the ${name} crash nothing, and a good partner is served afterwards`, () => {
      const fuzz = new FuzzPartner(role);
      const { host } = fuzz.partner;
      const before = memory();
      let clients = 0;
      while (fuzz.sent < MESSAGES) {
        fuzz.converse();
        // Leases of its own, so that updates go out and answers come in.
        if (clients < 60) acquire(new TestClient(host, 1_000 + clients++), host, fuzz.partner.now);
      }
      expect(memory() - before).toBeLessThan(MEMORY_BOUND);
      expect(fuzz.states.size).toBeGreaterThan(5);

      const pair = new Pair();
      Object.assign(pair, { [role]: host });
      pair.now = fuzz.partner.now;
      (role === "a" ? pair.b : pair.a).start(pair.now);
      for (let i = 0; i < 60 && pair.states !== "NORMAL NORMAL"; i++) pair.run(60_000);
      expect(pair.states).toBe("NORMAL NORMAL");
      // What the other may have promised is waited for before new leases are given.
      pair.run(600_000);
      const client = new TestClient(pair.a, 1);
      expect(acquire(client, pair.a, pair.now)).toHaveLength(2);
    });
  }
});
