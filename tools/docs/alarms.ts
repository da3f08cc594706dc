// The manual's page of alarms, from their catalogue.

import { ALARMS } from "../../src/core/model/alarms.ts";

export const path = "docs/reference/alarms.md";

const HEAD = `# Alarms

<!-- Written by \`npm run docs\`. -->

What is wrong now, with the time since when and what to do. \`tandem status\` shows all of them, \`tandem failover status\`
those of each relationship; an alarm goes by itself when its cause is gone. Ids are stable. \`error\`: clients are not served,
or leases are at risk. \`warn\`: they will be if another thing fails.
`;

export function generate(): string {
  const alarms = Object.entries(ALARMS).map(
    ([id, { level, text, whatToDo, help }]) =>
      `## ${id}\n\n\`${level}\`: ${text}\n\nWhat to do: ${whatToDo}\n\n${help}\n`,
  );
  return [HEAD, ...alarms].join("\n");
}
