// Adapter of the port `partner link` over TCP and TLS (F-070, F-072, F-148 to F-156, F-551, F-555).
// Which peers are welcome, and when to connect, is the core's decision.

import net from "node:net";
import { networkInterfaces } from "node:os";
import { formatIpv6, type Ipv6Address, parseIpv6, UNSPECIFIED } from "../core/model/ipv6.ts";
import { LIMITS } from "../core/model/limits.ts";
import type { Millis } from "../core/model/time.ts";
import { unreachable } from "../core/model/unreachable.ts";
import type { Clock } from "../ports/clock.ts";
import type { LinkEvent, LinkId, LinkRequest } from "../ports/partner-link.ts";
import type { LinkAdapter, ProcessCounters } from "./adapter.ts";
import { type ClockSource, MACHINE } from "./clock.ts";
import { explainNetError, LinkSocket } from "./link-socket.ts";
import type { TlsIdentity } from "./link-tls.ts";
import type { LogSink } from "./log-events.ts";
import { type StallWatch, watchStalls } from "./stall.ts";

const CONNECT_MILLIS = 10_000;
const LISTEN_RETRY_MILLIS = 5_000;
/** How long after a gap of the loop what is read may have waited in a socket. */
const SUSPECT_MILLIS = 1_000;
/** How long closing waits for the links to send what is queued. */
const CLOSE_MILLIS = 2_500;

export interface LinkOptions {
  /** Where to listen; undefined: nowhere (a server that is primary everywhere only connects). */
  readonly listen: { readonly address: Ipv6Address; readonly port: number } | undefined;
  /** The source address of outgoing connections, if this machine has it: the partner knows us by it. */
  readonly source: Ipv6Address | undefined;
  readonly identity: TlsIdentity | undefined;
  /** F-226: fingerprints (SHA-256, hex) of the certificates that a peer may present. */
  readonly acceptable: (peer: Ipv6Address) => readonly string[];
  /** For how many relationships connections may come in. */
  readonly partners: number;
  readonly emit: (event: LinkEvent, processed?: () => void) => void;
  readonly log: LogSink;
  /** Lease time. */
  readonly clock: Clock;
  /** The machine's clocks, to notice that the process stood still. */
  readonly machine?: ClockSource;
  /** The wall clock, for the validity of certificates. */
  readonly wallNow?: () => number;
}

export interface Links extends LinkAdapter {
  /** The port that is listened on; undefined while it is not. */
  listening(): number | undefined;
}

export function openLinks(options: LinkOptions): Links {
  return new TcpLinks(options);
}

