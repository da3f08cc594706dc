// The schema as a list of keys: for "did you mean" and for the manual's page.

import { z } from "zod";
import type { Path } from "./problem.ts";
import { fileSchema } from "./schema.ts";

/** One key of the file, for the manual. */
export interface KeyDescription {
  /** `failover.relationships[].mclt`; `NAME` stands for a server's name. */
  readonly path: string;
  readonly type: string;
  readonly required: boolean;
  /** undefined: there is none. */
  readonly default: string | undefined;
  readonly meaning: string;
}

/** The keys that may stand at `path`; empty when it is no map. */
export function knownKeys(schema: z.ZodType, path: Path): readonly string[] {
  let current = unwrap(schema);
  for (const segment of path) {
    const next = step(current, segment);
    if (next === undefined) return [];
    current = unwrap(next);
  }
  return current instanceof z.ZodObject ? Object.keys(current.shape) : [];
}

/** Every key with its type, default and meaning, in the schema's order. */
export function describeKeys(): readonly KeyDescription[] {
  return describe(fileSchema, "");
}

function describe(schema: z.ZodType, prefix: string): readonly KeyDescription[] {
  const inner = unwrap(schema);
  if (inner instanceof z.ZodArray) return describe(inner.element as z.ZodType, `${prefix}[]`);
  if (inner instanceof z.ZodRecord) return describe(inner.valueType as z.ZodType, `${prefix}.NAME`);
  if (!(inner instanceof z.ZodObject)) return [];
  return Object.entries(inner.shape as Record<string, z.ZodType>).flatMap(([key, value]) => {
    const path = prefix === "" ? key : `${prefix}.${key}`;
    const meta = value.meta();
    const own: KeyDescription = {
      path,
      type: typeOf(value),
      required: meta?.required === true,
      default: meta?.fallback === undefined ? undefined : String(meta.fallback),
      meaning: String(meta?.meaning ?? ""),
    };
    return [own, ...describe(value, path)];
  });
}

function typeOf(schema: z.ZodType): string {
  const inner = unwrap(schema);
  if (inner instanceof z.ZodArray) {
    const element = unwrap(inner.element as z.ZodType);
    return element instanceof z.ZodObject ? "a list of maps" : `a list: ${typeOf(element)}`;
  }
  if (inner instanceof z.ZodRecord) return "a map by name";
  if (inner instanceof z.ZodObject) return "a map";
  return String(inner.meta()?.type ?? "a value");
}

function step(schema: z.ZodType, segment: string | number): z.ZodType | undefined {
  if (schema instanceof z.ZodArray) return schema.element as z.ZodType;
  if (schema instanceof z.ZodRecord) return schema.valueType as z.ZodType;
  return schema instanceof z.ZodObject
    ? (schema.shape as Record<string, z.ZodType>)[String(segment)]
    : undefined;
}

function unwrap(schema: z.ZodType): z.ZodType {
  let current = schema;
  while (current instanceof z.ZodOptional) current = current.unwrap() as z.ZodType;
  return current;
}
