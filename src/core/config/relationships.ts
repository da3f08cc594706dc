// The failover relationships of the file: who, which links, and with what numbers (RFC 8156 §4.1, §6.2).

import { formatPrefix, parsePrefix } from "../model/ipv6.ts";
import { DEFAULTS } from "../model/limits.ts";
import { type Context, elements } from "./context.ts";
import { CONFIG_LIMITS } from "./limits.ts";
import type { DraftLink } from "./links.ts";
import type { Path } from "./problem.ts";
import type { FileRelationship, FileServer } from "./schema.ts";
import { duidOf, FAILOVER_PORT } from "./servers.ts";
import { nearest } from "./suggest.ts";
import type { Relationship } from "./types.ts";

export interface DraftRelationship {
  readonly value: FileRelationship;
  readonly path: Path;
}

type Servers = ReadonlyMap<string, FileServer>;

/** All relationships of the file, checked against each other. */
export function draftRelationships(
  context: Context,
  servers: Servers,
): readonly DraftRelationship[] {
  const drafts = elements(context.file.failover?.relationships).map(({ value, at }) => ({
    value,
    path: ["failover", "relationships", at],
  }));
  const names = new Set<string>();
  const pairs = new Map<string, string>();
  for (const { value, path } of drafts) {
    // F-007: the name selects the endpoint (F-009), so it is unique.
    if (names.has(value.name))
      context.error(
        "duplicate-name",
        [...path, "name"],
        `there are two relationships \`${value.name}\``,
        "give each its own name",
      );
    names.add(value.name);
    checkPair(context, servers, value, path);
    const pair = [value.primary, value.secondary].sort().join(" ");
    const other = pairs.get(pair);
    // F-006: one relationship per pair of servers.
    if (other !== undefined)
      context.error(
        "pair-twice",
        path,
        `\`${value.primary}\` and \`${value.secondary}\` share relationship \`${other}\` already`,
        `put its links into \`${other}\``,
      );
    pairs.set(pair, value.name);
    checkTimes(context, value, path);
  }
  return drafts;
}

/** F-001, R7031-01: exactly two servers, and both stand in the file. */
function checkPair(context: Context, servers: Servers, value: FileRelationship, path: Path): void {
  if (value.primary === value.secondary) {
    context.error(
      "same-server",
      [...path, "secondary"],
      `\`${value.primary}\` is both primary and secondary`,
      "a relationship has two servers",
    );
  }
  for (const role of ["primary", "secondary"] as const) {
    const name = value[role];
    const server = servers.get(name);
    if (server === undefined) {
      if (Object.hasOwn(context.file.servers ?? {}, name)) continue;
      const near = nearest(name, [...servers.keys()]);
      context.error(
        "unknown-server",
        [...path, role],
        `there is no server \`${name}\` in \`servers\``,
        near === undefined ? "add it to `servers`" : `did you mean \`${near}\`?`,
      );
      continue;
    }
    if (server.address === undefined && !context.has(["servers", name, "address"])) {
      context.error(
        "missing-key",
        ["servers", name, "address"],
        `server \`${name}\` is in relationship \`${value.name}\` and has no \`address\``,
        "give the address at which its partner reaches it",
      );
    }
    // F-214, F-215, F-554: TLS, unless the file says otherwise in so many words.
    if (value.security !== "plain") checkCertificate(context, name, server, value.name);
  }
  if (value.security === "plain") {
    // F-547
    context.warn(
      "plain",
      [...path, "security"],
      `relationship \`${value.name}\` runs without TLS: anybody on the path can read and change leases`,
      "use it in a lab only; `tandem failover keygen` makes the certificates",
    );
  }
}

function checkCertificate(
  context: Context,
  name: string,
  server: FileServer,
  relationship: string,
): void {
  const missing = (["certificate", "key"] as const).filter(
    (key) => server[key] === undefined && !context.has(["servers", name, key]),
  );
  if (missing.length === 0) return;
  const keys = missing.map((key) => `\`${key}\``).join(" and no ");
  context.error(
    "no-certificate",
    { key: ["servers", name] },
    `relationship \`${relationship}\` uses TLS, and server \`${name}\` has no ${keys}`,
    "run `tandem failover keygen`, or write `security: plain` for a lab",
  );
}

function checkTimes(context: Context, value: FileRelationship, path: Path): void {
  if (context.shortTimes) return;
  const mclt = value.mclt ?? DEFAULTS.mcltSeconds;
  // F-003, A-53: a first lease lasts the MCLT, and no lease is shorter than 30 s.
  if (mclt < DEFAULTS.mcltMinimumSeconds) {
    context.error(
      "mclt-too-short",
      [...path, "mclt"],
      `an MCLT of ${mclt} s is too short`,
      `give at least ${DEFAULTS.mcltMinimumSeconds} s; 3600 is usual`,
    );
  }
  const strict = value["strict-rfc8156"] === true;
  const least = strict ? CONFIG_LIMITS.keepaliveForeignMillis : CONFIG_LIMITS.keepaliveMillis;
  if (value.keepalive !== undefined && value.keepalive < least) {
    context.error(
      "keepalive-too-short",
      [...path, "keepalive"],
      `a keepalive of ${value.keepalive} ms is too short`,
      `give at least ${least / 1_000} s${strict ? " with `strict-rfc8156`" : ""}`,
    );
  }
}

