// A TCP proxy between the partners that can be cut like a cable: without root there is no link to take away.
// While it is cut it swallows what arrives and takes no new connections; healing ends the old ones.

import { connect, createServer, type Server, type Socket } from "node:net";

export class CuttableProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #cut = false;

  /** Leads connections to `target` on ::1. */
  constructor(target: number) {
    this.#server = createServer((incoming) => {
      this.#sockets.add(incoming);
      if (this.#cut) return incoming.on("error", () => undefined);
      const outgoing = connect(target, "::1");
      this.#sockets.add(outgoing);
      this.#join(incoming, outgoing);
      this.#join(outgoing, incoming);
      return undefined;
    });
  }

  #join(from: Socket, to: Socket): void {
    from.on("data", (bytes) => {
      if (!this.#cut) to.write(bytes);
    });
    from.on("error", () => undefined);
    from.on("close", () => {
      this.#sockets.delete(from);
      if (!this.#cut) to.destroy();
    });
  }

  /** Listens on ::1 at `port`. */
  open(port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(port, "::1", resolve);
    });
  }

  cut(): void {
    this.#cut = true;
  }

  heal(): void {
    this.#cut = false;
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets.clear();
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }
}
