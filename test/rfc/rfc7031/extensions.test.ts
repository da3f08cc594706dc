// RFC 7031 §7 (10): extensions can be defined. What a later version may say, to the partner or as a client, is ignored
// or negotiated: the connection, the state and the service stay as they are.

import { describe, expect, it } from "vitest";
import { lowBit } from "../../../src/core/model/ipv6.ts";
import type { Lease } from "../../../src/core/model/lease.ts";
import { FAILOVER_TYPE, TLS_TYPE } from "../../../src/core/wire/failover-messages.ts";
import { encodeMessage, MESSAGE_TYPE } from "../../../src/core/wire/messages.ts";
import { firstOption, type Option, option } from "../../../src/core/wire/options.ts";
import { RELAY_TYPE } from "../../../src/core/wire/relay.ts";
import { acquire, iaNa, iaPd, serverId, TestClient } from "../../support/client.ts";
import { CONFIG, ip } from "../../support/pair.ts";
import { relayed } from "../../support/requests.ts";
import { accepted, FLAG, ScriptedPartner, terms } from "../../support/scripted-partner.ts";

const ROLES = ["a", "b"] as const;
type Role = (typeof ROLES)[number];
const OTHERS = Array.from({ length: 256 }, (_, code) => code);

/** Options that no RFC has defined, and those of another vendor. */
const UNKNOWN: readonly Option[] = [
  { type: "unknown", code: 60_001, data: new Uint8Array(0) },
  { type: "unknown", code: 60_002, data: Uint8Array.of(0xff, 0xff, 0, 1) },
  option("VENDOR_OPTS", {
    enterprise: 99_999,
    suboptions: [{ code: 7, data: Uint8Array.of(1, 2, 3) }],
  }),
];

/** With unknown options before and behind the known ones, on every level. */
function extended(options: readonly Option[]): readonly Option[] {
  const inner = options.map(
    (each): Option =>
      "options" in each ? { ...each, options: extended(each.options) as Option[] } : each,
  );
  return [...UNKNOWN, ...inner, ...UNKNOWN];
}

/** CONNECT or CONNECTREPLY of a later minor version: unknown options, flags without a meaning. */
function laterTerms(minor: number): readonly Option[] {
  const changed = terms({ flags: 0xffff }).map((each) =>
    each.type === "F_PROTOCOL_VERSION" ? option("F_PROTOCOL_VERSION", { major: 1, minor }) : each,
  );
  return extended(changed);
}

function connectLater(partner: ScriptedPartner, minor = 9): void {
  if (partner.isPrimary) {
    const { transactionId } = partner.expectOne("CONNECT");
    partner.send("CONNECTREPLY", laterTerms(minor), { id: transactionId });
  } else partner.send("CONNECT", laterTerms(minor));
}

function tellLater(partner: ScriptedPartner, since = partner.time()): void {
  const known = [
    option("F_SERVER_STATE", { value: 2 }),
    option("F_SERVER_FLAGS", { value: 0xf8 | FLAG.communicated }),
    option("F_START_TIME_OF_STATE", { value: since }),
  ];
  partner.send("STATE", extended(known));
}

/** In NORMAL with a partner of a later version. */
function normal(role: Role): ScriptedPartner {
  const partner = new ScriptedPartner(role).start().put("NORMAL").open();
  connectLater(partner);
  tellLater(partner);
  expect([partner.state, partner.endpoint.communicating]).toEqual(["NORMAL", true]);
  partner.run(2_000);
  partner.takeAll("BNDUPD");
  partner.received = [];
  return partner;
}

