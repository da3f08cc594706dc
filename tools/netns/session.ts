// A TCP session over a leased address: sends a number five times a second and gets it back. It must outlive
// everything that happens to the servers (RFC 7031 §4.6).

import type { ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { until } from "./command.ts";
import { type End, spawnInside } from "./namespaces.ts";

const PORT = 7_007;

const ECHO = `
const server = require("node:net").createServer((socket) => {
  socket.on("error", () => undefined);
  socket.pipe(socket);
});
server.listen(${PORT}, process.argv[1], () => console.log("listening"));
`;

const TALK = `
const [local, peer] = process.argv.slice(1);
const socket = require("node:net").connect({ host: peer, port: ${PORT}, localAddress: local, family: 6 });
let sent = 0;
socket.on("connect", () => setInterval(() => socket.write(++sent + "\\n"), 200));
socket.on("data", (bytes) => {
  for (const line of String(bytes).trim().split("\\n")) console.log(line);
});
socket.on("error", (error) => { console.log("ended " + error.code); process.exit(1); });
socket.on("close", () => { console.log("ended"); process.exit(1); });
`;

export class Session {
  readonly #children: ChildProcess[] = [];
  /** The highest number that came back. */
  echoed = 0;
  /** Why it broke; undefined while it lives. */
  broken: string | undefined;

  /** Opens a session from `local`, an address of `from`, to an echo at `peer` in another namespace. */
  async open(
    from: End,
    local: string,
    echo: { readonly namespace: string; readonly peer: string },
  ): Promise<void> {
    const server = spawnInside(echo.namespace, [process.execPath, "-e", ECHO, echo.peer], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.#children.push(server);
    let listens = false;
    server.stdout?.on("data", () => {
      listens = true;
    });
    await until("the echo to listen", 5_000, () => (listens ? true : undefined));
    const client = spawnInside(from.namespace, [process.execPath, "-e", TALK, local, echo.peer], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.#children.push(client);
    createInterface({ input: client.stdout as NodeJS.ReadableStream }).on("line", (line) => {
      if (line.startsWith("ended")) this.broken = line;
      else this.echoed = Math.max(this.echoed, Number(line));
    });
    await until("the session's first echo", 5_000, () => (this.echoed > 0 ? true : undefined));
  }

  close(): void {
    for (const child of this.#children) child.kill("SIGKILL");
  }
}
