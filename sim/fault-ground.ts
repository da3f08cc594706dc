// What faults act on, and the cut that several of them make.

import type { ServerName } from "./checkers/observation.ts";
import type { Host } from "./host.ts";
import type { PartnerNetwork } from "./link.ts";
import type { ClientNetwork } from "./network.ts";
import type { Prng } from "./prng.ts";
import type { EventQueue } from "./queue.ts";
import type { Scenario } from "./scenario.ts";

/** What a server starts from: its disk, an empty one, a copy of some time ago, or its disk with a damaged file. */
export type BootDisk = "kept" | "empty" | "rolled-back" | "rotten";

/** What faults act on. */
export interface FaultGround {
  readonly queue: EventQueue;
  readonly prng: Prng;
  readonly scenario: Scenario;
  readonly hosts: Readonly<Record<ServerName, Host>>;
  readonly partner: PartnerNetwork;
  readonly network: ClientNetwork;
  /** One line for the trace. */
  note(what: string, detail: string): void;
  crash(name: ServerName, how: "kill" | "power"): void;
  /** Starts it if it does not run, from this disk. */
  boot(name: ServerName, disk: BootDisk): void;
  /** Both are in NORMAL. */
  inContact(): boolean;
  /** Copies the disk, for a later boot "rolled-back". */
  backup(name: ServerName): void;
  stop(name: ServerName): void;
  partnerDown(name: ServerName, force: boolean): void;
  /** T-01: the second word; `force` as above. */
  reclaim(name: ServerName, force: boolean): void;
  /** Switches some clients off and on: they begin anew with nothing remembered. */
  reboot(share: number): void;
  /** Whether this server's disk may be lost: the other's must hold all that was acknowledged. */
  mayWipe(name: ServerName): boolean;
}

export const other = (name: ServerName): ServerName => (name === "a" ? "b" : "a");

/** Cuts what these servers send to their partners. */
export function cutPartner(
  { note, partner, queue }: FaultGround,
  directions: readonly ServerName[],
  duration: number,
): void {
  note("partner-cut", `${directions.join(" and ")} to its partner for ${duration} ms`);
  for (const from of directions) {
    partner.cut(from);
    queue.after(duration, () => partner.heal(from));
  }
}