/** A BNDUPD of an address that this partner granted. */
function granted(partner: ScriptedPartner, number: number, address: Lease["address"]): Option[] {
  const lease = option("IAADDR", {
    address,
    preferredLifetime: 60,
    validLifetime: 60,
    options: [
      option("F_BINDING_STATUS", { value: 1 }),
      option("F_START_TIME_OF_STATE", { value: partner.time() }),
      option("F_STATE_EXPIRATION_TIME", { value: partner.time(100) }),
      option("F_PARTNER_LIFETIME", { value: partner.time(200) }),
      option("F_EXPIRATION_TIME", { value: partner.time(60) }),
      option("CLT_TIME", { value: 0 }),
    ],
  });
  return [
    option("CLIENT_DATA", {
      options: [
        option("CLIENTID", { duid: new TestClient(partner.host, number).duid }),
        option("LQ_BASE_TIME", { value: partner.time() }),
        option("IA_NA", { iaid: 1, t1: 20, t2: 40, options: [lease] }),
      ],
    }),
  ];
}

/** An address of the half that is the partner's. */
function theirs(partner: ScriptedPartner, number: number): Lease["address"] {
  const address = ip(`2001:db8:1::1:${(number * 2 + (partner.isPrimary ? 0 : 1)).toString(16)}`);
  expect(lowBit(address)).toBe(partner.isPrimary ? 0 : 1);
  return address;
}

/** A client is served and the lease told and acknowledged; a lease of the partner is taken and acknowledged. */
function stillWorks(partner: ScriptedPartner, number: number, later: boolean): void {
  const wrap = later ? extended : (options: readonly Option[]) => options;
  const { host } = partner;
  const client = new TestClient(host, number);
  const held = partner.isPrimary ? acquire(client, host, partner.now) : [];
  if (partner.isPrimary) {
    expect(held.map(({ kind }) => kind)).toEqual(["address", "prefix"]);
    partner.tick();
    const update = partner.expectOne("BNDUPD");
    const answer = { id: update.transactionId };
    partner.send("BNDREPLY", wrap(accepted(update.options)), answer);
    for (const { address, kind, length } of held) {
      const lease = partner.stored({ address, kind, length });
      expect([lease?.status, lease?.marked]).toEqual(["ACTIVE", false]);
      expect(lease?.ackedPartnerLifetime).toBeGreaterThan(partner.time());
    }
  }
  const address = theirs(partner, number);
  const id = partner.send("BNDUPD", wrap(granted(partner, number + 1, address)));
  const reply = partner.expectOne("BNDREPLY");
  expect(reply.transactionId).toBe(id);
  expect(JSON.stringify(reply.options)).not.toContain("STATUS_CODE");
  expect(partner.stored({ address })).toMatchObject({ status: "ACTIVE", marked: false });
}

/** Nothing of the connection and of the endpoint has changed, and nothing was answered. */
function undisturbed(partner: ScriptedPartner, what: () => void): void {
  const { channel } = partner.endpoint;
  const { state, record } = partner.endpoint;
  const logged = partner.host.logs.length;
  what();
  expect([partner.types, partner.plain, partner.closed]).toEqual(["", [], false]);
  expect(partner.endpoint.channel).toBe(channel);
  const heard = { ...record, partnerLastContact: expect.any(Number) };
  expect([partner.endpoint.state, partner.endpoint.record]).toEqual([state, heard]);
  expect(partner.host.logs.slice(logged).filter(({ id }) => id === "FAILOVER_ALARM")).toEqual([]);
}

