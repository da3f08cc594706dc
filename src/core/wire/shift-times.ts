// Times of the partner link as they are told, from times as rows have them and back (T-06 (1)): every absolute time in
// options, at any depth, moves by the same whole seconds.

import { addSeconds, NO_TIME, type Seconds } from "../model/time.ts";
import { definitionOf, type Option } from "./options.ts";

/** The same options with every absolute time `by` seconds later; 0 stays "none". */
export function shiftTimes(options: readonly Option[], by: Seconds): readonly Option[] {
  return by === 0 ? options : options.map((option) => shifted(option, by));
}

function shifted(option: Option, by: Seconds): Option {
  if (option.type === "unknown" || option.type === "malformed") return option;
  const values: Record<string, unknown> = { ...option };
  for (const [field, kind] of Object.entries(definitionOf(option.code)?.fields ?? {})) {
    const value = values[field];
    if (kind === "time" && value !== NO_TIME) values[field] = addSeconds(value as number, by);
    else if (kind === "options") values[field] = shiftTimes(value as readonly Option[], by);
  }
  return values as unknown as Option;
}
