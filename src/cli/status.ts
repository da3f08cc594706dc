// `tandem status`: what the server is doing.

import type { Command } from "commander";
import { askServer, type SocketOptions, socketPath, withSocketOptions } from "./control-client.ts";
import { renderTree } from "./render.ts";
import type { Terminal } from "./terminal.ts";

export function addStatus(program: Command, terminal: Terminal): void {
  withSocketOptions(program.command("status"))
    .description("the server's version, leases, counters and alarms")
    .option("--json", "as JSON")
    .addHelpText("after", "\nExample:\n  tandem status --config /etc/tandem/pair.yaml --server a")
    .action(async (given: SocketOptions & { json?: boolean }) => {
      const status = await askServer(socketPath(given, terminal), "status", {});
      terminal.out(given.json === true ? JSON.stringify(status, null, 2) : renderTree(status));
    });
}