describe("RFC 7031 §7 (10) a partner of a later version (R7031-16)", () => {
  it("7 (10) CONNECT and CONNECTREPLY with another minor version, unknown options and flags are taken; the answer has this server's version (R7031-16)", () => {
    for (const role of ROLES)
      for (const minor of [1, 9, 0xffff]) {
        const partner = new ScriptedPartner(role).start().put("NORMAL").open();
        const said = role === "a" ? partner.received[0] : undefined;
        connectLater(partner, minor);
        const answer = said ?? partner.expectOne("CONNECTREPLY");
        expect(firstOption(answer.options, "F_PROTOCOL_VERSION")).toMatchObject({
          major: 1,
          minor: 0,
        });
        expect(firstOption(answer.options, "STATUS_CODE")).toBeUndefined();
        tellLater(partner);
        expect([partner.state, partner.closed]).toEqual(["NORMAL", false]);
        expect(partner.endpoint.record.partnerState).toBe("NORMAL");
        stillWorks(partner, 10, false);
      }
  });

  it("7 (10) STARTTLS and its REPLY with unknown options lead to TLS (R7031-16)", () => {
    const [own, other] = ["aa".repeat(32), "bb".repeat(32)];
    const keys = (name: Role, print = "") =>
      `/tmp/${name}, certificate: /x.crt, key: /x.key, certificate-fingerprint: ${print},`;
    const text = CONFIG.replace("      security: plain\n", "")
      .replace("/tmp/a,", keys("a", own))
      .replace("/tmp/b,", keys("b", other));
    const b = new ScriptedPartner("b", text).start().put("NORMAL").open();
    b.sendPlain("STARTTLS", 1, UNKNOWN);
    expect(b.startedTls).toBe("server");
    b.secured(own ?? "");
    const a = new ScriptedPartner("a", text).start().put("NORMAL").open();
    a.sendPlain("REPLY", a.plain[0]?.transactionId ?? -1, UNKNOWN);
    expect(a.startedTls).toBe("client");
    a.secured(other ?? "");
    for (const partner of [a, b]) {
      connectLater(partner);
      tellLater(partner);
      expect(partner.state).toBe("NORMAL");
      stillWorks(partner, 10, true);
    }
  });

  it("7 (10) unknown options in STATE, CONTACT, POOLRESP and UPDDONE change nothing (R7031-16)", () => {
    for (const role of ROLES) {
      const partner = normal(role);
      stillWorks(partner, 10, true);
      undisturbed(partner, () => {
        tellLater(partner, partner.endpoint.record.partnerStartTimeOfState);
        partner.send("CONTACT", extended([]));
        partner.send("POOLRESP", extended([]));
        partner.send("UPDDONE", extended([]));
      });
      stillWorks(partner, 20, true);
    }
  });

  it("7 (10) unknown options in what is answered: UPDREQ, UPDREQALL, POOLREQ, BNDUPD and BNDREPLY, on every level (R7031-16)", () => {
    for (const role of ROLES) {
      const partner = normal(role);
      const channel = partner.endpoint.channel;
      for (const type of ["UPDREQ", "UPDREQALL"] as const) {
        const id = partner.send(type, extended([]));
        for (const update of partner.takeAll("BNDUPD"))
          partner.send("BNDREPLY", extended(accepted(update.options)), {
            id: update.transactionId,
          });
        partner.tick();
        expect([type, partner.expectOne("UPDDONE").transactionId]).toEqual([type, id]);
      }
      if (partner.isPrimary) {
        const id = partner.send("POOLREQ", extended([]));
        expect(partner.expectOne("POOLRESP").transactionId).toBe(id);
        partner.tick();
        const block = partner.expectOne("BNDUPD");
        partner.send("BNDREPLY", extended(accepted(block.options)), { id: block.transactionId });
        expect(partner.host.up.state.blocks.all()).toMatchObject([{ marked: false }]);
      }
      stillWorks(partner, 10, true);
      expect([partner.state, partner.endpoint.channel]).toEqual(["NORMAL", channel]);
    }
  });

  it("7 (10) a DISCONNECT with unknown options is one; the next connection works (R7031-16)", () => {
    for (const role of ROLES) {
      const partner = normal(role);
      partner.send("DISCONNECT", extended([option("STATUS_CODE", { status: 22, message: "bye" })]));
      expect([partner.state, partner.closed]).toEqual(["COMMUNICATIONS-INTERRUPTED", true]);
      partner.link = 0;
      partner.open();
      connectLater(partner);
      tellLater(partner);
      expect(partner.state).toBe("NORMAL");
      stillWorks(partner, 10, true);
    }
  });

  it("7 (10) message types that are not defined, and those of clients, are passed over; they count as contact (R7031-16)", () => {
    const known = new Set<number>([...Object.values(FAILOVER_TYPE), ...Object.values(TLS_TYPE)]);
    const others = OTHERS.filter((code) => !known.has(code));
    for (const role of ROLES) {
      const partner = normal(role);
      undisturbed(partner, () => {
        for (const code of others)
          for (const size of [8, 9, 300]) {
            const body = new Uint8Array(size).fill(0xee);
            body[0] = code;
            partner.bytes(Uint8Array.of(size >> 8, size & 255, ...body));
          }
      });
      expect(partner.endpoint.channel?.lastReceived).toBe(partner.now);
      stillWorks(partner, 10, true);
    }
  });

  it("7 (10) before CONNECT too, and in one segment with what is known (R7031-16)", () => {
    for (const role of ROLES) {
      const partner = new ScriptedPartner(role).start().put("NORMAL").open();
      const later = Uint8Array.of(0, 12, 99, 0, 0, 7, 1, 2, 3, 4, 5, 6, 7, 8);
      partner.bytes(later);
      connectLater(partner);
      partner.bytes(Uint8Array.of(...later, ...later));
      tellLater(partner);
      expect([partner.state, partner.closed]).toEqual(["NORMAL", false]);
      stillWorks(partner, 10, true);
    }
  });
});

