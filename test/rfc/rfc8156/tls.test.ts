// RFC 8156 §6.1 and §10 with RFC 7653 §8.2 and §9.1: STARTTLS, refusals, and nothing in clear text instead.

import { describe, expect, it } from "vitest";
import { encodeFrame } from "../../../src/core/wire/failover-messages.ts";
import { firstOption, type Option, option } from "../../../src/core/wire/options.ts";
import { CONFIG, configFor } from "../../support/pair.ts";
import { ScriptedPartner, terms } from "../../support/scripted-partner.ts";

const A = "aa".repeat(32);
const B = "bb".repeat(32);
const TEXT = CONFIG.replace("      security: plain\n", "")
  .replace(
    "state-directory: /tmp/a,",
    `state-directory: /tmp/a, certificate: /a.crt, key: /a.key, certificate-fingerprint: ${A},`,
  )
  .replace(
    "state-directory: /tmp/b,",
    `state-directory: /tmp/b, certificate: /b.crt, key: /b.key, certificate-fingerprint: ${B},`,
  );

const secondary = (text = TEXT) => new ScriptedPartner("b", text).start().open();
const primary = (text = TEXT) => new ScriptedPartner("a", text).start().open();

describe("10 and RFC 7653 §9.1: which mode", () => {
  it("10 TLS is the default; plain needs its own line (F-214, F-215, F-548, F-554, A-10)", () => {
    expect(configFor("a", TEXT).relationships[0]?.security.mode).toBe("tls");
    expect(configFor("a", CONFIG).relationships[0]?.security.mode).toBe("plain");
    expect(() => configFor("a", TEXT.replaceAll(/certificate-fingerprint: \w+,/g, ""))).toThrow();
  });
});

describe("RFC 7653 §8.2: the primary", () => {
  it("8.2 in insecure mode sends CONNECT at once (F-216)", () => {
    expect(primary(CONFIG).types).toBe("CONNECT");
  });

  it("8.2 in secure mode says STARTTLS first, without options, and nothing else (F-217, F-230, A-09)", () => {
    const a = primary();
    expect(a.received).toEqual([]);
    expect(a.plain).toMatchObject([{ type: "STARTTLS", options: [] }]);
  });

  it("8.2 a REPLY without status starts the handshake; CONNECT goes inside it (F-219, F-228, F-156)", () => {
    const a = primary();
    a.sendPlain("REPLY", a.plain[0]?.transactionId ?? -1);
    expect(a.startedTls).toBe("client");
    expect(a.types).toBe("");
    a.secured(B);
    expect(a.types).toBe("CONNECT");
  });

  it("8.2 refused, unanswered or closed: the connection ends, and nothing goes in clear text (F-218)", () => {
    const refused = primary();
    const status = [option("STATUS_CODE", { status: 15, message: "no TLS here" })];
    refused.sendPlain("REPLY", refused.plain[0]?.transactionId ?? -1, status);
    expect([refused.closed, refused.types, refused.startedTls]).toEqual([true, "", undefined]);
    expect(refused.logged("FAILOVER_ALARM").join()).toContain("no TLS here");
    const silent = primary();
    silent.run(11_000, false);
    expect([silent.closed, silent.types]).toEqual([true, ""]);
  });

  it("8.2 a REPLY to something else is out of place (F-230, F-106)", () => {
    const a = primary();
    a.sendPlain("REPLY", ((a.plain[0]?.transactionId ?? 0) + 1) & 0xff_ffff);
    expect([a.closed, a.startedTls]).toEqual([true, undefined]);
  });

  it("8.2 only the certificate of the configuration is taken (F-220, F-226, F-550)", () => {
    const a = primary();
    a.sendPlain("REPLY", a.plain[0]?.transactionId ?? -1);
    a.secured("cc".repeat(32));
    expect([a.closed, a.types]).toEqual([true, ""]);
    expect(a.logged("FAILOVER_ALARM").join()).toContain("certificate");
  });

  it("8.2 a failed handshake is said and tried again (F-217, F-152)", () => {
    const a = primary();
    a.sendPlain("REPLY", a.plain[0]?.transactionId ?? -1);
    const before = a.connects;
    a.drop("handshake failure");
    expect(a.logged("FAILOVER_ALARM").join()).toContain("handshake failure");
    a.run(20_000, false);
    expect(a.connects).toBeGreaterThan(before);
  });
});

