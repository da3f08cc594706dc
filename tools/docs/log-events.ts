// The manual's page of log events, from the catalogues of core and shell.

import { LOG_EVENTS } from "../../src/core/model/log-events.ts";
import { SHELL_LOG_EVENTS } from "../../src/shell/log-events.ts";

export const path = "docs/reference/log-events.md";

const HEAD = `# Log events

<!-- Written by \`npm run docs\`. -->

Every line of the log has one of these ids. Ids are stable: alarms and filters may be built on them.
`;

export function generate(): string {
  const events = Object.entries({ ...LOG_EVENTS, ...SHELL_LOG_EVENTS }).map(
    ([id, { level, template, help }]) => `## ${id}\n\n\`${level}\`: ${template}\n\n${help}\n`,
  );
  return [HEAD, ...events].join("\n");
}
