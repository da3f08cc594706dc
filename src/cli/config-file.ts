// Reads the pair's file for the commands and for `serve`: the core's loader with what it needs from
// the machine (files, SHA-256, the host's name).

import { createHash, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { LoadResult } from "../core/config/context.ts";
import { loadConfig } from "../core/config/load.ts";
import { explainProblem, type Problem } from "../core/config/problem.ts";
import type { CompiledConfig } from "../core/config/types.ts";
import { CliError, EXIT } from "./errors.ts";

/** The text of a configuration file. Throws CliError when it cannot be read. */
export function readConfigText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new CliError(EXIT.failure, `cannot read ${file}: ${(error as Error).message}`);
  }
}

/** SHA-256 of a configuration file, hex: the same on both machines. */
export function digestOf(file: string): string {
  return createHash("sha256").update(readConfigText(file)).digest("hex");
}

/** The file as one of its servers sees it; without a name the host name says which. */
export function loadFile(
  file: string,
  text: string,
  who: { readonly serverName?: string | undefined; readonly hostName: string },
): LoadResult {
  return loadConfig(text, {
    ...who,
    fileName: file,
    sha256: (bytes) => new Uint8Array(createHash("sha256").update(bytes).digest()),
    readFingerprint: (path) => readFingerprint(resolve(dirname(file), path)),
  });
}

/** The configuration, or a CliError with all problems of the file. Warnings go to `note`. */
export function requireConfig(
  file: string,
  who: { readonly serverName?: string | undefined; readonly hostName: string },
  note: (text: string) => void,
): CompiledConfig {
  const { config, problems } = loadFile(file, readConfigText(file), who);
  if (config === undefined) {
    const errors = problems.filter((problem) => problem.severity === "error");
    throw new CliError(EXIT.failure, explainAll(errors));
  }
  if (problems.length > 0) note(explainAll(problems));
  return config;
}

export function explainAll(problems: readonly Problem[]): string {
  return problems.map(explainProblem).join("\n");
}

/** SHA-256 of the certificate in a PEM file, hex; undefined where there is none. */
function readFingerprint(path: string): string | undefined {
  try {
    const certificate = new X509Certificate(readFileSync(path, "utf8"));
    return certificate.fingerprint256.replaceAll(":", "").toLowerCase();
  } catch (error) {
    if (error instanceof Error) return undefined;
    throw error;
  }
}
