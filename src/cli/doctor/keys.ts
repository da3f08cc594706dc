// Certificates: their dates, whether key, certificate and file fit together (F-226, F-550).

import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { CompiledConfig } from "../../core/config/types.ts";
import { renderSpan } from "../render.ts";
import { type Finding, fail, ok, warn } from "./finding.ts";

const SOON_MILLIS = 30 * 86_400_000;
const RENEW = "tandem failover keygen --renew, then its fingerprint into the file of both servers";

/** `pinned`: the own fingerprint as the file has it, for the partner. */
export function keyFindings(
  file: string,
  { server, relationships }: CompiledConfig,
  pinned: string | undefined,
): readonly Finding[] {
  const what = "certificate";
  if (!relationships.some(({ security }) => security.mode === "tls")) return [];
  const { certificate: path, key: keyPath } = server;
  if (path === undefined || keyPath === undefined)
    return [fail(what, "the file names none for this server", "tandem failover keygen")];
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(readFileSync(resolve(dirname(file), path)));
    const key = createPrivateKey(readFileSync(resolve(dirname(file), keyPath)));
    if (!certificate.checkPrivateKey(key))
      return [fail(what, `${keyPath} is not the key of ${path}`, RENEW)];
  } catch (error) {
    return [fail(what, (error as Error).message, "run doctor as root; tandem failover keygen")];
  }
  return [dates(certificate, Date.now()), pin(certificate, pinned)];
}

export function dates(
  { validFrom, validTo }: Pick<X509Certificate, "validFrom" | "validTo">,
  now: number,
): Finding {
  const what = "certificate";
  const left = Date.parse(validTo) - now;
  if (now < Date.parse(validFrom))
    return fail(what, `not valid before ${validFrom}`, "is the clock of this machine right?");
  if (left < 0) return fail(what, `expired on ${validTo}`, RENEW);
  const found = `valid until ${validTo} (${renderSpan(left)})`;
  return left < SOON_MILLIS ? warn(what, found, RENEW) : ok(what, found);
}

function pin({ fingerprint256 }: X509Certificate, pinned: string | undefined): Finding {
  const what = "fingerprint";
  const digits = fingerprint256.replaceAll(":", "").toLowerCase();
  if (pinned === undefined)
    return warn(
      what,
      "the file has none for this server, so the partner needs this certificate's file",
      `certificate-fingerprint: "${digits}"`,
    );
  return pinned.replaceAll(":", "").toLowerCase() === digits
    ? ok(what, "the file has this certificate's, as the partner needs it")
    : fail(
        what,
        "the file has another one: the partner refuses this server",
        `certificate-fingerprint: "${digits}", in the file of both servers`,
      );
}
