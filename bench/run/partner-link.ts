// The partner link of the measured pair through this process: a TCP proxy on ::1 that hands on what it gets later, in
// order. A lost segment is one that comes a retransmission timeout later still, and all behind it with it, as TCP shows
// loss to its users.

import { connect, createServer, type Server, type Socket } from "node:net";

const RETRANSMISSION_MILLIS = 200;

export interface LinkQuality {
  /** Each way. */
  readonly delayMillis: number;
  /** Share of segments, 0 to 1. */
  readonly loss: number;
}

export const UNHINDERED: LinkQuality = { delayMillis: 0, loss: 0 };

export class PartnerLink {
  /** For what comes from now on. */
  quality = UNHINDERED;
  readonly port: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.port = port;
  }

  /** Listens where the primary connects to, and connects to the secondary from the primary's address: both are ::1. */
  static open(port: number, secondaryPort: number): Promise<PartnerLink> {
    return new Promise((resolve, reject) => {
      const server = createServer({ noDelay: true, allowHalfOpen: true });
      const link = new PartnerLink(server, port);
      server.on("connection", (socket) => link.#join(socket, secondaryPort));
      server.once("error", reject);
      server.listen({ host: "::1", port, ipv6Only: true }, () => resolve(link));
    });
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #join(primary: Socket, port: number): void {
    const address = { host: "::1", localAddress: "::1", port };
    const secondary = connect({ ...address, noDelay: true, allowHalfOpen: true });
    const ends = [primary, secondary];
    for (const socket of ends) {
      this.#sockets.add(socket);
      socket.on("error", () => {
        for (const end of ends) end.destroy();
      });
      socket.on("close", () => {
        this.#sockets.delete(socket);
        for (const end of ends) end.destroy();
      });
    }
    this.#carry(primary, secondary);
    this.#carry(secondary, primary);
  }

  #carry(from: Socket, to: Socket): void {
    const waiting: { readonly at: number; readonly bytes: Buffer | undefined }[] = [];
    let last = 0;
    let timer: NodeJS.Timeout | undefined;
    const deliver = (): void => {
      timer = undefined;
      const now = performance.now();
      for (let first = waiting[0]; first !== undefined && first.at <= now; first = waiting[0]) {
        waiting.shift();
        if (first.bytes === undefined) to.end();
        else to.write(first.bytes);
      }
      const next = waiting[0];
      if (next !== undefined) timer = setTimeout(deliver, Math.max(1, next.at - now));
    };
    const put = (bytes: Buffer | undefined): void => {
      const { delayMillis, loss } = this.quality;
      const late = Math.random() < loss ? RETRANSMISSION_MILLIS : 0;
      last = Math.max(last, performance.now() + delayMillis + late);
      waiting.push({ at: last, bytes });
      if (timer === undefined) deliver();
    };
    from.on("data", put);
    from.on("end", () => put(undefined));
  }
}
