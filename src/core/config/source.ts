// The file as text: YAML (so JSON too) into plain values, and the place in the text of every path.

import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type ParsedNode,
  parseDocument,
  visit,
} from "yaml";
import { CONFIG_LIMITS } from "./limits.ts";
import { type Path, type Problem, pathText, type Severity } from "./problem.ts";

export interface Finding {
  readonly severity: Severity;
  readonly code: string;
  readonly message: string;
  readonly hint?: string | undefined;
}

/** Collects the problems of one file and knows where its values stand. */
export interface Source {
  /** The plain value; undefined when the text is no YAML (problems tell why). */
  readonly value: unknown;
  readonly problems: readonly Problem[];
  /** Records a problem at the value of `path`, or at its key. */
  report(path: Path, finding: Finding, at?: "value" | "key"): void;
  /** Whether the file has something at this path. */
  has(path: Path): boolean;
}

const TOO_MANY: Finding = {
  severity: "error",
  code: "too-many",
  message: "there are more problems, which are not shown",
};

interface Range {
  readonly start: number;
  readonly end: number;
}

/** Parses the text; never throws. */
export function readSource(fileName: string, text: string): Source {
  const problems: Problem[] = [];
  const seen = new Set<string>();
  const lines = new LineCounter();
  let document: Document.Parsed | undefined;

  const add = (range: Range, path: string, finding: Finding): void => {
    const { line, col } = lines.linePos(Math.min(range.start, text.length));
    const key = `${line}:${col}:${finding.code}:${finding.message}`;
    if (seen.has(key) || problems.length > CONFIG_LIMITS.problems) return;
    seen.add(key);
    const { severity, code, message, hint } =
      problems.length < CONFIG_LIMITS.problems ? finding : TOO_MANY;
    problems.push({
      severity,
      code,
      file: fileName,
      line: Math.max(1, line),
      column: Math.max(1, col),
      path,
      message,
      hint,
      excerpt: excerptOf(text, range),
    });
  };

  const unfit = unfitness(text);
  if (unfit !== undefined) {
    add({ start: 0, end: 0 }, "", unfit);
    return { value: undefined, problems, report: () => undefined, has: () => false };
  }
  document = parseText(text, lines, (range, finding) => add(range, "", finding));
  const value =
    document === undefined || problems.length > 0
      ? undefined
      : plainValue(document, (range, finding) => add(range, "", finding));
  for (const warning of document?.warnings ?? []) {
    add({ start: warning.pos[0], end: warning.pos[1] }, "", {
      severity: "warning",
      code: "yaml",
      message: sentence(warning.message),
    });
  }
  return {
    value,
    problems,
    report: (path, finding, at = "value") =>
      add(placeOf(document, path, at), pathText(path), finding),
    has: (path) => document !== undefined && walk(document, path).whole,
  };
}

function unfitness(text: string): Finding | undefined {
  if (text.length > CONFIG_LIMITS.textLength)
    return failure("file-too-large", "the file is larger than 64 MiB");
  return isTooDeep(text) ? failure("yaml", "the file is nested too deeply") : undefined;
}

/**
 * Whether the nesting may exceed the limit, from above: brackets that are open, and what stands before the first
 * word of a line (each level of a block needs a column of its own). The parser's recursion would end the process.
 */
function isTooDeep(text: string): boolean {
  let open = 0;
  let lead = 0;
  let leading = true;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === LINE_FEED || code === CARRIAGE_RETURN) {
      leading = true;
      lead = 0;
    } else if (leading && LEADING.has(code)) {
      lead++;
    } else {
      leading = false;
      if (OPENING.has(code)) open++;
      else if (CLOSING.has(code) && open > 0) open--;
    }
    if (open > CONFIG_LIMITS.depth || lead > CONFIG_LIMITS.depth) return true;
  }
  return false;
}

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;
const codesOf = (characters: string): ReadonlySet<number> =>
  new Set(Array.from(characters, (character) => character.charCodeAt(0)));
const LEADING = codesOf(" \t-?:");
const OPENING = codesOf("[{");
const CLOSING = codesOf("]}");

function failure(code: string, message: string, hint?: string): Finding {
  return { severity: "error", code, message, hint };
}

/** `prefix: 2001:db8::` is a map to YAML: a colon before white space makes a key. */
function colonHint(text: string, range: Range): string | undefined {
  const line = text.slice(text.lastIndexOf("\n", range.start - 1) + 1).split("\n", 1)[0] ?? "";
  return /::?\s*($|[,}\]#])/.test(line) && line.includes("::")
    ? 'put an address that ends in `::` in quotes: `"2001:db8::"`'
    : undefined;
}

type Add = (range: Range, finding: Finding) => void;

