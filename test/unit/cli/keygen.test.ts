import { createPrivateKey, X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeCertificate } from "../../../src/cli/certificate.ts";
import { run } from "./run.ts";

const FILE = `
failover:
  relationships:
    - { name: campus, primary: a, secondary: b }
servers:
  a: { address: "2001:db8:ffff::1" }
  b: { address: "2001:db8:ffff::2", duid: "00:04:00:02" }
subnet6:
  - { id: 1, subnet: "2001:db8:1::/64", pools: [ { pool: "2001:db8:1::1000-2001:db8:1::1fff" } ] }
`;

describe("failover keygen", () => {
  let directory: string;
  let file: string;
  let out: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "tandem-keygen-"));
    file = join(directory, "pair.yaml");
    out = join(directory, "keys");
    writeFileSync(file, FILE);
  });
  afterEach(() => rmSync(directory, { recursive: true }));
  const keygen = (...more: string[]) =>
    run(["failover", "keygen", "--config", file, "--out", out, ...more]);

  it("makes a key and a certificate for each server, readable by their owner only", async () => {
    const { code } = await keygen();
    expect(code).toBe(0);
    for (const name of ["a", "b"]) {
      expect(statSync(join(out, `${name}.key`)).mode & 0o777).toBe(0o600);
      const certificate = new X509Certificate(readFileSync(join(out, `${name}.crt`), "utf8"));
      const key = createPrivateKey(readFileSync(join(out, `${name}.key`), "utf8"));
      expect(certificate.checkPrivateKey(key)).toBe(true);
      expect(certificate.verify(certificate.publicKey)).toBe(true);
      expect(certificate.subject).toBe(`CN=tandem ${name}`);
    }
    expect(statSync(out).mode & 0o777).toBe(0o700);
  });

  it("what it prints makes the file sound, and DUIDs that are there stay (F-226, T-03)", async () => {
    const { out: printed } = await keygen();
    const lines = printed.split("\n");
    const block = (name: string): string => {
      const at = lines.indexOf(`  ${name}:`);
      const end = lines.findIndex((line, i) => i > at && !line.startsWith("    "));
      return lines
        .slice(at + 1, end)
        .map((line) => line.trim())
        .join(", ");
    };
    expect(block("a")).toContain("duid:");
    expect(block("b")).not.toContain("duid:");
    const filled = FILE.replace('ffff::1" }', `ffff::1", ${block("a")} }`).replace(
      '00:02" }',
      `00:02", ${block("b")} }`,
    );
    writeFileSync(file, filled);
    const checked = await run(["check", file]);
    expect(checked.out).toContain("is sound");
  });

  it("never replaces a key without --force", async () => {
    await keygen();
    const before = readFileSync(join(out, "a.key"), "utf8");
    const second = await keygen();
    expect(second.code).toBe(1);
    expect(second.notes).toContain("is there already; nothing was written");
    expect(readFileSync(join(out, "a.key"), "utf8")).toBe(before);
    expect((await keygen("--force")).code).toBe(0);
    expect(readFileSync(join(out, "a.key"), "utf8")).not.toBe(before);
    expect(statSync(join(out, "a.key")).mode & 0o777).toBe(0o600);
  });

  it("--renew makes a certificate for one server with the key that it has, and touches nothing else", async () => {
    await keygen("--days", "1");
    const all = ["a.key", "a.crt", "b.key", "b.crt"];
    const contents = () => all.map((name) => readFileSync(join(out, name), "utf8"));
    const before = contents();
    const { code, out: printed } = await keygen("--renew", "b");
    expect(code).toBe(0);
    const after = contents();
    expect(all.filter((_name, i) => before[i] !== after[i])).toEqual(["b.crt"]);
    const certificate = new X509Certificate(after[3] as string);
    expect(certificate.checkPrivateKey(createPrivateKey(after[2] as string))).toBe(true);
    expect(Date.parse(certificate.validTo)).toBeGreaterThan(Date.now() + 3_000 * 86_400_000);
    const digits = certificate.fingerprint256.replaceAll(":", "").toLowerCase();
    expect(printed).toContain(`certificate-fingerprint: "${digits}"`);
    expect(printed).not.toContain("  a:");
  });

  it("--renew without the key, and of a server that the file has not, says what to do", async () => {
    expect(await keygen("--renew", "a")).toMatchObject({
      code: 1,
      notes: expect.stringContaining("cannot use the key"),
    });
    expect(await keygen("--renew", "c")).toMatchObject({
      code: 1,
      notes: expect.stringContaining("there are a, b"),
    });
  });

  it("--json names files, fingerprints and DUIDs", async () => {
    const made = JSON.parse((await keygen("--json")).out) as {
      servers: { server: string; fingerprint: string; certificate: string }[];
    };
    expect(made.servers.map((it) => it.server)).toEqual(["a", "b"]);
    for (const { certificate, fingerprint } of made.servers) {
      const found = new X509Certificate(readFileSync(certificate, "utf8")).fingerprint256;
      expect(found.replaceAll(":", "").toLowerCase()).toBe(fingerprint);
    }
  });

  it("a file without servers is told what to write", async () => {
    writeFileSync(file, "subnet6: []\n");
    expect(await keygen()).toMatchObject({
      code: 1,
      notes: expect.stringContaining("names no servers"),
    });
  });
});

describe("a certificate", () => {
  it("says what it is for and until when, also beyond 2049 (RFC 5280 §4.1.2.5)", () => {
    const { certificate } = makeCertificate({
      name: "tandem ä",
      notBefore: new Date("2026-01-02T03:04:05Z"),
      notAfter: new Date("2055-06-07T08:09:10Z"),
    });
    const read = new X509Certificate(certificate);
    expect(Date.parse(read.validFrom)).toBe(Date.parse("2026-01-02T03:04:05Z"));
    expect(Date.parse(read.validTo)).toBe(Date.parse("2055-06-07T08:09:10Z"));
    expect(read.subject).toContain("CN=tandem");
    expect(read.ca).toBe(false);
    expect(read.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"]);
    expect(read.publicKey.asymmetricKeyDetails).toMatchObject({ namedCurve: "prime256v1" });
  });

  it("no two are alike", () => {
    const make = () =>
      makeCertificate({ name: "a", notBefore: new Date(0), notAfter: new Date(1e12) });
    const serials = Array.from(
      { length: 20 },
      () => new X509Certificate(make().certificate).serialNumber,
    );
    expect(new Set(serials).size).toBe(20);
    for (const serial of serials) expect(serial).toMatch(/^[4-7][0-9A-F]{31}$/);
  });
});
