// Plain data as text for people.

/** Rows as columns of equal width, with a heading. */
export function renderTable(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const widths = headings.map((heading, i) =>
    Math.max(heading.length, ...rows.map((row) => (row[i] ?? "").length)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join("  ")
      .trimEnd();
  return [line(headings), ...rows.map(line)].join("\n");
}

export function renderValue(value: unknown): string {
  if (value === null || value === undefined) return "-";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "number" && isMoment(value)) return renderMoment(value);
  if (Array.isArray(value)) return value.length === 0 ? "none" : value.map(renderValue).join(", ");
  if (isRecord(value)) return JSON.stringify(value);
  return printable(String(value));
}

/** Names come from clients: a control character would change the terminal. */
export function printable(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, (char) => `\\x${char.charCodeAt(0).toString(16)}`);
}

/** Milliseconds of lease time are the only numbers as large as this. */
function isMoment(value: number): boolean {
  return value > 1e12 && value < 1e13;
}

/** `2026-11-24 09:30:23 UTC (5 min ago)` */
export function renderMoment(millis: number, now = Date.now()): string {
  const text = new Date(millis)
    .toISOString()
    .replace("T", " ")
    .replace(/\.\d+Z$/, " UTC");
  const ago = now - millis;
  return `${text} (${ago >= 0 ? `${renderSpan(ago)} ago` : `in ${renderSpan(-ago)}`})`;
}

const UNITS = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
  ["s", 1_000],
] as const;

/** A length of time with one or two units: `2 d 3 h`, `4 min`, `0 s`. */
export function renderSpan(millis: number): string {
  for (const [i, [unit, size]] of UNITS.entries()) {
    if (millis < size && unit !== "s") continue;
    const whole = Math.floor(millis / size);
    const next = UNITS[i + 1];
    const rest = next === undefined ? 0 : Math.floor((millis % size) / next[1]);
    return rest === 0 || next === undefined
      ? `${whole} ${unit}`
      : `${whole} ${unit} ${rest} ${next[0]}`;
  }
  return "0 s";
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
