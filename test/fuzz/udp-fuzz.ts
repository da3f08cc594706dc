// Damaged datagrams to a server's port for relays, no faster than it takes them: after each volley a sound question
// must be answered.

import { createSocket, type Socket } from "node:dgram";
import type { Duid } from "../../src/core/model/duid.ts";
import { encodeMessage } from "../../src/core/wire/messages.ts";
import { option } from "../../src/core/wire/options.ts";
import { sleep } from "../../tools/netns/command.ts";
import { readMessage } from "../e2e/oracle/dhcpv6.ts";
import { relayed } from "../support/requests.ts";
import { duids } from "./corpus.ts";
import type { Mutator } from "./mutate.ts";

const VOLLEY = 64;
/** Asked again after this, as everything on UDP. */
const PATIENCE = 500;
const TRIES = 20;

export class UdpFuzz {
  readonly #socket: Socket;
  readonly #port: number;
  readonly #mutator: Mutator;
  readonly #link: string;
  readonly #server: Duid;
  readonly #answered = new Set<number>();
  #transaction = 0;
  sent = 0;

  constructor(options: {
    readonly port: number;
    readonly mutator: Mutator;
    readonly link: string;
    readonly server: Duid;
  }) {
    this.#port = options.port;
    this.#mutator = options.mutator;
    this.#link = options.link;
    this.#server = options.server;
    this.#socket = createSocket({ type: "udp6", recvBufferSize: 4 * 1024 * 1024 });
    this.#socket.on("message", (bytes) => {
      const message = readMessage(bytes);
      if (message?.name === "REPLY") this.#answered.add(message.transaction);
    });
  }

  async open(): Promise<number> {
    await new Promise<void>((resolve) => this.#socket.bind(0, "::1", resolve));
    return this.#socket.address().port;
  }

  close(): void {
    this.#socket.close();
  }

  async volley(): Promise<void> {
    for (let i = 0; i < VOLLEY; i++) {
      this.#socket.send(this.#mutator.next(), this.#port, "::1");
      this.sent++;
    }
    await this.ask();
  }

  /** A sound client asks and is answered. */
  async ask(): Promise<void> {
    const [duid] = duids(1, "asking");
    if (duid === undefined) throw new Error("no DUID");
    for (let i = 0; i < TRIES; i++) {
      const transactionId = 0x80_0000 + this.#transaction++;
      // Addressed to this server, so that the secondary of a pair answers it too.
      const options = [option("CLIENTID", { duid }), option("SERVERID", { duid: this.#server })];
      const question = encodeMessage({ type: "INFORMATION-REQUEST", transactionId, options });
      const relayOptions = [option("RELAY_PORT", { value: 0 })];
      this.#socket.send(relayed(this.#link, "fe80::1", relayOptions)(question), this.#port, "::1");
      for (let waited = 0; waited < PATIENCE; waited += 1) {
        if (this.#answered.delete(transactionId)) return;
        await sleep(1);
      }
    }
    throw new Error(`no answer to ${TRIES} questions after ${this.sent} damaged messages`);
  }
}
