// Tags: the IDs that stand in source comments ("// F-052: why") and in tests (a title or a comment). They are the
// ledger's pointers, so that nobody keeps line numbers by hand.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ID_PATTERN } from "./requirements.mjs";

const SOURCE_FOLDERS = ["src", "sim", "native"];
const TEST_FOLDERS = ["test"];
/** The ledger's own tests name IDs that do not exist. */
const SKIPPED = ["test/tidy"];

/** @typedef {{ file: string, line: number }} Place */
/** @typedef {Map<string, Place[]>} Tags */

/** @param {string} root @param {string} folder @returns {string[]} */
function filesUnder(root, folder) {
  if (!existsSync(join(root, folder)) || SKIPPED.includes(folder)) return [];
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return filesUnder(root, path);
    return /\.(ts|mjs|c|h)$/.test(entry.name) ? [path] : [];
  });
}

/** The part of a source line that is a comment. @param {string} line */
function commentOf(line) {
  const trimmed = line.trimStart();
  if (trimmed.startsWith("*") || trimmed.startsWith("/*")) return trimmed;
  const at = line.search(/(?<!:)\/[/*]/);
  return at < 0 ? "" : line.slice(at);
}

/** @param {string} root @param {readonly string[]} folders @param {(line: string) => string} part that may carry tags */
function collect(root, folders, part) {
  /** @type {Tags} */
  const tags = new Map();
  for (const file of folders.flatMap((folder) => filesUnder(root, folder))) {
    for (const [index, line] of readFileSync(join(root, file), "utf8").split("\n").entries()) {
      for (const [id] of part(line).matchAll(ID_PATTERN)) {
        const places = tags.get(id) ?? [];
        places.push({ file, line: index + 1 });
        tags.set(id, places);
      }
    }
  }
  return tags;
}

/** @param {string} root @returns {{ source: Tags, test: Tags }} */
export function collectTags(root) {
  return {
    source: collect(root, SOURCE_FOLDERS, commentOf),
    test: collect(root, TEST_FOLDERS, (line) => line),
  };
}
