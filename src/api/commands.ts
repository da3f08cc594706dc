// What an operator can ask of a running server, and what each command needs. The control socket checks a command by
// these schemas before the core sees it; the core takes their types only.

import { z } from "zod";
import { BINDING_STATUS, type BindingStatus } from "../core/model/binding-status.ts";
import { parseDuid } from "../core/model/duid.ts";
import { parseIpv6, parsePrefix } from "../core/model/ipv6.ts";

/** Leases in one page at most: a page is one step of the core. */
const PAGE_MOST = 1_000;
const PAGE_USUAL = 100;

/** A number, also as it stands in a query. */
function wholeNumber(most: number) {
  const message = `a whole number from 0 to ${most} is needed`;
  const digits = z.string().regex(/^\d{1,16}$/, message);
  const text = digits.transform(Number);
  return z
    .union([z.number(), text], message)
    .pipe(z.number(message).int(message).min(0, message).max(most, message));
}

/** Also as it stands in a query. */
const flag = z.union(
  [z.boolean(), z.stringbool({ truthy: ["true"], falsy: ["false"] })],
  "true or false is needed",
);

const STATUS_NAMES = Object.keys(BINDING_STATUS) as [BindingStatus, ...BindingStatus[]];

/** Letters of either size, as people type them. */
const bindingStatus = z
  .string()
  .toUpperCase()
  .pipe(z.enum(STATUS_NAMES, `there are ${STATUS_NAMES.join(", ")}`));

/** With or without colons; as the core keeps it. */
const duid = z
  .string()
  .transform((text) => text.replaceAll(":", "").toLowerCase())
  .refine((text) => parseDuid(text) !== undefined, "this is no DUID");

const lease = z
  .string()
  .refine(
    (text) => parseIpv6(text) !== undefined || parsePrefix(text) !== undefined,
    "this is no IPv6 address and no prefix",
  );

/** One schema a command. */
export const COMMANDS = {
  status: z.strictObject({ type: z.literal("status") }),
  "failover-status": z.strictObject({ type: z.literal("failover-status") }),
  /** A page of leases in the table's own order; `cursor` from the page before, 0 to start. */
  "leases-list": z.strictObject({
    type: z.literal("leases-list"),
    cursor: wholeNumber(Number.MAX_SAFE_INTEGER).default(0),
    limit: wholeNumber(PAGE_MOST).default(PAGE_USUAL),
    /** A subnet or shared network. */
    link: z.string().optional(),
    /** Only what is on no link of the configuration. */
    unplaced: flag.optional(),
    status: bindingStatus.optional(),
    duid: duid.optional(),
  }),
  /** An address, or a prefix with its length. */
  "leases-show": z.strictObject({ type: z.literal("leases-show"), lease }),
  /** T-01, A-72. `force` is needed in STARTUP and the RECOVER states. */
  "partner-down": z.strictObject({
    type: z.literal("partner-down"),
    relationship: z.string().optional(),
    force: z.boolean().default(false),
  }),
  /** T-01: the partner's machine is off, said a second time and by name. `force` as above. */
  reclaim: z.strictObject({
    type: z.literal("reclaim"),
    relationship: z.string("reclaim is confirmed by the relationship's name"),
    force: z.boolean().default(false),
  }),
  /** T-06 (1), T-13: the wall clock is right; lease time follows it. */
  "clock-accept": z.strictObject({ type: z.literal("clock-accept") }),
  /** All of the partner's leases once more, beside the service. */
  resync: z.strictObject({ type: z.literal("resync"), relationship: z.string().optional() }),
  /** T-07, T-13: this server's leases are not to be trusted. `force` is needed without contact. */
  recover: z.strictObject({
    type: z.literal("recover"),
    relationship: z.string().optional(),
    force: z.boolean().default(false),
  }),
  /** The partner serves alone. `force` is needed when it is not in step. */
  "maintenance-begin": z.strictObject({
    type: z.literal("maintenance-begin"),
    relationship: z.string().optional(),
    force: z.boolean().default(false),
  }),
  "maintenance-end": z.strictObject({
    type: z.literal("maintenance-end"),
    relationship: z.string().optional(),
  }),
  /** T-05: planned stop. */
  stop: z.strictObject({ type: z.literal("stop") }),
} as const;

export type CommandType = keyof typeof COMMANDS;
export type CommandOf<Type extends CommandType> = Readonly<z.output<(typeof COMMANDS)[Type]>>;
export type Command = { [Type in CommandType]: CommandOf<Type> }[CommandType];
/** A command as it is given: what has a default may be left out. */
export type CommandInput<Type extends CommandType> = Omit<z.input<(typeof COMMANDS)[Type]>, "type">;
