// Why a command was not carried out: a code for programs, a message for people.

import { z } from "zod";

/** The codes, each with its status of HTTP. */
export const FAILURES = {
  /** The command itself is wrong. */
  "bad-request": 400,
  "not-found": 404,
  "no-such-route": 404,
  /** Understood, and not to be done now. */
  refused: 409,
  "too-large": 413,
  /** Try again. */
  busy: 503,
  stopped: 503,
  timeout: 503,
} as const;

export type FailureCode = keyof typeof FAILURES;

const CODES = Object.keys(FAILURES) as [FailureCode, ...FailureCode[]];

export const FAILURE = z.object({ code: z.enum(CODES), message: z.string() }).readonly();
export type Failure = z.output<typeof FAILURE>;
