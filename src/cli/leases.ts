// `tandem leases list` and `tandem leases show`.

import { type Command, InvalidArgumentError } from "commander";
import type { LeaseResult } from "../api/leases.ts";
import type { Result } from "../api/results.ts";
import { askServer, type SocketOptions, socketPath, withSocketOptions } from "./control-client.ts";
import { renderLease } from "./lease-text.ts";
import { renderTable, renderValue } from "./render.ts";
import type { Terminal } from "./terminal.ts";

/** Leases asked for at a time; the server answers between clients. */
const PAGE = 500;
const COLUMNS = ["lease", "status", "duid", "iaid", "expires", "link"] as const;

interface ListOptions extends SocketOptions {
  readonly link?: string;
  readonly unplaced?: boolean;
  readonly status?: string;
  readonly duid?: string;
  readonly limit?: number;
  readonly json?: boolean;
}

export function addLeases(program: Command, terminal: Terminal): void {
  const leases = program.command("leases").description("the leases of this server");
  withSocketOptions(leases.command("list"))
    .description("all leases, or those that match")
    .option("--link <name>", "on this link only (a subnet or shared network)")
    .option("--unplaced", "only those whose address no link of the configuration has")
    .option("--status <status>", "in this binding-status only, for example ACTIVE")
    .option("--duid <duid>", "of this client only")
    .option("--limit <number>", "at most so many", wholeNumber)
    .option("--json", "one JSON object a line")
    .addHelpText("after", "\nExample:\n  tandem leases list --status ACTIVE --link campus")
    .action(async (given: ListOptions) => {
      await list(given, socketPath(given, terminal), terminal);
    });
  withSocketOptions(leases.command("show"))
    .description("all that is known of one lease")
    .argument("<lease>", "an address, or a prefix with its length")
    .option("--json", "as JSON")
    .addHelpText("after", "\nExample:\n  tandem leases show 2001:db8::1234")
    .action(async (lease: string, given: SocketOptions & { json?: boolean }) => {
      const shown = await askServer(socketPath(given, terminal), "leases-show", { lease });
      terminal.out(given.json === true ? JSON.stringify(shown, null, 2) : renderLease(shown));
    });
}

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,9}$/.test(text)) throw new InvalidArgumentError("a whole number above 0");
  return Number(text);
}

/** Page after page, printed as they come: a million leases need no memory. */
async function list(given: ListOptions, socket: string, terminal: Terminal): Promise<void> {
  let left = given.limit ?? Number.POSITIVE_INFINITY;
  let cursor: number | undefined = 0;
  let first = true;
  while (left > 0 && cursor !== undefined) {
    const { link, unplaced, status, duid } = given;
    const wanted = { cursor, limit: PAGE, link, unplaced, status, duid };
    const page: Result<"leases-list"> = await askServer(socket, "leases-list", wanted);
    // A page is a part of the table: of a filtered listing it may show few leases or none.
    const leases = page.leases.slice(0, left);
    if (given.json === true) for (const lease of leases) terminal.out(JSON.stringify(lease));
    else if (leases.length > 0 || first) terminal.out(tableOf(leases, first));
    left -= leases.length;
    first = false;
    cursor = page.next ?? undefined;
  }
}

/** The heading stands over the first page only; later pages have the same widths by luck of the data. */
function tableOf(leases: readonly LeaseResult[], heading: boolean): string {
  const rows = leases.map((lease) => COLUMNS.map((column) => renderValue(lease[column])));
  const table = renderTable(COLUMNS, rows);
  return heading ? table : table.slice(table.indexOf("\n") + 1);
}
