// What is wrong with a configuration file, where, and what would be right.

export type Severity = "error" | "warning";

export type Path = readonly (string | number)[];

export interface Problem {
  readonly severity: Severity;
  /** Stable over versions: "unknown-key", "pool-outside-subnet" … */
  readonly code: string;
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  /** `subnet6[0].pools[1].pool`; empty for the file as a whole. */
  readonly path: string;
  readonly message: string;
  /** What would be right. */
  readonly hint: string | undefined;
  /** The line of the file, cut when it is long, and the place in it. */
  readonly excerpt: { readonly text: string; readonly start: number; readonly length: number };
}

/** `file:line:column: error: …`, the source line, a caret under the place, and the hint. */
export function explainProblem(problem: Problem): string {
  const where = `${problem.file}:${problem.line}:${problem.column}`;
  const path = problem.path === "" ? "" : `${problem.path}: `;
  const lines = [`${where}: ${problem.severity}: ${path}${problem.message}`];
  if (problem.excerpt.text.trim() !== "") {
    const margin = String(problem.line);
    lines.push(` ${margin} | ${problem.excerpt.text}`);
    lines.push(` ${" ".repeat(margin.length)} | ${caretUnder(problem.excerpt)}`);
  }
  if (problem.hint !== undefined) lines.push(`   = ${problem.hint}`);
  return lines.join("\n");
}

function caretUnder(excerpt: Problem["excerpt"]): string {
  const blank = excerpt.text.slice(0, excerpt.start).replaceAll(/[^\t]/g, " ");
  return blank + "^".repeat(Math.max(1, excerpt.length));
}

/** `["subnet6", 0, "pools"]` as `subnet6[0].pools`. */
export function pathText(path: Path): string {
  let text = "";
  for (const segment of path) {
    if (typeof segment === "number") text += `[${segment}]`;
    else text += text === "" ? segment : `.${segment}`;
  }
  return text;
}

/** Errors before warnings, then by place. */
export function sortProblems(problems: readonly Problem[]): readonly Problem[] {
  const rank = (problem: Problem) => (problem.severity === "error" ? 0 : 1);
  return [...problems].sort((a, b) => rank(a) - rank(b) || a.line - b.line || a.column - b.column);
}
