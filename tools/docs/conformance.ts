// The manual's page on conformance: the ledger's summary, and every requirement that has no evidence and why.

import { type Entry, judge, STATUS_TYPES, summary } from "../ledger/judge.mjs";

export const path = "docs/reference/conformance.md";

const HEAD = `# Conformance

<!-- Written by \`npm run docs\`. -->

Every requirement that Tandem answers has an ID and one line in \`conformance/\`. "Done" means that a line of
source and a test carry the ID, and \`npm run check\` fails if one of them goes. \`npm run ledger -- --show F-052\`
names the lines.
`;

export function generate(root: string): string {
  const { entries } = judge(root);
  return [
    HEAD,
    table(entries),
    section("Overridden by a rule of ours", listed(entries, "overridden")),
    section("Neither source nor test, and why", listed(entries, "reason")),
    section("Not yet, by area", areas(entries)),
  ]
    .filter((text) => text !== "")
    .join("\n");
}

function table(entries: readonly Entry[]): string {
  const rows = summary(entries).map(
    ({ title, total, counts }) => `| ${[title, total, ...counts].join(" | ")} |`,
  );
  const head = ["List", "All", ...STATUS_TYPES];
  return `${[`| ${head.join(" | ")} |`, `|${"---|".repeat(head.length)}`, ...rows].join("\n")}\n`;
}

function section(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? "" : `## ${title}\n\n${lines.join("\n")}\n`;
}

function listed(entries: readonly Entry[], type: string): readonly string[] {
  return entries
    .filter(({ status }) => status.type === type)
    .map(({ id, text, status }) => `- **${id}** ${text} *${status.text}*`);
}

function areas(entries: readonly Entry[]): readonly string[] {
  const byArea = new Map<string, string[]>();
  for (const { id, status } of entries) {
    if (status.type !== "not yet") continue;
    const ids = byArea.get(status.text) ?? [];
    ids.push(id);
    byArea.set(status.text, ids);
  }
  return [...byArea].map(([area, ids]) => `- ${area}: ${ids.length} (${shortened(ids)})`);
}

/** Runs of numbers as "F-001 to F-007". */
function shortened(ids: readonly string[]): string {
  const runs: { first: string; last: string }[] = [];
  for (const id of ids) {
    const run = runs.at(-1);
    if (run !== undefined && follows(run.last, id)) run.last = id;
    else runs.push({ first: id, last: id });
  }
  return runs.map(({ first, last }) => (first === last ? first : `${first} to ${last}`)).join(", ");
}

function follows(before: string, id: string): boolean {
  const split = (text: string) => text.split("-") as [string, string];
  const [list, number] = split(before);
  return split(id)[0] === list && Number(split(id)[1]) === Number(number) + 1;
}
