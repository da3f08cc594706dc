// Alarms as commands show them; their catalogue is core/model/alarms.ts.

import { z } from "zod";
import { ALARMS, type AlarmId } from "../core/model/alarms.ts";
import { TIME } from "./leases.ts";

const IDS = Object.keys(ALARMS) as [AlarmId, ...AlarmId[]];

export const ALARM = z
  .object({
    id: z.enum(IDS),
    level: z.enum(["error", "warn"]),
    /** A relationship, an interface or the server, by name. */
    subject: z.string(),
    since: TIME,
    text: z.string(),
    whatToDo: z.string(),
  })
  .readonly();
export type AlarmResult = z.output<typeof ALARM>;
