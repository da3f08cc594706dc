// Reads the guides: fenced blocks with what an HTML comment before them says about running them, and the output that
// stands below. `<!-- test: on dhcp-b; after dhcp-b was killed; exit 1 -->`, `<!-- test: file PATH -->`, or
// `<!-- test: not run: REASON -->`.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../tools/netns/command.ts";

export interface Block {
  readonly page: string;
  /** Of the opening fence, from 1. */
  readonly line: number;
  readonly language: string;
  readonly body: string;
  /** Why it is not run; undefined when it is. */
  readonly notRun: string | undefined;
  /** Where it is typed: a server's name, or `both`. */
  readonly on: string;
  /** What must have happened before. */
  readonly after: string | undefined;
  readonly exit: number;
  /** The file whose contents the block is. */
  readonly file: string | undefined;
  /** Lines of the output that the page shows. */
  readonly shown: readonly string[];
}

const FENCE = /^```(\w*)$/;
const DIRECTIVE = /^<!-- test: (.*) -->$/;

/** All fenced blocks of a page but those of output, which belong to the block before them. */
export function readPage(page: string): readonly Block[] {
  const lines = readFileSync(join(ROOT, page), "utf8").split("\n");
  const blocks: Block[] = [];
  let said = "";
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? "";
    const directive = DIRECTIVE.exec(line)?.[1];
    if (directive !== undefined) said = directive;
    const language = FENCE.exec(line)?.[1];
    if (language === undefined) continue;
    const end = lines.indexOf("```", at + 1);
    if (end < 0) throw new Error(`${page}:${at + 1}: the fence is not closed`);
    const body = lines.slice(at + 1, end);
    const last = blocks.at(-1);
    if (language !== "text") {
      blocks.push({
        ...{ page, line: at + 1, language, body: body.join("\n"), shown: [] },
        ...readDirective(said, `${page}:${at + 1}`),
      });
    } else if (last?.language === "sh" && last.shown.length === 0) {
      blocks[blocks.length - 1] = { ...last, shown: body };
    } else throw new Error(`${page}:${at + 1}: output of what?`);
    said = "";
    at = end;
  }
  return blocks;
}

type Directive = Pick<Block, "notRun" | "on" | "after" | "exit" | "file">;

function readDirective(text: string, place: string): Directive {
  const notRun = /^not run: (.{20,})$/.exec(text)?.[1];
  const words = new Map<string, string>();
  for (const part of notRun === undefined ? text.split("; ") : []) {
    const [word = "", ...rest] = part.split(" ");
    if (word !== "" && !["on", "after", "file", "exit"].includes(word))
      throw new Error(`${place}: the test does not know what \`${part}\` means`);
    words.set(word, rest.join(" "));
  }
  const [on = "dhcp-a", exit = "0"] = [words.get("on"), words.get("exit")];
  return { notRun, on, after: words.get("after"), exit: Number(exit), file: words.get("file") };
}

/** Command lines of a block: continued ones joined, comments left out. */
export function commandLines(body: string): readonly string[] {
  return body
    .replaceAll(/\\\n\s*/g, "")
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
}

/** The first shown line that the output does not have, in this order; undefined when all are there. `…` is anything. */
export function missingLine(shown: readonly string[], output: string): string | undefined {
  const left = output.split("\n").map(plain);
  for (const line of shown) {
    const parts = plain(line)
      .split("…")
      .map((part) => part.trim());
    const at = left.findIndex((candidate) => hasInOrder(candidate, parts));
    if (at < 0) return line;
    left.splice(0, at + 1);
  }
  return undefined;
}

function plain(line: string): string {
  return line.replaceAll(/\s+/g, " ").trim();
}

function hasInOrder(line: string, parts: readonly string[]): boolean {
  let from = 0;
  for (const part of parts) {
    const at = line.indexOf(part, from);
    if (at < 0) return false;
    from = at + part.length;
  }
  return true;
}
