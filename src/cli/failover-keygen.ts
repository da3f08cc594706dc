// `tandem failover keygen`: keys and certificates for the servers of a file, and what to write into it
// (F-226: each server accepts exactly its partner's certificate; T-03: both DUIDs stand in the file).

import { createPrivateKey, randomBytes } from "node:crypto";
import * as fs from "node:fs";
import { join, resolve } from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import { readSource } from "../core/config/source.ts";
import { formatDuid, parseDuid } from "../core/model/duid.ts";
import { makeCertificate } from "./certificate.ts";
import { serverNames } from "./check.ts";
import { readConfigText } from "./config-file.ts";
import { CliError, EXIT } from "./errors.ts";
import { isRecord } from "./render.ts";
import type { Terminal } from "./terminal.ts";

const DAY_MILLIS = 86_400_000;
const USUAL_DAYS = 3_650;
/** Clocks of two machines differ a little; a new certificate is valid at once on both. */
const EARLIER_MILLIS = DAY_MILLIS;

interface KeygenOptions {
  readonly config: string;
  readonly out: string;
  readonly days: number;
  readonly force?: boolean;
  readonly renew?: string;
  readonly json?: boolean;
}

interface Made {
  readonly server: string;
  readonly certificate: string;
  readonly key: string;
  readonly fingerprint: string;
  /** The one to write into the file; undefined when it has one. */
  readonly duid: string | undefined;
}

export function addKeygen(failover: Command, terminal: Terminal): void {
  failover
    .command("keygen")
    .description("make a key and a certificate for each server of the file")
    .requiredOption("--config <file>", "the pair's configuration; it need not be complete")
    .requiredOption("--out <dir>", "where NAME.key and NAME.crt are written")
    .option("--days <number>", "validity of the certificates", days, USUAL_DAYS)
    .option("--force", "replace keys that are there")
    .option("--renew <server>", "a new certificate for this server only, with the key that it has")
    .option("--json", "as JSON")
    .addHelpText(
      "after",
      "\nExample:\n  tandem failover keygen --config pair.yaml --out /etc/tandem/keys",
    )
    .action((given: KeygenOptions) => {
      if (given.renew !== undefined) {
        const made = renew(given, given.renew);
        if (given.json === true) terminal.out(JSON.stringify({ servers: [made] }, null, 2));
        else terminal.out(explainRenewed(made));
        return;
      }
      const made = generate(given);
      if (given.json === true) terminal.out(JSON.stringify({ servers: made }, null, 2));
      else terminal.out(explain(made));
    });
}

function days(text: string): number {
  if (!/^[1-9]\d{0,4}$/.test(text)) throw new InvalidArgumentError("a number of days");
  return Number(text);
}

function generate(given: KeygenOptions): readonly Made[] {
  const text = readConfigText(given.config);
  const names = serverNames(given.config, text);
  if (names.length === 0) {
    throw new CliError(
      EXIT.failure,
      `${given.config} names no servers`,
      "write `servers:` with the name and address of both first",
    );
  }
  const out = resolve(given.out);
  fs.mkdirSync(out, { recursive: true, mode: 0o700 });
  refuseForeign(out);
  const files = names.map((name) => ({ name, ...filesOf(out, name) }));
  for (const { key, certificate } of files)
    refuseExisting([key, certificate], given.force === true);
  const known = duidsOf(given.config, text);
  return files.map(({ name, key, certificate }) => {
    const pair = makeCertificate({ name: `tandem ${name}`, ...validity(given) });
    writeNew(key, pair.key, 0o600);
    writeNew(certificate, pair.certificate, 0o644);
    const duid = known.has(name) ? undefined : randomDuid();
    return { server: name, certificate, key, fingerprint: pair.fingerprint, duid };
  });
}

/** The key stays where it is, and so does the partner's: only this certificate and its fingerprint are new. */
function renew(given: KeygenOptions, name: string): Made {
  const names = serverNames(given.config, readConfigText(given.config));
  if (!names.includes(name)) {
    throw new CliError(
      EXIT.failure,
      `${given.config} has no server \`${name}\``,
      names.length === 0 ? undefined : `there are ${names.join(", ")}`,
    );
  }
  const { key, certificate } = filesOf(resolve(given.out), name);
  const pair = makeCertificate({ name: `tandem ${name}`, key: readKey(key), ...validity(given) });
  refuseForeign(resolve(given.out));
  writeNew(certificate, pair.certificate, 0o644);
  return { server: name, certificate, key, fingerprint: pair.fingerprint, duid: undefined };
}