describe("RFC 7031 §7 (10) clients of a later version (R7031-16)", () => {
  it("7 (10) unknown options of a client, on every level, change nothing of its answers (R7031-16)", () => {
    const plain = normal("a");
    const later = normal("a");
    const both = [plain, later].map((partner, index) => {
      const wrap = index === 0 ? (options: readonly Option[]) => options : extended;
      const { host } = partner;
      partner.acceptsUpdates = true;
      const client = new TestClient(host, 1);
      const own = serverId(host.config.server.duid);
      const offer = client.send("SOLICIT", wrap([iaNa(1), iaPd(1)]), partner.now);
      const [address, prefix] = offer?.leases ?? [];
      if (address === undefined || prefix === undefined) throw new Error("nothing was offered");
      const named = [iaNa(1, address.address), iaPd(1, prefix)];
      const answers = (["REQUEST", "RENEW", "REBIND", "CONFIRM", "RELEASE"] as const).map(
        (type) => {
          const to = type === "REBIND" || type === "CONFIRM" ? [] : [own];
          // Earlier it could be a late copy of another one (T-06).
          if (type === "RELEASE") partner.run(13_000);
          const ias = type === "CONFIRM" ? [iaNa(1, address.address)] : named;
          return client.send(type, wrap([...to, ...ias]), partner.now);
        },
      );
      return [offer, ...answers, client.send("INFORMATION-REQUEST", wrap([]), partner.now)];
    });
    expect(both[1]?.map((answer) => answer?.type)).toEqual([
      "ADVERTISE",
      ...Array.from({ length: 6 }, () => "REPLY"),
    ]);
    expect(both[1]).toEqual(both[0]);
    later.tick();
    Object.assign(later, { received: [], acceptsUpdates: false });
    stillWorks(later, 10, false);
  });

  it("7 (10) message types of clients that are not defined get no answer, also through a relay; the next client is served (R7031-16)", () => {
    const known = new Set<number>([...Object.values(MESSAGE_TYPE), ...Object.values(RELAY_TYPE)]);
    for (const role of ROLES) {
      const partner = normal(role);
      const { host } = partner;
      const sound = encodeMessage({
        type: "SOLICIT",
        transactionId: 5,
        options: [option("CLIENTID", { duid: new TestClient(host, 3).duid }), iaNa(1)],
      });
      undisturbed(partner, () => {
        for (const code of OTHERS.filter((each) => !known.has(each))) {
          const inner = sound.slice();
          inner[0] = code;
          for (const bytes of [inner, relayed("2001:db8:1::1", "fe80::c", UNKNOWN)(inner)]) {
            host.sent = [];
            const datagram = {
              ...{ bytes, interface: "lan", source: ip("fe80::1234"), sourcePort: 546 },
              ...{ multicast: true, receivedAt: partner.now },
            };
            host.step([{ type: "datagram", datagram }], partner.now);
            expect([code, host.sent]).toEqual([code, []]);
          }
        }
        partner.tick();
      });
      expect(host.up.state.table.ofClient(new TestClient(host, 3).duid)).toEqual([]);
      stillWorks(partner, 10, false);
    }
  });
});
