// Golden packets: `# notes`, `transport udp|failover`, `-- bytes` with hex and notes, `-- text` with what
// `tandem decode` says of them. GOLDEN_UPDATE=1 rewrites the text, for review as a diff.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const FOLDER = fileURLToPath(new URL("wire/", import.meta.url));

export interface GoldenPacket {
  readonly name: string;
  readonly transport: "udp" | "failover";
  readonly bytes: Uint8Array;
  readonly text: readonly string[];
}

export function goldenPackets(): readonly GoldenPacket[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith(".txt"))
    .map((file) => parse(file.slice(0, -".txt".length), readFileSync(FOLDER + file, "utf8")));
}

export function golden(name: string): GoldenPacket {
  return parse(name, readFileSync(`${FOLDER}${name}.txt`, "utf8"));
}

export function rewriteText(name: string, text: readonly string[]): void {
  const file = `${FOLDER}${name}.txt`;
  const head = readFileSync(file, "utf8").split("-- text\n")[0] as string;
  writeFileSync(file, `${head}-- text\n${text.map((line) => `${line}\n`).join("")}`);
}

function parse(name: string, content: string): GoldenPacket {
  const [head = "", rest = ""] = content.split("-- bytes\n");
  const [hex = "", text = ""] = rest.split("-- text\n");
  const transport = /^transport (udp|failover)$/m.exec(head)?.[1];
  if (transport !== "udp" && transport !== "failover") throw new Error(`${name}: no transport`);
  const digits = hex.replaceAll(/#.*$/gm, "").replaceAll(/\s/g, "");
  return {
    name,
    transport,
    bytes: Uint8Array.from(Buffer.from(digits, "hex")),
    text: text.split("\n").slice(0, -1),
  };
}
