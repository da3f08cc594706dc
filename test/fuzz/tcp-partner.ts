// A scripted primary on a real connection: dials the secondary's failover port, says sound and damaged things.

import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { floorTime } from "../../src/core/model/time.ts";
import {
  decodeFailoverMessage,
  encodeFrame,
  type FailoverMessage,
  type FailoverType,
} from "../../src/core/wire/failover-messages.ts";
import { FrameParser } from "../../src/core/wire/framing.ts";
import type { Option } from "../../src/core/wire/options.ts";
import { until } from "../../tools/netns/command.ts";

export class TcpPartner {
  readonly #socket: Socket;
  readonly #parser = new FrameParser();
  received: FailoverMessage[] = [];
  closed = false;
  #nextId = 1;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on("data", (bytes: Buffer) => this.#data(new Uint8Array(bytes)));
    for (const event of ["end", "close", "error"] as const) socket.on(event, () => this.close());
  }

  /** Undefined when the server refuses the connection. */
  static async dial(port: number): Promise<TcpPartner | undefined> {
    const socket = connect({ host: "::1", port });
    const partner = new TcpPartner(socket);
    const opened = once(socket, "connect").then(() => true);
    const failed = await Promise.race([opened, once(socket, "close").then(() => false)]).catch(
      () => false,
    );
    return failed ? partner : undefined;
  }

  #data(bytes: Uint8Array): void {
    for (const frame of this.#parser.push(bytes).messages) {
      const message = decodeFailoverMessage(frame.slice());
      if ("sentTime" in message) this.received.push(message);
    }
  }

  close(): void {
    this.closed = true;
    this.#socket.destroy();
  }

  bytes(bytes: Uint8Array): void {
    if (!this.closed) this.#socket.write(bytes);
  }

  send(type: FailoverType, options: readonly Option[] = [], id = this.#nextId++): void {
    const sentTime = floorTime(Date.now());
    this.bytes(encodeFrame({ type, transactionId: id, sentTime, options }));
  }

  /** Takes what was received of a type. */
  takeAll(type: FailoverType): readonly FailoverMessage[] {
    const taken = this.received.filter((message) => message.type === type);
    this.received = this.received.filter((message) => message.type !== type);
    return taken;
  }

  /** Waits for a message of a type; undefined when the connection ends before. */
  async expect(type: FailoverType): Promise<FailoverMessage | undefined> {
    return await until(`a ${type}`, 10_000, () => this.takeAll(type)[0] ?? this.#over(), 2).then(
      (found) => found ?? undefined,
    );
  }

  #over(): null | undefined {
    return this.closed ? null : undefined;
  }
}
