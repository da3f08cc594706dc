// Joins requirements, statuses and tags, and says what is wrong.

import { LISTS, readRequirements } from "./requirements.mjs";
import { readStatuses } from "./status.mjs";
import { collectTags } from "./tags.mjs";

/** @typedef {import("./requirements.mjs").Requirement} Requirement */
/** @typedef {import("./status.mjs").Status} Status */
/** @typedef {import("./status.mjs").StatusType} StatusType */
/** @typedef {import("./tags.mjs").Place} Place */
/** @typedef {Requirement & { status: Status, source: readonly Place[], test: readonly Place[] }} Entry */

/** @type {readonly StatusType[]} */
export const STATUS_TYPES = ["done", "overridden", "reason", "not yet"];

/** @param {Entry} entry @param {ReadonlySet<string>} ids @returns {string[]} */
function problemsOf(entry, ids) {
  const { id, status, source, test } = entry;
  if (status.type === "done") {
    const missing = [
      ...(source.length === 0 ? [`${id}: done, but no source comment carries it`] : []),
      ...(test.length === 0 ? [`${id}: done, but no test carries it`] : []),
    ];
    return missing;
  }
  if (status.type === "overridden") {
    const by = /^[TA]-\d{2}/.exec(status.text)?.[0];
    if (by === undefined || !ids.has(by)) return [`${id}: overridden by what? ${status.text}`];
  }
  return [];
}

/** @param {string} root @returns {{ entries: Entry[], problems: string[], promotable: Entry[] }} */
export function judge(root) {
  const requirements = readRequirements(root);
  const { statuses, problems } = readStatuses(root);
  const { source, test } = collectTags(root);
  const ids = new Set(requirements.map(({ id }) => id));
  /** @type {Entry[]} */
  const entries = [];
  for (const requirement of requirements) {
    const { id } = requirement;
    const status = statuses.get(id);
    if (status === undefined) problems.push(`${id}: no line in conformance/status.txt`);
    else
      entries.push({
        ...requirement,
        status,
        source: source.get(id) ?? [],
        test: test.get(id) ?? [],
      });
  }
  for (const id of statuses.keys()) {
    if (!ids.has(id)) problems.push(`${id}: in conformance/status.txt, but in no list`);
  }
  for (const [id, places] of [...source, ...test]) {
    if (!ids.has(id)) problems.push(`${id}: no such requirement (${where(places)})`);
  }
  problems.push(...entries.flatMap((entry) => problemsOf(entry, ids)));
  const promotable = entries.filter(
    ({ status, source, test }) => status.type === "not yet" && source.length > 0 && test.length > 0,
  );
  return { entries, problems, promotable };
}

/** @param {readonly Place[]} places */
export function where(places) {
  return places.map(({ file, line }) => `${file}:${line}`).join(", ");
}

/** Rows of the summary, the total last. @param {readonly Entry[]} entries */
export function summary(entries) {
  const groups = [
    ...LISTS.map(({ file, title }) => ({ title, of: entries.filter(({ list }) => list === file) })),
    { title: "All", of: entries },
  ];
  return groups.map(({ title, of }) => ({
    title,
    total: of.length,
    counts: STATUS_TYPES.map((type) => of.filter(({ status }) => status.type === type).length),
  }));
}
