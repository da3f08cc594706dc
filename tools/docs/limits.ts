// The manual's page of limits and defaults. Values come from the modules, reasons from the comments beside them.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CONFIG_LIMITS } from "../../src/core/config/limits.ts";
import { DEFAULTS, LIMITS } from "../../src/core/model/limits.ts";

export const path = "docs/reference/limits.md";

const HEAD = `# Limits and defaults

<!-- Written by \`npm run docs\`. -->

Every number that bounds something, with its reason. What the configuration file can change is in its own page.
`;

export function generate(root: string): string {
  const model = readFileSync(join(root, "src/core/model/limits.ts"), "utf8");
  const config = readFileSync(join(root, "src/core/config/limits.ts"), "utf8");
  return [
    HEAD,
    table("Limits", LIMITS, model),
    table("Defaults", DEFAULTS, model),
    table("Bounds of the configuration file", CONFIG_LIMITS, config),
  ].join("\n");
}

function table(title: string, values: Readonly<Record<string, number>>, source: string): string {
  const rows = Object.entries(values).map(
    ([name, value]) => `| ${name} | ${value.toLocaleString("en")} | ${reason(name, source)} |`,
  );
  return `## ${title}\n\n| Name | Value | Reason |\n|---|---|---|\n${rows.join("\n")}\n`;
}

/** The comment on the line before an entry, or nothing. */
function reason(name: string, source: string): string {
  const match = new RegExp(`/\\*\\* (.*?) \\*/\\s*\\n\\s*${name}:`).exec(source);
  return match?.[1]?.replaceAll("|", "\\|") ?? "";
}