class TcpLinks implements Links {
  readonly #options: LinkOptions;
  readonly #links = new Map<LinkId, LinkSocket>();
  /** Outgoing connections that are not established yet. */
  readonly #connecting = new Map<LinkId, net.Socket>();
  readonly #touched = new Set<LinkSocket>();
  readonly #idle: (() => void)[] = [];
  readonly #machine: ClockSource;
  readonly #stalls: StallWatch;
  /** Until then what is read is of unknown age; monotonic. */
  #suspectUntil = 0;
  #server: net.Server | undefined;
  #retry: NodeJS.Timeout | undefined;
  #nextIncoming = 1;
  #incoming = 0;
  #refused = 0;
  #closed = false;
  #lastSaid = "";

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#machine = options.machine ?? MACHINE;
    this.#stalls = watchStalls(() => {
      this.#suspectUntil = this.#machine.monotonic() + SUSPECT_MILLIS;
    }, this.#machine);
    this.#listen();
  }

  listening(): number | undefined {
    const address = this.#server?.address();
    return typeof address === "object" ? address?.port : undefined;
  }

  request(request: LinkRequest): void {
    switch (request.type) {
      case "link-connect":
        this.#connect(request.link, request.address, request.port);
        return;
      case "link-send": {
        const link = this.#links.get(request.link);
        link?.send(request.bytes);
        if (link !== undefined) this.#touched.add(link);
        return;
      }
      case "link-start-tls":
        this.#links.get(request.link)?.startTls(request.role);
        return;
      case "link-close":
        this.#close(request.link, request.abort);
        return;
      default:
        unreachable(request);
    }
  }

  flush(): void {
    for (const link of this.#touched) link.flush();
    this.#touched.clear();
  }

  counters(): ProcessCounters {
    return { link_refused_total: this.#refused, link_open: this.#links.size };
  }

  notListening(): string | undefined {
    const { listen } = this.#options;
    return listen === undefined || this.listening() !== undefined ? undefined : this.#lastSaid;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#stalls.stop();
    clearTimeout(this.#retry);
    this.#server?.close();
    for (const id of this.#connecting.keys()) this.#close(id, true);
    for (const id of this.#links.keys()) this.#close(id, false);
    if (this.#links.size === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, CLOSE_MILLIS);
      this.#idle.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  /** F-153; R7031-52: only where the configuration says, and not on IPv4. */
  #listen(): void {
    const { listen, log } = this.#options;
    if (listen === undefined || this.#closed) return;
    const at = { address: formatIpv6(listen.address), port: listen.port };
    const server = net.createServer({ noDelay: true });
    server.on("connection", (socket) => this.#accept(socket));
    server.on("listening", () => {
      log({ id: "LINK_LISTENING", fields: { ...at, port: this.listening() ?? at.port } });
    });
    server.on("error", (error) => {
      server.close();
      if (error.message !== this.#lastSaid) {
        log({ id: "LINK_NOT_LISTENING", fields: { ...at, reason: error.message } });
      }
      this.#lastSaid = error.message;
      this.#retry = setTimeout(() => this.#listen(), LISTEN_RETRY_MILLIS);
    });
    server.listen({ host: at.address, port: at.port, ipv6Only: true, backlog: 16 });
    this.#server = server;
  }

  #accept(socket: net.Socket): void {
    const peer = addressOf(socket.remoteAddress);
    // F-551: more than the core could choose from is refused before anything is read.
    const full = this.#incoming >= LIMITS.incomingLinks * this.#options.partners;
    if (peer === undefined || full || this.#closed) {
      if (this.#refused++ % 100 === 0 && full) {
        const fields = { peer: socket.remoteAddress ?? "", open: this.#incoming };
        this.#options.log({ id: "LINK_TOO_MANY", fields });
      }
      socket.destroy();
      return;
    }
    this.#incoming++;
    const id = this.#nextIncoming++;
    this.#adopt(id, socket, peer);
  }

  /** F-149: the core asks again after its own pauses; one request is one attempt. */
  #connect(id: LinkId, address: Ipv6Address, port: number): void {
    if (this.#closed) return;
    const { source } = this.#options;
    const local = source !== undefined && isOwnAddress(source) ? formatIpv6(source) : undefined;
    const socket = net.connect({
      host: formatIpv6(address),
      port,
      family: 6,
      ...(local === undefined ? {} : { localAddress: local }),
    });
    this.#connecting.set(id, socket);
    const timer = setTimeout(() => fail("no answer"), CONNECT_MILLIS);
    const fail = (reason: string): void => {
      clearTimeout(timer);
      if (!this.#connecting.delete(id)) return;
      socket.destroy();
      this.#options.emit({ type: "link-closed", link: id, reason });
    };
    socket.on("error", (error) => fail(explainNetError(error)));
    socket.on("close", () => fail("closed"));
    socket.on("connect", () => {
      clearTimeout(timer);
      if (!this.#connecting.delete(id)) return;
      socket.removeAllListeners();
      this.#adopt(id, socket, address);
    });
  }

  #adopt(id: LinkId, socket: net.Socket, peer: Ipv6Address): void {
    const link = new LinkSocket(socket, {
      id,
      emit: this.#options.emit,
      identity: this.#options.identity,
      acceptable: this.#options.acceptable(peer),
      wallNow: this.#options.wallNow ?? (() => Date.now()),
      arrival: () => this.#arrival(),
      ended: () => {
        this.#links.delete(id);
        this.#touched.delete(link);
        if (id > 0) this.#incoming--;
        if (this.#links.size === 0) for (const resolve of this.#idle.splice(0)) resolve();
      },
    });
    this.#links.set(id, link);
    this.#options.emit({ type: "link-opened", link: id, peer });
  }

  /** F-077, T-06 (3) */
  #arrival(): Millis | undefined {
    this.#stalls.touch();
    return this.#machine.monotonic() < this.#suspectUntil ? undefined : this.#options.clock.now();
  }

  #close(id: LinkId, abort: boolean): void {
    const connecting = this.#connecting.get(id);
    if (connecting !== undefined) {
      this.#connecting.delete(id);
      connecting.destroy();
      this.#options.emit({ type: "link-closed", link: id, reason: "closed by this server" });
      return;
    }
    this.#links.get(id)?.close(abort);
  }
}

function addressOf(text: string | undefined): Ipv6Address | undefined {
  return text === undefined ? undefined : parseIpv6(text.split("%")[0] as string);
}

/** Behind a translator the configured address is not on the machine; then the kernel chooses. */
function isOwnAddress(address: Ipv6Address): boolean {
  if (address === UNSPECIFIED) return false;
  return Object.values(networkInterfaces()).some((entries) =>
    entries?.some((entry) => entry.family === "IPv6" && parseIpv6(entry.address) === address),
  );
}
