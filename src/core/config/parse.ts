// The file's value against the schema. A broken part is reported and cut out, and the rest is read
// again, so that one run finds every error.

import type { z } from "zod";
import { FOREIGN_KEYS } from "./kea-words.ts";
import { CONFIG_LIMITS } from "./limits.ts";
import type { Path } from "./problem.ts";
import { kindOf } from "./scalars.ts";
import { type FileConfig, fileSchema } from "./schema.ts";
import { knownKeys } from "./schema-keys.ts";
import type { Source } from "./source.ts";
import { nearest } from "./suggest.ts";

/** More keys than this are not listed in a hint. */
const SHOWN_KEYS = 16;

/** What is sound in the file; undefined when nothing is. Every fault is reported to the source. */
export function parseFile(source: Source): FileConfig | undefined {
  if (source.value === undefined) return undefined;
  const root: unknown = copyOf(source, source.value, []);
  for (let pass = 0; pass < CONFIG_LIMITS.passes; pass++) {
    const result = fileSchema.safeParse(root, { reportInput: true });
    if (result.success) return result.data;
    for (const issue of result.error.issues) {
      if (pass === 0 || !isMissing(issue)) reportIssue(source, issue);
    }
    if (!isMap(root)) return undefined;
    // All cuts are found before the first is made: one must not lead another astray.
    const cuts = result.error.issues.map((issue) => cutFor(root, issue));
    for (const cut of cuts) cut();
  }
  return undefined;
}

/** No keys of the file, and words of the language that whoever reads the value would take for its own. */
const RESERVED: ReadonlySet<string> = new Set(["__proto__", "constructor"]);

/** A copy that may be cut, without prototypes. Aliases share parts of the value; the copy has each twice. */
function copyOf(source: Source, value: unknown, path: Path): unknown {
  if (Array.isArray(value)) return value.map((item, i) => copyOf(source, item, [...path, i]));
  if (!isMap(value)) return value;
  const copy = Object.create(null) as Record<string, unknown>;
  for (const [key, item] of Object.entries(value)) {
    if (RESERVED.has(key)) reportUnknownKey(source, path, key);
    else copy[key] = copyOf(source, item, [...path, key]);
  }
  return copy;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

type Issue = z.core.$ZodIssue;

function isMissing(issue: Issue): boolean {
  return issue.input === undefined && issue.code !== "unrecognized_keys";
}

function pathOf(issue: Issue): Path {
  return issue.path.map((segment) => (typeof segment === "number" ? segment : String(segment)));
}

function reportIssue(source: Source, issue: Issue): void {
  const path = pathOf(issue);
  if (issue.code === "unrecognized_keys") {
    for (const key of issue.keys) reportUnknownKey(source, path, key);
    return;
  }
  if (isMissing(issue)) {
    const name = String(path.at(-1) ?? "");
    source.report(path, {
      severity: "error",
      code: "missing-key",
      message: `\`${name}\` is missing`,
    });
    return;
  }
  if (issue.code === "custom") {
    const hint: unknown = issue.params?.hint;
    source.report(path, {
      severity: "error",
      code: "bad-value",
      message: issue.message,
      hint: typeof hint === "string" ? hint : undefined,
    });
    return;
  }
  const wanted = issue.code === "invalid_type" && issue.expected === "array" ? "a list" : "a map";
  const message =
    issue.code === "invalid_type" ? `is ${kindOf(issue.input)}, not ${wanted}` : issue.message;
  source.report(path, { severity: "error", code: "wrong-type", message });
}

function reportUnknownKey(source: Source, path: Path, key: string): void {
  const known = knownKeys(fileSchema, path);
  const near = nearest(key, known);
  const foreign = Object.hasOwn(FOREIGN_KEYS, key) ? FOREIGN_KEYS[key] : undefined;
  const all =
    known.length > SHOWN_KEYS
      ? "docs/reference/configuration.md lists the keys"
      : `known here: ${known.join(", ")}`;
  const hint = foreign ?? (near === undefined ? all : `did you mean \`${near}\`?`);
  source.report(
    [...path, key],
    { severity: "error", code: "unknown-key", message: `unknown key \`${key}\``, hint },
    "key",
  );
}

type Cut = () => void;

/** How to take out what is broken: a key of a map goes, an element of a list becomes undefined (places stay). */
function cutFor(root: unknown, issue: Issue): Cut {
  const path = pathOf(issue);
  if (issue.code === "unrecognized_keys") {
    const parent = at(root, path);
    return () => {
      if (isMap(parent)) for (const key of issue.keys) delete parent[key];
    };
  }
  for (let length = path.length; length > 0; length--) {
    const parent = at(root, path.slice(0, length - 1));
    const last = path[length - 1] as string | number;
    if (Array.isArray(parent) && typeof last === "number" && parent[last] !== undefined) {
      return () => {
        parent[last] = undefined;
      };
    }
    if (isMap(parent) && parent[String(last)] !== undefined) {
      return () => {
        delete parent[String(last)];
      };
    }
  }
  return () => undefined;
}

function at(root: unknown, path: Path): unknown {
  let value = root;
  for (const segment of path) {
    if (Array.isArray(value) && typeof segment === "number") value = value[segment];
    else if (isMap(value)) value = value[String(segment)];
    else return undefined;
  }
  return value;
}