/** T-10, F-005: which relationship each link belongs to, by link name. */
export function assignLinks(
  context: Context,
  drafts: readonly DraftRelationship[],
  links: readonly DraftLink[],
): ReadonlyMap<string, string> {
  const assigned = new Map<string, string>();
  const [only] = drafts;
  // R7031-26: without `links` it has all of them.
  if (drafts.length === 1 && only !== undefined && only.value.links === undefined) {
    for (const link of links)
      if (serverOf(link) === undefined) assigned.set(link.name, only.value.name);
    return assigned;
  }
  for (const { value, path } of drafts) {
    if (value.links === undefined) {
      if (!context.has([...path, "links"]))
        context.error(
          "missing-key",
          [...path, "links"],
          "`links` is missing",
          "with several relationships each lists its links",
        );
      continue;
    }
    for (const { value: text, at } of elements(value.links)) {
      const link = linkByText(context, links, text, [...path, "links", at]);
      if (link === undefined) continue;
      const other = assigned.get(link.name);
      // F-005, R7031-25, R7031-60, R7031-61: never two relationships for one prefix.
      if (other !== undefined)
        context.error(
          "prefix-in-two-relationships",
          [...path, "links", at],
          `link \`${link.name}\` belongs to relationship \`${other}\` already`,
          "a link belongs to at most one relationship",
        );
      else assigned.set(link.name, value.name);
    }
  }
  return assigned;
}

/** The one server that the file names for a link. */
export function serverOf(link: DraftLink): string | undefined {
  return link.places[0]?.value.server;
}

function linkByText(
  context: Context,
  links: readonly DraftLink[],
  text: string,
  path: Path,
): DraftLink | undefined {
  const prefix = parsePrefix(text);
  const name = prefix === undefined ? text : formatPrefix(prefix);
  const found = links.find((link) => link.name === name);
  if (found !== undefined) return found;
  const part = links.find((link) =>
    link.subnets.some((subnet) => formatPrefix(subnet.value.subnet) === name),
  );
  // T-10: a link lies wholly in one relationship or in none.
  if (part !== undefined) {
    context.error(
      "link-in-part",
      path,
      `${name} is only a part of link \`${part.name}\``,
      `name \`${part.name}\`: a link belongs to a relationship as a whole`,
    );
    return part;
  }
  const near = nearest(
    text,
    links.map((link) => link.name),
  );
  context.error(
    "unknown-link",
    path,
    `there is no link \`${text}\``,
    near === undefined
      ? "give a shared network's name or a subnet's prefix"
      : `did you mean \`${near}\`?`,
  );
  return undefined;
}

/**
 * F-010, F-011: both servers read one file, so links and MCLT are the same on both; what differs is the role.
 * The relationship as `own` sees it; undefined when it has no part in it, or the partner is not known.
 */
export function relationshipFor(
  context: Context,
  draft: DraftRelationship,
  own: string,
  servers: Servers,
): Relationship | undefined {
  const { value } = draft;
  if (own !== value.primary && own !== value.secondary) return undefined;
  const role = own === value.primary ? "primary" : "secondary";
  const partnerName = role === "primary" ? value.secondary : value.primary;
  const partner = servers.get(partnerName);
  if (partner?.address === undefined) return undefined;
  const strict = value["strict-rfc8156"] ?? false;
  const automatic = value["auto-partner-down"];
  const mode = value.security ?? "tls";
  return {
    name: value.name,
    role,
    mclt: value.mclt ?? DEFAULTS.mcltSeconds,
    keepalive:
      value.keepalive ?? (strict ? DEFAULTS.keepaliveForeignMillis : DEFAULTS.keepaliveMillis),
    contactsPerKeepalive: value["contacts-per-keepalive"] ?? DEFAULTS.contactsPerKeepalive,
    startupTime: value["startup-time"] ?? DEFAULTS.startupMillis,
    connectRetry: value["connect-retry"] ?? DEFAULTS.connectRetryMillis,
    autoPartnerDown: automatic === "off" ? undefined : automatic,
    partnerDownWhenNew: value["partner-down-when-new"] ?? false,
    strict,
    security: { mode },
    partner: {
      server: partnerName,
      address: partner.address,
      port: partner.port ?? FAILOVER_PORT,
      duid: duidOf(context, partnerName, partner),
      fingerprint:
        mode === "plain" ? undefined : fingerprintOf(context, { own, name: partnerName }, partner),
    },
  };
}

/** The partner's certificate is pinned: without its fingerprint nobody could be told from it. */
function fingerprintOf(
  context: Context,
  { own, name }: { readonly own: string; readonly name: string },
  partner: FileServer,
): string | undefined {
  const fromFile = partner["certificate-fingerprint"];
  if (fromFile !== undefined || context.has(["servers", name, "certificate-fingerprint"]))
    return fromFile;
  const read =
    partner.certificate === undefined
      ? undefined
      : context.options.readFingerprint?.(partner.certificate);
  const digits = read?.replaceAll(":", "").toLowerCase();
  if (digits !== undefined && /^[0-9a-f]{64}$/.test(digits)) return digits;
  context.error(
    "no-fingerprint",
    { key: ["servers", name] },
    `\`${own}\` needs \`${name}\`'s certificate, and does not have it`,
    "write its `certificate-fingerprint` (`tandem failover keygen` does), or put its certificate where `certificate` says",
  );
  return undefined;
}
