// Values that may stand alone, in a list, or by server.

import { z } from "zod";

type Scalar<T> = z.ZodType<T>;

/** One value or a list of them; always a list. */
export function oneOrMore<T>(inner: Scalar<T>) {
  return z
    .unknown()
    .transform((input, context): readonly T[] => readSome(inner, input, [], context.issues))
    .meta({ type: `${typeOf(inner)}, or a list` });
}

/** What holds for every server, or differs between them. */
export type PerServer<T> =
  | { readonly type: "all"; readonly values: readonly T[] }
  | { readonly type: "by-server"; readonly servers: ReadonlyMap<string, readonly T[]> };

/** One value, a list, or a map of server name to either. */
export function perServer<T>(inner: Scalar<T>) {
  return z
    .unknown()
    .transform((input, context): PerServer<T> => {
      if (typeof input !== "object" || input === null || Array.isArray(input)) {
        return { type: "all", values: readSome(inner, input, [], context.issues) };
      }
      const entries = Object.entries(input).filter(([, value]) => value !== undefined);
      return {
        type: "by-server",
        servers: new Map(
          entries.map(([server, value]) => [
            server,
            readSome(inner, value, [server], context.issues),
          ]),
        ),
      };
    })
    .meta({ type: `${typeOf(inner)}, a list, or a map of server name to either` });
}

function readSome<T>(
  inner: Scalar<T>,
  input: unknown,
  at: (string | number)[],
  issues: z.core.$ZodRawIssue[],
): readonly T[] {
  const many = Array.isArray(input);
  if (many && input.length === 0)
    issues.push({ code: "custom", input, path: at, message: "is an empty list" });
  return (many ? (input as unknown[]) : [input]).flatMap((item, i) => {
    if (item === undefined) return [];
    const result = inner.safeParse(item);
    if (result.success) return [result.data];
    for (const issue of result.error.issues)
      issues.push({
        ...issue,
        input: item,
        path: [...at, ...(many ? [i] : []), ...issue.path],
      } as z.core.$ZodRawIssue);
    return [];
  });
}

function typeOf(schema: z.ZodType): string {
  return String(schema.meta()?.type ?? "a value");
}
