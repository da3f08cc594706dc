// The manual's page of the command line, from the commands themselves: what `--help` prints.

import type { Command } from "commander";
import { COMMANDS, type CommandType } from "../../src/api/commands.ts";
import { ROUTES } from "../../src/api/routes.ts";
import { createProgram } from "../../src/cli/program.ts";

export const path = "docs/reference/cli.md";

const HEAD = `# The command line

<!-- Written by \`npm run docs\`. -->

What \`tandem COMMAND --help\` prints.

| Exit code | Meaning |
|---|---|
| 0 | Done. |
| 1 | Understood, and could not be done: the message says why. \`check\`: the file has errors. \`serve\`: the server ended by an error. |
| 2 | Wrong usage. |
| 3 | No server answers on the control socket. |

A command finds the server by \`--socket PATH\`, by \`--config FILE\` (with \`--server NAME\`), by the variable
\`TANDEM_SOCKET\`, or at \`/run/tandem/control.sock\`, in this order.

The same answers come from the control socket as HTTP. Fields of a command stand in the path, in the query of a GET, or as JSON
in the body of a POST; those with a \`?\` may be left out. Errors are \`{"code", "message"}\`. For example:
\`curl --unix-socket /run/tandem/control.sock http://tandem/v1/failover\`.
`;

/** The routes of the control socket, from src/api. */
function routes(): string {
  const rows = (Object.keys(ROUTES) as CommandType[]).map((type) => {
    const { method, path } = ROUTES[type];
    const fields = Object.entries(COMMANDS[type].shape)
      .filter(([name]) => name !== "type" && !path.includes(`:${name}`))
      .map(([name, schema]) => `\`${name}${schema.safeParse(undefined).success ? "?" : ""}\``);
    return `| \`${method} ${path}\` | ${fields.join(", ")} |`;
  });
  return ["| Route | Fields |", "|---|---|", ...rows, ""].join("\n");
}

/** Help is wrapped at the width of the terminal; the page must not depend on who writes it. */
const WIDTH = 100;

export function generate(): string {
  const terminal = {
    out: () => undefined,
    note: () => undefined,
    readInput: async () => "",
    interactive: false,
    ask: async () => "",
    environment: {},
    hostName: "host",
  };
  const options = { terminal, version: "", serve: async () => 0 };
  const program = createProgram(options, () => undefined);
  return [
    HEAD,
    routes(),
    ...program.commands.flatMap((command) => section(command, "tandem")),
  ].join("\n");
}

function section(command: Command, parent: string): string[] {
  const name = `${parent} ${command.name()}`;
  if (command.commands.length > 0) return command.commands.flatMap((child) => section(child, name));
  return [`## ${name}\n\n\`\`\`\n${helpOf(command)}\n\`\`\`\n`];
}

function helpOf(command: Command): string {
  let text = "";
  command.configureHelp({ helpWidth: WIDTH });
  command.configureOutput({
    writeOut: (part) => {
      text += part;
    },
    getOutHelpWidth: () => WIDTH,
    getOutHasColors: () => false,
  });
  command.outputHelp();
  return text.trimEnd();
}
