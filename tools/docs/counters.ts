// The manual's page of counters, from their list.

import { COUNTERS, PROCESS_COUNTERS } from "../../src/core/model/counter-names.ts";

export const path = "docs/reference/counters.md";

const HEAD = `# Counters

<!-- Written by \`npm run docs\`. -->

\`tandem status\` shows those that are not zero. They begin at zero with each start of the server.
`;

export function generate(): string {
  const rows = Object.entries({ ...COUNTERS, ...PROCESS_COUNTERS })
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, help]) => `| \`${name}\` | ${help} |`);
  return [HEAD, "| Counter | What it counts |", "|---|---|", ...rows, ""].join("\n");
}
