// What is inherited: lifetimes, flags and options; subnet before shared network before global.

import { formatPrefix, type Prefix } from "../model/ipv6.ts";
import { DEFAULTS } from "../model/limits.ts";
import { INFINITY_SECONDS, type Seconds } from "../model/time.ts";
import type { Context } from "./context.ts";
import { CONFIG_LIMITS } from "./limits.ts";
import type { Path } from "./problem.ts";
import type { FileConfig, FileSharedNetwork, FileSubnet } from "./schema.ts";
import type { Lifetimes } from "./types.ts";

/** One level of the file that gives defaults to what is in it. */
export interface Scope {
  readonly value: FileConfig | FileSharedNetwork | FileSubnet;
  readonly path: Path;
}

type LifetimeKey = "valid-lifetime" | "preferred-lifetime" | "renew-timer" | "rebind-timer";

interface Given {
  readonly seconds: Seconds;
  readonly path: Path;
}

/** The value of a key in the nearest scope that has it. */
export function inherited<K extends "rapid-commit" | "preference">(
  scopes: readonly Scope[],
  key: K,
): FileConfig[K] | undefined {
  return scopes.find((scope) => scope.value[key] !== undefined)?.value[key];
}

function given(scopes: readonly Scope[], key: LifetimeKey): Given | undefined {
  for (const scope of scopes) {
    const seconds = scope.value[key];
    if (seconds !== undefined) return { seconds, path: [...scope.path, key] };
  }
  return undefined;
}

/** Whether a nearer scope has the key with a value that was refused. */
function isRefused(context: Context, scopes: readonly Scope[], key: LifetimeKey): boolean {
  return scopes.some(
    (scope) => scope.value[key] === undefined && context.has([...scope.path, key]),
  );
}

/** The lifetimes of a subnet, checked. `scopes` from the nearest to the global one. */
export function lifetimesOf(
  context: Context,
  scopes: readonly Scope[],
  prefix: Prefix,
  failover: boolean,
): Lifetimes {
  const broken = (["valid-lifetime", "preferred-lifetime"] as const).some((key) =>
    isRefused(context, scopes, key),
  );
  const validGiven = given(scopes, "valid-lifetime");
  const preferredGiven = given(scopes, "preferred-lifetime");
  checkFloor(context, validGiven);
  const valid = capped(context, validGiven, failover) ?? DEFAULTS.validLifetimeSeconds;
  const preferred = capped(context, preferredGiven, failover) ?? defaultPreferred(valid);
  // D-088: clients throw away a lease whose preferred lifetime is longer than its valid one.
  if (preferred > valid && !broken) {
    const path = preferredGiven?.path ?? validGiven?.path ?? [];
    const fallback = validGiven === undefined ? ", the default" : "";
    context.error(
      "preferred-over-valid",
      path,
      `the preferred lifetime (${secondsText(preferred)}) of ${formatPrefix(prefix)} is longer than its valid lifetime (${secondsText(valid)}${fallback})`,
      "lower `preferred-lifetime` or raise `valid-lifetime`",
    );
  }
  return { preferred, valid, ...timersOf(context, scopes, preferred) };
}

function timersOf(
  context: Context,
  scopes: readonly Scope[],
  preferred: Seconds,
): Pick<Lifetimes, "renewTimer" | "rebindTimer"> {
  const renew = given(scopes, "renew-timer");
  const rebind = given(scopes, "rebind-timer");
  // D-087: clients throw away an IA whose T1 is later than its T2.
  if (renew !== undefined && rebind !== undefined && renew.seconds > rebind.seconds) {
    context.error(
      "renew-after-rebind",
      renew.path,
      `T1 (${secondsText(renew.seconds)}) is later than T2 (${secondsText(rebind.seconds)})`,
      "make `renew-timer` at most `rebind-timer`",
    );
  }
  warnIfLowered(context, renew, 0.5, preferred);
  warnIfLowered(context, rebind, 0.8, preferred);
  return { renewTimer: renew?.seconds, rebindTimer: rebind?.seconds };
}

/** D-084, D-087: both are upper bounds of a share of the preferred lifetime. */
function warnIfLowered(
  context: Context,
  timer: Given | undefined,
  share: number,
  preferred: Seconds,
): void {
  if (timer === undefined || preferred === INFINITY_SECONDS) return;
  const most = Math.floor(preferred * share);
  if (timer.seconds <= most) return;
  context.warn(
    "timer-has-no-effect",
    timer.path,
    `${secondsText(timer.seconds)} has no effect: clients are told ${most} s at most, ${share} of the preferred lifetime (${secondsText(preferred)})`,
    `write ${most} or less, or raise \`preferred-lifetime\``,
  );
}

function checkFloor(context: Context, valid: Given | undefined): void {
  // F-002, RFC 8156 §1: no lease shorter than 30 s.
  if (
    valid === undefined ||
    context.shortTimes ||
    valid.seconds >= CONFIG_LIMITS.validLifetimeSeconds
  )
    return;
  context.error(
    "valid-too-short",
    valid.path,
    `a valid lifetime of ${valid.seconds} s is too short`,
    `give at least ${CONFIG_LIMITS.validLifetimeSeconds} s`,
  );
}

/** F-066, A-59: absolute times cannot express infinity, so a lease of a pair always ends. */
function capped(
  context: Context,
  lifetime: Given | undefined,
  failover: boolean,
): Seconds | undefined {
  if (lifetime === undefined || !failover) return lifetime?.seconds;
  const cap = CONFIG_LIMITS.failoverLifetimeSeconds;
  if (lifetime.seconds <= cap) return lifetime.seconds;
  context.warn(
    "lifetime-capped",
    lifetime.path,
    `${secondsText(lifetime.seconds)} is more than failover can express: ${cap} s (34 years) is used`,
    `write ${cap} or less`,
  );
  return cap;
}

function defaultPreferred(valid: Seconds): Seconds {
  if (valid === INFINITY_SECONDS) return INFINITY_SECONDS;
  if (valid === DEFAULTS.validLifetimeSeconds) return DEFAULTS.preferredLifetimeSeconds;
  return Math.max(1, Math.floor(valid * 0.75));
}

function secondsText(seconds: Seconds): string {
  return seconds === INFINITY_SECONDS ? "infinity" : `${seconds} s`;
}
