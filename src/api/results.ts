// What each command is answered with. The core takes the types; the command line checks what it gets by the schemas.

import { z } from "zod";
import type { Command, CommandType } from "./commands.ts";
import { DECLARED, FAILOVER_STATUS } from "./failover.ts";
import type { Failure } from "./failures.ts";
import { LEASE, LEASES_PAGE } from "./leases.ts";
import { CLOCK_ACCEPTED, SERVER_STATUS, STATUS } from "./status.ts";

const CORE_RESULTS = {
  status: SERVER_STATUS,
  "failover-status": FAILOVER_STATUS,
  "leases-list": LEASES_PAGE,
  "leases-show": LEASE,
  "partner-down": DECLARED,
  reclaim: DECLARED,
  "clock-accept": CLOCK_ACCEPTED,
  resync: DECLARED,
  recover: DECLARED,
  "maintenance-begin": DECLARED,
  "maintenance-end": DECLARED,
  stop: z.object({ stopping: z.literal(true) }).readonly(),
} as const satisfies Readonly<Record<CommandType, z.ZodType>>;

/** What the control socket answers: the core's result, and what the process knows besides. */
export const RESULTS = { ...CORE_RESULTS, status: STATUS } as const;

/** What the core answers. */
export type CoreResult<Type extends CommandType> = z.output<(typeof CORE_RESULTS)[Type]>;
/** What the control socket answers. */
export type Result<Type extends CommandType> = z.output<(typeof RESULTS)[Type]>;

export type Refusal = { readonly ok: false } & Failure;
export type CommandResult<Type extends CommandType = CommandType> =
  | { readonly ok: true; readonly value: CoreResult<Type> }
  | Refusal;

/** Asks the core: the answer has the type that the command calls for. */
export type Ask = <Asked extends Command>(command: Asked) => Promise<CommandResult<Asked["type"]>>;
