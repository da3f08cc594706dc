// Keys and certificates for a pair, made as an operator makes them: by `tandem failover keygen`.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../../../tools/netns/command.ts";
import { TANDEM } from "../../../tools/netns/daemon.ts";
import type { PairConfig } from "../../../tools/netns/pair-config.ts";
import { STAGE } from "../../../tools/netns/topology.ts";

interface Made {
  readonly server: string;
  readonly certificate: string;
  readonly key: string;
  readonly fingerprint: string;
}

/** What each server's part of the file says of its certificate. */
export function certificatesFor(): NonNullable<PairConfig["tls"]> {
  const folder = mkdtempSync(join(tmpdir(), "tandem-e2e-keys-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "pair.json");
  const servers = { a: { address: STAGE.partner.a }, b: { address: STAGE.partner.b } };
  writeFileSync(file, JSON.stringify({ servers }));
  const command = [TANDEM, "failover", "keygen", "--config", file, "--out", folder, "--json"];
  const made = JSON.parse(run(process.execPath, ...command)) as {
    readonly servers: readonly Made[];
  };
  const of = (name: string) => {
    const one = made.servers.find(({ server }) => server === name);
    if (one === undefined) throw new Error(`keygen made nothing for ${name}`);
    const { certificate, key, fingerprint } = one;
    return { certificate, key, "certificate-fingerprint": fingerprint };
  };
  return { a: of("a"), b: of("b") };
}
