// `npm run ledger`: where each requirement stands.
//   (nothing)          the table
//   --missing [F|F-05] what is not done, with the tags that are there
//   --show F-052       one requirement and the lines that carry it
//   --promote ID ...   turns "not yet" into "done" for these, where source and a test carry the ID: somebody has seen
//                      that the server does it
//   --check            problems only; exit code 1 when there are any

import { fileURLToPath } from "node:url";
import { judge, STATUS_TYPES, summary, where } from "./ledger/judge.mjs";
import { promote } from "./ledger/status.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const [option = "--table", argument = "", ...others] = process.argv.slice(2);
const { entries, problems, promotable } = judge(root);

function printTable() {
  const widths = [36, 7, ...STATUS_TYPES.map(() => 11)];
  const row = (/** @type {readonly (string | number)[]} */ cells) =>
    cells
      .map((cell, i) => (i === 0 ? `${cell}`.padEnd(36) : `${cell}`.padStart(widths[i] ?? 0)))
      .join("");
  console.log(row(["list", "all", ...STATUS_TYPES]));
  for (const { title, total, counts } of summary(entries))
    console.log(row([title, total, ...counts]));
  if (promotable.length > 0)
    console.log(
      `source and test carry them; whoever saw that the server does it promotes them (-- --promote ID ...): ${promotable.map(({ id }) => id).join(" ")}`,
    );
}

function printMissing() {
  const open = entries.filter(
    ({ id, status }) => status.type === "not yet" && id.startsWith(argument),
  );
  for (const { id, status, source, test, text } of open) {
    const tags = `${source.length > 0 ? "source" : "      "} ${test.length > 0 ? "test" : "    "}`;
    console.log(`${id.padEnd(8)} ${tags} [${status.text}] ${text}`);
  }
}

function printOne() {
  for (const { id, list, part, status, source, test, text } of entries) {
    if (id !== argument) continue;
    console.log(`${id} (${list}${part === "" ? "" : `, ${part}`})\n  ${text}`);
    console.log(`  status  ${status.type}${status.text === "" ? "" : `: ${status.text}`}`);
    console.log(`  source  ${where(source)}\n  tests   ${where(test)}`);
  }
}

if (option === "--table") printTable();
else if (option === "--missing") printMissing();
else if (option === "--show") printOne();
else if (option === "--promote") {
  const wanted = [argument, ...others].filter((id) => id !== "");
  const can = new Set(promotable.map(({ id }) => id));
  const refused = wanted.filter((id) => !can.has(id));
  promote(
    root,
    wanted.filter((id) => can.has(id)),
  );
  for (const id of refused) console.error(`${id} is done already, or lacks its source or its test`);
  console.log(
    `promoted: ${wanted.filter((id) => can.has(id)).join(" ") || "nothing"}; now: npm run docs`,
  );
  if (wanted.length === 0 || refused.length > 0) process.exitCode = 1;
} else if (option !== "--check") {
  console.error(`unknown option ${option}`);
  process.exitCode = 2;
}
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exitCode = 1;
