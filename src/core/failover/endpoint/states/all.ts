// The ten states by name.

import type { ServerState } from "../../../model/endpoint-record.ts";
import type { StateBehaviour } from "./behaviour.ts";
import { COMMUNICATIONS_INTERRUPTED } from "./communications-interrupted.ts";
import { CONFLICT_DONE } from "./conflict-done.ts";
import { NORMAL } from "./normal.ts";
import { PARTNER_DOWN } from "./partner-down.ts";
import { POTENTIAL_CONFLICT } from "./potential-conflict.ts";
import { RECOVER } from "./recover.ts";
import { RECOVER_DONE } from "./recover-done.ts";
import { RECOVER_WAIT } from "./recover-wait.ts";
import { RESOLUTION_INTERRUPTED } from "./resolution-interrupted.ts";
import { STARTUP } from "./startup.ts";

export const STATES: Readonly<Record<ServerState, StateBehaviour>> = {
  STARTUP,
  NORMAL,
  "COMMUNICATIONS-INTERRUPTED": COMMUNICATIONS_INTERRUPTED,
  "PARTNER-DOWN": PARTNER_DOWN,
  "POTENTIAL-CONFLICT": POTENTIAL_CONFLICT,
  RECOVER,
  "RECOVER-WAIT": RECOVER_WAIT,
  "RECOVER-DONE": RECOVER_DONE,
  "RESOLUTION-INTERRUPTED": RESOLUTION_INTERRUPTED,
  "CONFLICT-DONE": CONFLICT_DONE,
};