describe("RFC 7653 §9.1: the secondary", () => {
  it("9.1 in secure mode answers STARTTLS without a status and starts TLS as server (F-155, F-222, F-230)", () => {
    const b = secondary();
    b.sendPlain("STARTTLS", 0x123456);
    expect(b.plain).toEqual([{ type: "REPLY", transactionId: 0x123456, options: [] }]);
    expect(b.startedTls).toBe("server");
    b.secured(A);
    b.connect();
    expect(b.types).toBe("CONNECTREPLY STATE");
  });

  it("9.1 ignores options in STARTTLS (F-229)", () => {
    const b = secondary();
    const unknown: Option = { type: "unknown", code: 13, data: Uint8Array.of(0, 15) };
    b.sendPlain("STARTTLS", 7, [unknown]);
    expect(b.startedTls).toBe("server");
  });

  it("9.1 in secure mode anything else first closes the connection, without an answer (F-223, A-10)", () => {
    for (const type of ["CONNECT", "STATE", "CONTACT"] as const) {
      const b = secondary();
      b.send(type, type === "CONNECT" ? terms() : []);
      expect([type, b.closed, b.types]).toEqual([type, true, ""]);
    }
  });

  it("9.1 in insecure mode refuses STARTTLS with TLSConnectionRefused (F-221, F-224)", () => {
    const b = secondary(CONFIG);
    b.sendPlain("STARTTLS", 9);
    const [reply] = b.plain;
    expect(reply?.transactionId).toBe(9);
    expect(firstOption(reply?.options ?? [], "STATUS_CODE")?.status).toBe(15);
    expect([b.closed, b.startedTls]).toEqual([true, undefined]);
  });

  it("9.1 a second STARTTLS, or CONNECT before TLS stands, closes the connection (F-223)", () => {
    const twice = secondary();
    twice.sendPlain("STARTTLS", 1);
    twice.sendPlain("STARTTLS", 2);
    expect(twice.closed).toBe(true);
    const early = secondary();
    early.sendPlain("STARTTLS", 1);
    early.send("CONNECT", terms());
    expect([early.closed, early.types]).toEqual([true, ""]);
  });

  it("9.1 octets that came before TLS are not the begin of a message inside it (F-223, F-228)", () => {
    const b = secondary();
    b.sendPlain("STARTTLS", 1);
    const frame = encodeFrame({
      type: "CONNECT",
      transactionId: 5,
      sentTime: b.time(),
      options: terms({ mclt: 600 }),
    });
    b.bytes(frame.subarray(0, frame.length - 4));
    b.secured(A);
    expect(b.closed).toBe(true);
    expect(b.endpoint.record.mclt).toBe(60);
  });

  it("9.1 requests a certificate and takes only that of a partner (F-225, F-226, F-550)", () => {
    const b = secondary();
    b.sendPlain("STARTTLS", 1);
    b.secured("cc".repeat(32));
    expect(b.closed).toBe(true);
  });

  it("6.1 silence in the handshake ends the connection (F-160, F-552, F-555)", () => {
    const b = secondary();
    b.run(11_000, false);
    expect(b.closed).toBe(true);
    const half = secondary();
    half.sendPlain("STARTTLS", 1);
    half.run(11_000, false);
    expect(half.closed).toBe(true);
  });
});

describe("10: strangers at the partner's address", () => {
  it("10 of too many connections one that is in the handshake does not yield to silent ones (F-551, F-555)", () => {
    const b = secondary();
    b.sendPlain("STARTTLS", 1);
    expect(b.startedTls).toBe("server");
    const peer = b.endpoint.relationship.partner.address;
    for (let link = 101; link < 141; link++)
      b.host.step([{ type: "link-opened", link, peer }], b.now);
    b.secured(A);
    b.connect().tell("RECOVER");
    expect(b.endpoint.communicating).toBe(true);
  });
});
