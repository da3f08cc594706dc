// One connection of the partner link: what was received is handed on in order, what is to be sent is
// gathered and written once a batch, and the socket is upgraded to TLS in place (RFC 7653 §9.1).

import type net from "node:net";
import type tls from "node:tls";
import type { Millis } from "../core/model/time.ts";
import { unreachable } from "../core/model/unreachable.ts";
import type { LinkEvent, LinkId } from "../ports/partner-link.ts";
import { FirstFrame } from "./first-frame.ts";
import { judgeCertificate, type TlsIdentity, upgrade } from "./link-tls.ts";

/** F-555: what a partner may leave unread before it counts as dead; clients never wait for it. */
const MAX_UNSENT = 16 * 1024 * 1024;
/** What is queued at a close is sent within this time. */
const CLOSE_MILLIS = 2_000;
/** F-555: a handshake takes two round trips. */
const HANDSHAKE_MILLIS = 10_000;
/** F-217, F-219: message types of the exchange before TLS. */
const STARTTLS = 23;
const REPLY = 7;
/** With TLS 1.3 the side that refuses a certificate can only hang up. */
const NOT_ACCEPTED =
  "connection closed at the partner's end right after the handshake: it may not accept this server's certificate";

export interface LinkSocketOptions {
  readonly id: LinkId;
  /** `processed` is called when the core has stepped the event. */
  readonly emit: (event: LinkEvent, processed?: () => void) => void;
  readonly identity: TlsIdentity | undefined;
  /** F-226: fingerprints of the certificates that this peer may present, hex. */
  readonly acceptable: readonly string[];
  readonly wallNow: () => number;
  /** When what is read now arrived; undefined: unknown. */
  readonly arrival: () => Millis | undefined;
  /** The connection is over and its id free. */
  readonly ended: () => void;
}

