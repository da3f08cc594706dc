// What a look of `tandem doctor` finds.

export interface Finding {
  /** `unknown`: it cannot be told from here. */
  readonly level: "ok" | "warn" | "fail" | "unknown";
  readonly what: string;
  readonly found: string;
  /** Only where something is to be done. */
  readonly whatToDo?: string;
}

export const ok = (what: string, found: string): Finding => ({ level: "ok", what, found });

export const unknown = (what: string, found: string): Finding => ({
  level: "unknown",
  what,
  found,
});

export function warn(what: string, found: string, whatToDo: string): Finding {
  return { level: "warn", what, found, whatToDo };
}

export function fail(what: string, found: string, whatToDo: string): Finding {
  return { level: "fail", what, found, whatToDo };
}
