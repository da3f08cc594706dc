// `tandem check`: all problems of a configuration file at once, with their places.

import type { Command } from "commander";
import type { LoadResult } from "../core/config/context.ts";
import type { Problem } from "../core/config/problem.ts";
import { sortProblems } from "../core/config/problem.ts";
import { readSource } from "../core/config/source.ts";
import { explainAll, loadFile, readConfigText } from "./config-file.ts";
import { EXIT } from "./errors.ts";
import { isRecord } from "./render.ts";
import type { Terminal } from "./terminal.ts";

export function addCheck(
  program: Command,
  terminal: Terminal,
  finish: (code: number) => void,
): void {
  program
    .command("check")
    .description("check a configuration file as each of its servers would read it")
    .argument("<file>", "the pair's configuration")
    .option("--server <name>", "check as this server only")
    .option("--json", "problems as JSON")
    .addHelpText("after", "\nExample:\n  tandem check /etc/tandem/pair.yaml")
    .action((file: string, given: { server?: string; json?: boolean }) => {
      const text = readConfigText(file);
      const names = given.server === undefined ? serverNames(file, text) : [given.server];
      const asked = names.length === 0 ? [undefined] : names;
      const results = asked.map((serverName) =>
        loadFile(file, text, { serverName, hostName: terminal.hostName }),
      );
      const problems = together(results);
      const failed = results.some((result) => result.config === undefined);
      if (given.json === true) terminal.out(JSON.stringify({ ok: !failed, problems }, null, 2));
      else terminal.out(summary(file, problems, names));
      finish(failed ? EXIT.failure : EXIT.ok);
    });
}

/** The names under `servers`, whether or not the rest of the file is right. */
export function serverNames(file: string, text: string): readonly string[] {
  const { value } = readSource(file, text);
  return isRecord(value) && isRecord(value.servers) ? Object.keys(value.servers) : [];
}

/** What several servers stumble over alike is said once. */
function together(results: readonly LoadResult[]): readonly Problem[] {
  const byText = new Map<string, Problem>();
  for (const problem of results.flatMap((result) => result.problems)) {
    byText.set(`${problem.line}:${problem.column}:${problem.message}`, problem);
  }
  return sortProblems([...byText.values()]);
}

function summary(file: string, problems: readonly Problem[], names: readonly string[]): string {
  const errors = problems.filter((problem) => problem.severity === "error").length;
  const warnings = problems.length - errors;
  const count = (n: number, what: string): string => `${n} ${what}${n === 1 ? "" : "s"}`;
  const checkedAs = names.length === 0 ? "" : ` (checked as ${names.join(" and ")})`;
  const verdict =
    errors > 0
      ? `${count(errors, "error")}, ${count(warnings, "warning")} in ${file}`
      : `${file} is sound${checkedAs}${warnings > 0 ? `, ${count(warnings, "warning")}` : ""}`;
  return problems.length === 0 ? verdict : `${explainAll(problems)}\n\n${verdict}`;
}