function parseText(text: string, lines: LineCounter, add: Add): Document.Parsed | undefined {
  try {
    const document = parseDocument(text, {
      lineCounter: lines,
      prettyErrors: false,
      uniqueKeys: true,
      stringKeys: true,
      // Also where a `%YAML 1.1` line asks for more: no merge keys, no sets, dates or octets.
      schema: "core",
      merge: false,
      resolveKnownTags: false,
      logLevel: "error",
    });
    for (const error of document.errors) {
      const range = { start: error.pos[0], end: error.pos[1] };
      if (error.code === "DUPLICATE_KEY")
        add(
          range,
          failure("duplicate-key", "this key stands twice in the same map", "keep one of the two"),
        );
      else add(range, failure("yaml", sentence(error.message), colonHint(text, range)));
    }
    return document;
  } catch (error) {
    // Deep nesting overflows the parser's stack.
    if (!(error instanceof RangeError)) throw error;
    add({ start: 0, end: 0 }, failure("yaml", "the file is nested too deeply"));
    return undefined;
  }
}

function plainValue(document: Document.Parsed, add: Add): unknown {
  if (document.contents === null) {
    add(
      { start: 0, end: 0 },
      failure(
        "empty-file",
        "the file is empty",
        "start from examples/single-server.yaml or examples/pair.yaml",
      ),
    );
    return undefined;
  }
  try {
    const alias = brokenAlias(document);
    if (alias !== undefined) {
      add(
        alias,
        failure("yaml", "this alias has no anchor before it, or stands within what it means"),
      );
      return undefined;
    }
    return document.toJS({ maxAliasCount: CONFIG_LIMITS.aliases });
  } catch (error) {
    if (
      !(error instanceof ReferenceError) &&
      !(error instanceof RangeError) &&
      !(error instanceof TypeError)
    )
      throw error;
    add(
      { start: 0, end: 0 },
      failure("yaml", "the file's aliases expand to too much, or to themselves"),
    );
    return undefined;
  }
}

function brokenAlias(document: Document.Parsed): Range | undefined {
  let found: Range | undefined;
  visit(document, {
    Alias: (_key, node, ancestors) => {
      const target = node.resolve(document);
      if (target !== undefined && !ancestors.includes(target)) return undefined;
      found = rangeOf(node);
      return visit.BREAK;
    },
  });
  return found;
}

function sentence(message: string): string {
  return message.replaceAll(/\s+/g, " ").trim();
}

/** The place of a path; where it leads to nothing, that of the nearest thing on the way. */
function placeOf(document: Document.Parsed | undefined, path: Path, at: "value" | "key"): Range {
  if (document === undefined) return { start: 0, end: 0 };
  const { node, key, whole } = walk(document, path);
  const range = node === null ? undefined : rangeOf(node);
  const isEmpty = range === undefined || range.start === range.end;
  if (key !== undefined && (at === "key" || !whole || isEmpty)) return rangeOf(key);
  return node === null ? { start: 0, end: 0 } : firstLine(rangeOf(node), node);
}

/** As far as the path leads: the last node, its key in its map, and whether that was the whole path. */
function walk(
  document: Document.Parsed,
  path: Path,
): { node: Node | null; key: Node | undefined; whole: boolean } {
  let node: Node | null = document.contents as ParsedNode | null;
  let key: Node | undefined;
  for (const segment of path) {
    const next = child(document, node, segment);
    if (next === undefined) return { node, key, whole: false };
    node = next.value;
    key = next.key;
  }
  return { node, key, whole: true };
}

function child(
  document: Document.Parsed,
  parent: Node | null,
  segment: string | number,
): { key: Node | undefined; value: Node | null } | undefined {
  const node = isAlias(parent) ? parent.resolve(document) : parent;
  if (isMap(node)) {
    const pair = node.items.find(
      (item) => isScalar(item.key) && String(item.key.value) === String(segment),
    );
    if (pair === undefined) return undefined;
    return { key: pair.key as Node, value: isNode(pair.value) ? pair.value : null };
  }
  if (isSeq(node) && typeof segment === "number") {
    const item = node.items[segment];
    return isNode(item) ? { key: undefined, value: item } : undefined;
  }
  return undefined;
}

function rangeOf(node: Node): Range {
  return { start: node.range?.[0] ?? 0, end: node.range?.[1] ?? 0 };
}

function firstLine(range: Range, node: Node): Range {
  return isScalar(node) || isAlias(node) ? range : { start: range.start, end: range.start + 1 };
}

function excerptOf(text: string, range: Range): Problem["excerpt"] {
  const from = text.lastIndexOf("\n", range.start - 1) + 1;
  const newline = text.indexOf("\n", range.start);
  const line = text.slice(from, newline === -1 ? text.length : newline).replace(/\r$/, "");
  const column = Math.min(range.start - from, line.length);
  const cut = Math.max(0, column - CONFIG_LIMITS.shownLine / 2);
  const shown = line.slice(cut, cut + CONFIG_LIMITS.shownLine);
  const start = column - cut;
  const length = Math.max(1, Math.min(range.end - range.start, shown.length - start));
  return { text: shown, start, length };
}