/** P-256 only: what the server signs with is what `keygen` made. */
function readKey(path: string): string {
  try {
    const key = fs.readFileSync(path, "utf8");
    const { asymmetricKeyType } = createPrivateKey(key);
    if (asymmetricKeyType === "ec") return key;
    throw new Error(`it is a key of type ${asymmetricKeyType}, and keygen renews its own only`);
  } catch (error) {
    throw new CliError(
      EXIT.failure,
      `cannot use the key ${path}: ${(error as Error).message}`,
      "--renew is given on the server's own machine, with --out naming the folder of its key",
    );
  }
}

function validity({ days: count }: KeygenOptions): { notBefore: Date; notAfter: Date } {
  const now = Date.now();
  return {
    notBefore: new Date(now - EARLIER_MILLIS),
    notAfter: new Date(now + count * DAY_MILLIS),
  };
}

function explainRenewed({ server, certificate, fingerprint }: Made): string {
  return [
    `${certificate} is new; the key is the same, and nothing changes for the other server's certificate.`,
    "Write its fingerprint into the configuration, the same on both machines:",
    "",
    "servers:",
    `  ${server}:`,
    `    certificate-fingerprint: "${fingerprint}"`,
    "",
    "Then restart both servers, one after the other.",
  ].join("\n");
}

function filesOf(out: string, name: string): { key: string; certificate: string } {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(name)) {
    throw new CliError(
      EXIT.failure,
      `\`${name}\` is no server name`,
      "use letters, digits, `.`, `_`, `-`",
    );
  }
  return { key: join(out, `${name}.key`), certificate: join(out, `${name}.crt`) };
}

/** Where others may write they can put a key of theirs in the place of ours. */
function refuseForeign(out: string): void {
  const { mode, uid } = fs.statSync(out);
  const isOwn = uid === (process.geteuid?.() ?? uid);
  if (isOwn && (mode & 0o022) === 0) return;
  throw new CliError(
    EXIT.failure,
    isOwn ? `others may write in ${out}` : `${out} belongs to another user (${uid})`,
    "keys go into a folder of your own in which nobody else may write",
  );
}

function refuseExisting(paths: readonly string[], force: boolean): void {
  const there = paths.find((path) => fs.existsSync(path));
  if (there === undefined || force) return;
  throw new CliError(
    EXIT.failure,
    `${there} is there already; nothing was written`,
    "a new key cuts the pair until both files have its fingerprint: --force if that is meant",
  );
}

/** A new file takes the place of an old one at once, and never has a wider mode than it should. */
function writeNew(path: string, text: string, mode: number): void {
  const unfinished = `${path}.new`;
  fs.rmSync(unfinished, { force: true });
  fs.writeFileSync(unfinished, text, { mode, flag: "wx" });
  fs.renameSync(unfinished, path);
}

/** Servers that have a DUID in the file keep it. */
function duidsOf(file: string, text: string): ReadonlySet<string> {
  const { value } = readSource(file, text);
  const servers = isRecord(value) && isRecord(value.servers) ? value.servers : {};
  return new Set(
    Object.entries(servers)
      .filter(([, server]) => isRecord(server) && server.duid !== undefined)
      .map(([name]) => name),
  );
}

/** T-03, RFC 6355: a DUID-UUID of a random UUID (version 4). */
function randomDuid(): string {
  const uuid = randomBytes(16);
  uuid[6] = ((uuid[6] as number) & 0x0f) | 0x40;
  uuid[8] = ((uuid[8] as number) & 0x3f) | 0x80;
  const duid = parseDuid(`0004${uuid.toString("hex")}`);
  if (duid === undefined) throw new Error("a DUID-UUID has 18 octets");
  return formatDuid(duid);
}

function explain(made: readonly Made[]): string {
  const lines = ["Write this into the configuration, the same on both machines:", "", "servers:"];
  for (const { server, certificate, key, fingerprint, duid } of made) {
    lines.push(`  ${server}:`);
    lines.push(`    certificate: ${certificate}`);
    lines.push(`    key: ${key}`);
    lines.push(`    certificate-fingerprint: "${fingerprint}"`);
    if (duid !== undefined) lines.push(`    duid: "${duid}"`);
  }
  lines.push("");
  for (const { server, key, certificate } of made) {
    lines.push(`Move ${key} and ${certificate} to server ${server}, under the same names.`);
  }
  lines.push("", "A key belongs on its own server only. Then: tandem check FILE");
  return lines.join("\n");
}