export class LinkSocket {
  readonly #options: LinkSocketOptions;
  readonly #plain: net.Socket;
  /** The plain socket, and after an upgrade the TLS socket over it. */
  #socket: net.Socket | tls.TLSSocket;
  #phase: "plain" | "handshake" | "secured" = "plain";
  readonly #first = new FirstFrame();
  /** Octets after the first frame, until the core has said whether they are TLS. */
  #held: Uint8Array[] = [];
  #holding = false;
  #unsent: Uint8Array[] = [];
  #heardSinceSecured = false;
  /** The socket did not take all that was written. */
  #blocked = false;
  #closing = false;
  #ended = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(socket: net.Socket, options: LinkSocketOptions) {
    this.#plain = socket;
    this.#socket = socket;
    this.#options = options;
    socket.setNoDelay(true);
    this.#listen(socket);
  }

  send(bytes: Uint8Array): void {
    if (!this.#closing && !this.#ended) this.#unsent.push(bytes);
  }

  /** The batch is over. */
  flush(): void {
    const sent = this.#unsent.length > 0;
    this.#write();
    // STARTTLS was answered and no upgrade followed: it was refused, so what comes is still plain.
    if (sent && this.#holding && this.#first.type === STARTTLS) this.#release();
  }

  /** One write for all that was sent (one TLS record instead of many). */
  #write(): void {
    if (this.#unsent.length === 0 || this.#ended) return;
    const bytes = this.#unsent.length === 1 ? this.#unsent[0] : Buffer.concat(this.#unsent);
    this.#unsent = [];
    const socket = this.#socket;
    const taken = socket.write(bytes as Uint8Array, () => {
      if (!this.#blocked || socket.writableLength > 0) return;
      this.#blocked = false;
      if (!this.#closing) this.#emit({ type: "link-drained", link: this.#options.id });
    });
    if (!taken) this.#blocked = true;
    // F-555: a partner that does not read is cut off; the marks keep what it has to be told.
    if (socket.writableLength > MAX_UNSENT) {
      this.#end(`the partner does not read: ${socket.writableLength} octets are waiting`);
    }
  }

  startTls(role: "client" | "server"): void {
    const { identity } = this.#options;
    if (this.#ended || this.#closing) return;
    if (identity === undefined) {
      this.#end("this server has no certificate and key");
      return;
    }
    // The answer to STARTTLS is the last plain frame.
    this.#write();
    const plain = this.#plain;
    for (const name of ["data", "end", "close", "error"]) plain.removeAllListeners(name);
    plain.pause();
    // F-217, F-222: what follows the STARTTLS exchange belongs to TLS, even in the same segment.
    for (const bytes of this.#held.reverse()) plain.unshift(bytes);
    this.#held = [];
    this.#holding = false;
    this.#first.skip();
    this.#phase = "handshake";
    this.#limit(HANDSHAKE_MILLIS, "the TLS handshake took too long");
    const secure = upgrade(plain, role, identity);
    this.#socket = secure;
    for (const socket of [plain, secure]) {
      socket.on("error", (error) => this.#end(this.#whyFailed(error)));
      socket.on("close", () => this.#end(this.#whyClosed()));
    }
    secure.on(role === "client" ? "secureConnect" : "secure", () => this.#secured(secure));
  }

  /** F-220, F-225: the handshake is done; whether it was with the partner, its certificate tells. */
  #secured(socket: tls.TLSSocket): void {
    clearTimeout(this.#timer);
    const { id, acceptable, wallNow } = this.#options;
    const verdict = judgeCertificate(socket, acceptable, wallNow());
    if (!verdict.ok) {
      this.#end(verdict.reason);
      return;
    }
    this.#phase = "secured";
    this.#emit({ type: "link-secured", link: id, fingerprint: verdict.fingerprint });
    socket.on("data", (chunk: Buffer) => this.#received(chunk));
    socket.on("end", () => this.#end(this.#whyClosed()));
  }

  close(abort: boolean): void {
    if (this.#ended || this.#closing) return;
    if (abort) {
      this.#end("closed by this server");
      return;
    }
    this.#write();
    if (this.#ended) return;
    this.#closing = true;
    this.#limit(CLOSE_MILLIS, "closed by this server");
    // What still comes in is read and dropped: unread octets would turn the close into a reset,
    // and the partner would lose what was sent last.
    this.#socket.resume();
    this.#socket.end();
  }

  #listen(socket: net.Socket): void {
    socket.on("data", (chunk: Buffer) => this.#received(chunk));
    // F-555: half-closed is closed; nothing is kept waiting for the other half.
    socket.on("end", () => this.#end(this.#whyClosed()));
    socket.on("error", (error) => this.#end(this.#whyFailed(error)));
    socket.on("close", () => this.#end(this.#whyClosed()));
  }

  #received(chunk: Buffer): void {
    if (this.#closing || this.#ended) return;
    const bytes = new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length);
    if (this.#phase === "secured") {
      // F-228: the same frames as in clear text, as TLS application data.
      this.#heardSinceSecured = true;
      this.#deliver(bytes);
      return;
    }
    if (this.#holding) {
      this.#held.push(bytes);
      return;
    }
    const { now, rest, complete } = this.#first.take(bytes);
    if (!complete) {
      this.#deliver(now);
      return;
    }
    // The first frame may be STARTTLS or its answer; what follows waits for the core's decision.
    this.#holding = true;
    this.#socket.pause();
    if (rest.length > 0) this.#held.push(rest);
    const { type } = this.#first;
    // STARTTLS and its answer lead to an upgrade or an end, perhaps after a write to the log.
    if (type === STARTTLS || type === REPLY) this.#deliver(now);
    else this.#deliver(now, () => this.#release());
  }

  /** The core has seen the first frame and does not want TLS: the connection goes on as it is. */
  #release(): void {
    if (!this.#holding || this.#ended) return;
    this.#holding = false;
    for (const bytes of this.#held) this.#deliver(bytes);
    this.#held = [];
    this.#socket.resume();
  }

  #deliver(bytes: Uint8Array, processed?: () => void): void {
    if (bytes.length === 0) return;
    const { arrival, id } = this.#options;
    this.#emit({ type: "link-data", link: id, bytes, receivedAt: arrival() }, processed);
  }

  #emit(event: LinkEvent, processed?: () => void): void {
    if (!this.#ended) this.#options.emit(event, processed);
  }

  #limit(millis: number, reason: string): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#end(reason), millis);
  }

  #whyClosed(): string {
    if (this.#closing) return "closed by this server";
    switch (this.#phase) {
      case "plain":
        return "connection closed at the partner's end";
      case "handshake":
        return "connection closed at the partner's end during the TLS handshake";
      case "secured":
        return this.#heardSinceSecured ? "connection closed at the partner's end" : NOT_ACCEPTED;
      default:
        return unreachable(this.#phase);
    }
  }

  #whyFailed(error: NodeJS.ErrnoException): string {
    if (this.#closing) return "closed by this server";
    if (this.#phase === "secured" && !this.#heardSinceSecured) return NOT_ACCEPTED;
    const during = this.#phase === "handshake" ? " during the TLS handshake" : "";
    return explainNetError(error) + during;
  }

  #end(reason: string): void {
    if (this.#ended) return;
    this.#emit({ type: "link-closed", link: this.#options.id, reason });
    this.#ended = true;
    clearTimeout(this.#timer);
    this.#socket.destroy();
    this.#plain.destroy();
    this.#options.ended();
  }
}

/** What an error of a connection means, in words for the operator. */
export function explainNetError(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case "ECONNREFUSED":
      return "refused: nothing listens there";
    case "ECONNRESET":
    case "EPIPE":
      return "connection reset at the partner's end";
    case "ETIMEDOUT":
      return "no answer";
    case "EHOSTUNREACH":
    case "ENETUNREACH":
      return "no route to the partner";
    default:
      return `failed: ${error.message}`;
  }
}
