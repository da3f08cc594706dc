// conformance/status.txt: one line an ID, "ID: status". A status is one of
//   done                     source and tests carry the ID; checked
//   overridden by T-01 …     a rule or choice of ours replaces it (the rest of the line says how far)
//   reason: …                neither is needed, and why
//   not yet: …               the area that will bring it

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const FILE = "conformance/status.txt";

/** @typedef {"done" | "overridden" | "reason" | "not yet"} StatusType */
/** @typedef {{ type: StatusType, text: string }} Status */

/** @param {string} text @returns {Status | undefined} undefined when it is none of the four */
function parseStatus(text) {
  if (text === "done") return { type: "done", text: "" };
  const match = /^(overridden by|reason:|not yet:) (\S.*)$/.exec(text);
  if (match?.[1] === undefined || match[2] === undefined) return undefined;
  const type = match[1] === "overridden by" ? "overridden" : match[1].slice(0, -1);
  return { type: /** @type {StatusType} */ (type), text: match[2] };
}

/** @param {string} root @returns {{ statuses: Map<string, Status>, problems: string[] }} */
export function readStatuses(root) {
  /** @type {Map<string, Status>} */
  const statuses = new Map();
  const problems = [];
  for (const [index, line] of readFileSync(join(root, FILE), "utf8").split("\n").entries()) {
    if (line === "" || line.startsWith("#")) continue;
    const at = line.indexOf(": ");
    const id = line.slice(0, at);
    const status = parseStatus(line.slice(at + 2));
    if (at < 0 || status === undefined)
      problems.push(`${FILE}:${index + 1}: not a status: ${line}`);
    else if (statuses.has(id)) problems.push(`${FILE}:${index + 1}: ${id} stands twice`);
    else statuses.set(id, status);
  }
  return { statuses, problems };
}

/** Rewrites the lines of these IDs to `done`. @param {string} root @param {readonly string[]} ids */
export function promote(root, ids) {
  const file = join(root, FILE);
  const chosen = new Set(ids);
  const lines = readFileSync(file, "utf8").split("\n");
  const id = (/** @type {string} */ line) => line.slice(0, line.indexOf(": "));
  const changed = lines.map((line) => (chosen.has(id(line)) ? `${id(line)}: done` : line));
  writeFileSync(file, changed.join("\n"));
}
