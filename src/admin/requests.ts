// What a request to the control socket asks for, as a command that its schema has passed (src/api/commands.ts).

import type { z } from "zod";
import { COMMANDS, type Command, type CommandType } from "../api/commands.ts";

/** A request that is no command: the message says which field is wrong. */
export class RequestError extends Error {
  readonly code = "bad-request";
}

/** The fields are those of the path and of the query or body. */
export function commandOf(type: CommandType, fields: Readonly<Record<string, unknown>>): Command {
  if ("type" in fields) throw new RequestError("unknown field `type`");
  const parsed = COMMANDS[type].safeParse({ ...fields, type });
  if (parsed.success) return parsed.data;
  throw new RequestError(parsed.error.issues.map((issue) => explain(issue, fields)).join("; "));
}

function explain(issue: z.core.$ZodIssue, fields: Readonly<Record<string, unknown>>): string {
  if (issue.code === "unrecognized_keys")
    return `unknown field ${issue.keys.map((key) => `\`${key}\``).join(", ")}`;
  const [field = ""] = issue.path.map(String);
  const value = fields[field];
  const given = typeof value === "string" ? ` \`${value}\`` : "";
  return `\`${field}\`${given}: ${issue.message}`;
}

/** The object in a body; nothing is an empty one. */
export function bodyFields(text: string): Record<string, unknown> {
  if (text === "") return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) throw new RequestError("the body is no JSON");
    throw error;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new RequestError("the body is no object");
  }
  return { ...value };
}
