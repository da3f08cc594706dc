// Absolute times for people: seconds since 2000 (RFC 8156 §3) as ISO 8601 in UTC, by own arithmetic
// (the core has no Date). Times beyond 2^32 s show as in the first era.

import { DHCP_EPOCH, NO_TIME } from "../model/time.ts";

/** `2026-03-01T12:00:00Z`; `none` for 0. */
export function timeText(time: number): string {
  if (time === NO_TIME) return "none";
  const unix = time + DHCP_EPOCH;
  const days = Math.floor(unix / 86_400);
  const rest = unix - days * 86_400;
  // Days since 0000-03-01, so that the leap day is the last of a year; eras have 400 years.
  const z = days + 719_468;
  const era = Math.floor(z / 146_097);
  const dayOfEra = z - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shifted = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * shifted + 2) / 5) + 1;
  const month = shifted < 10 ? shifted + 3 : shifted - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  const clock = [Math.floor(rest / 3600), Math.floor(rest / 60) % 60, rest % 60].map(two).join(":");
  return `${year}-${two(month)}-${two(day)}T${clock}Z`;
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}
