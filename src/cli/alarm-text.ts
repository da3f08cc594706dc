// Alarms as text: what, since when, and what to do.

import type { AlarmResult } from "../api/alarms.ts";
import { printable, renderMoment } from "./render.ts";

export function renderAlarms(alarms: readonly AlarmResult[]): readonly string[] {
  if (alarms.length === 0) return ["  alarms         none"];
  const text = alarms.flatMap(({ id, text, since, whatToDo }) => [
    `    - ${printable(text)} (${id}, since ${renderMoment(Date.parse(since))})`,
    `      ${printable(whatToDo)}`,
  ]);
  return ["  alarms:", ...text];
}
