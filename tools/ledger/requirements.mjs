// The lists in conformance/: one table row a requirement, its ID in the first column.

import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The lists in the order in which they are shown. @type {readonly { file: string, title: string }[]} */
export const LISTS = [
  { file: "rfc8156.md", title: "RFC 8156, failover" },
  { file: "rfc8156-choices.md", title: "RFC 8156, our choices" },
  { file: "pair-rules.md", title: "Rules of the pair" },
  { file: "rfc8415.md", title: "RFC 8415, server" },
  { file: "rfc9915.md", title: "RFC 9915, changes" },
  { file: "rfc7031.md", title: "RFC 7031, requirements of failover" },
  { file: "companions.md", title: "Companion protocols" },
];

/** What an ID looks like, anywhere in a text. */
export const ID_PATTERN = /\b(?:[FDNXA]-\d{2,3}|R7031-\d{2}|T-\d{2})\b/g;

/** @typedef {{ id: string, list: string, part: string, text: string }} Requirement */

/** @param {string} root of the project @returns {Requirement[]} */
export function readRequirements(root) {
  const requirements = [];
  const seen = new Set();
  for (const { file } of LISTS) {
    let part = "";
    for (const line of readFileSync(join(root, "conformance", file), "utf8").split("\n")) {
      if (line.startsWith("## ")) part = line.slice(3);
      const id = /^\| ([A-Z][A-Z0-9]*-\d+) \|/.exec(line)?.[1];
      if (id === undefined) continue;
      if (seen.has(id)) throw new Error(`conformance/${file}: ${id} stands twice`);
      seen.add(id);
      const cells = line.split(" | ");
      requirements.push({ id, list: file, part, text: cells.at(-1)?.replace(/ \|$/, "") ?? "" });
    }
  }
  return requirements;
}
