// What the routes of the control socket take, as commands of the core. Bad input is a RequestError.

import { formatIpv6, parseIpv6, parsePrefix } from "../core/model/ipv6.ts";
import type { Command } from "../core/server/commands.ts";

/** Leases in one page at most: a page is one step of the core. */
const PAGE_MOST = 1_000;
const PAGE_USUAL = 100;

export class RequestError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** `?cursor=&limit=&link=&unplaced=true&status=&duid=` */
export function leasesList(query: Readonly<Record<string, string>>): Command {
  const known = ["cursor", "limit", "link", "unplaced", "status", "duid"];
  const unknown = Object.keys(query).find((key) => !known.includes(key));
  if (unknown !== undefined) {
    throw new RequestError(
      "bad-query",
      `unknown parameter \`${unknown}\`: use ${known.join(", ")}`,
    );
  }
  const { link, unplaced, status, duid } = query;
  if (unplaced !== undefined && unplaced !== "true")
    throw new RequestError("bad-query", "`unplaced` is `true` or absent");
  return {
    type: "leases-list",
    cursor: wholeNumber("cursor", query.cursor, 0, Number.MAX_SAFE_INTEGER),
    limit: wholeNumber("limit", query.limit, PAGE_USUAL, PAGE_MOST),
    ...(link === undefined ? {} : { link }),
    ...(unplaced === undefined ? {} : { unplaced: true }),
    ...(status === undefined ? {} : { status: status.toUpperCase() }),
    ...(duid === undefined ? {} : { duid: duid.replaceAll(":", "").toLowerCase() }),
  };
}

function wholeNumber(name: string, text: string | undefined, usual: number, most: number): number {
  if (text === undefined) return usual;
  const value = Number(text);
  if (!/^\d{1,16}$/.test(text) || value > most) {
    throw new RequestError("bad-query", `\`${name}\` is a whole number from 0 to ${most}`);
  }
  return value;
}

/** An address, or a prefix with its length. */
export function leasesShow(text: string): Command {
  const address = parseIpv6(text);
  if (address !== undefined) {
    return { type: "leases-show", kind: "address", address: formatIpv6(address), length: 128 };
  }
  const prefix = parsePrefix(text);
  if (prefix === undefined) {
    throw new RequestError("bad-address", `\`${text}\` is no IPv6 address and no prefix`);
  }
  return {
    type: "leases-show",
    kind: "prefix",
    address: formatIpv6(prefix.address),
    length: prefix.length,
  };
}

/** `{"relationship": NAME, "force": false}`; the name is not optional. */
export function reclaim(body: string): Command {
  const { relationship, force } = declaration(body);
  if (relationship === undefined)
    throw new RequestError("bad-body", "`relationship` is missing: reclaim is confirmed by name");
  return { type: "reclaim", relationship, force };
}

/** `{"relationship": NAME, "force": false}`, both optional. */
export function partnerDown(body: string): Command {
  return { type: "partner-down", ...declaration(body) };
}

function declaration(body: string): { relationship: string | undefined; force: boolean } {
  const given = parseObject(body);
  const { relationship, force, ...rest } = given;
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) throw new RequestError("bad-body", `unknown field \`${unknown}\``);
  if (relationship !== undefined && typeof relationship !== "string") {
    throw new RequestError("bad-body", "`relationship` is a name");
  }
  if (force !== undefined && typeof force !== "boolean") {
    throw new RequestError("bad-body", "`force` is true or false");
  }
  return { relationship, force: force ?? false };
}

function parseObject(text: string): Record<string, unknown> {
  if (text === "") return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) throw new RequestError("bad-body", "the body is no JSON");
    throw error;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new RequestError("bad-body", "the body is no object");
  }
  return { ...value };
}
