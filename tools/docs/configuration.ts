// The manual's page on the configuration file, from the schema and the option table.

import { describeKeys, type KeyDescription } from "../../src/core/config/schema-keys.ts";
import { optionDefinitions } from "../../src/core/wire/options.ts";

export const path = "docs/reference/configuration.md";

const HEAD = `# The configuration file

<!-- Written by \`npm run docs\`. -->

One file in YAML (JSON is YAML too) serves both machines of a pair: each finds itself in \`servers\` by \`--server NAME\`,
else by its host name. \`tandem check FILE\` finds every error with its place and tells what would be right. Commented
files stand in \`examples/\`. Keys have Kea's names where Kea has the thing.

- **Times** are seconds (\`90\`) or have a unit: \`500ms\`, \`90s\`, \`10m\`, \`24h\`, \`7d\`, \`2w\`.
- **Addresses that end in \`::\`** stand in quotes, as YAML takes a colon at the end for a key.
- **Lifetimes, flags and options** may stand at the top, in a shared network and in a subnet; the nearest one counts.
- **A link** is a shared network, or a subnet that stands alone. Its name (the subnet's prefix, if it stands alone) is
  what \`links\` of a relationship lists. It belongs to one relationship as a whole, or has one \`server\`.
- \`NAME\` stands for a server's name, \`[]\` for the elements of a list.
`;

export function generate(): string {
  const sections = new Map<string, KeyDescription[]>();
  for (const key of describeKeys()) {
    const section = sectionOf(key.path);
    sections.set(section, [...(sections.get(section) ?? []), key]);
  }
  const tables = [...sections].map(([title, keys]) => `## ${title}\n\n${table(keys)}`);
  return [HEAD, ...tables, options()].join("\n");
}

function sectionOf(key: string): string {
  const parent = key.split(".").slice(0, -1).join(".");
  return parent === "" ? "The top of the file" : `\`${parent}\``;
}

function table(keys: readonly KeyDescription[]): string {
  const rows = keys.map((key) => {
    const name = key.path.split(".").at(-1);
    const fallback = key.required ? "**needed**" : (key.default ?? "");
    return `| \`${name}\` | ${cell(key.type)} | ${cell(fallback)} | ${cell(key.meaning)} |`;
  });
  return `| Key | Type | Default | Meaning |\n|---|---|---|---|\n${rows.join("\n")}\n`;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}

/** Codes that have keys of their own. */
const OWN_KEYS: readonly number[] = [7];

function options(): string {
  const rows = optionDefinitions
    .filter((option) => option.configurable === true && !OWN_KEYS.includes(option.code))
    .map((option) => {
      const fields = Object.entries(option.fields).map(([name, kind]) => `${name} (\`${kind}\`)`);
      const many = option.repeatable === true ? "yes" : "";
      return `| ${option.code} | \`${option.name}\` | ${fields.join(", ")} | ${many} | ${cell(option.help)} ${option.source} |`;
    });
  return `## Options by name

What \`option-data\` knows by name. Values are a text with commas between them (\`\\,\` is a comma itself) or a list; any
other option is given by \`code\` and its \`data\` in hex, in quotes. \`+\`: one or more, \`*\`: any number.

| Code | Name | Values | Several | Meaning |
|---|---|---|---|---|
${rows.join("\n")}
`;
}
