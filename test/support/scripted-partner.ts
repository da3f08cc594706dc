// A partner made of a script for tests of one endpoint: it speaks frames to a real server and keeps what comes back.

import type { Endpoint } from "../../src/core/failover/endpoint/endpoint.ts";
import { SERVER_STATE, type ServerState } from "../../src/core/model/endpoint-record.ts";
import type { Lease } from "../../src/core/model/lease.ts";
import { freshLease } from "../../src/core/model/lease-status.ts";
import { type DhcpTime, floorTime } from "../../src/core/model/time.ts";
import type {
  FailoverMessage,
  FailoverType,
  TlsMessage,
} from "../../src/core/wire/failover-messages.ts";
import { decodeFailoverMessage, encodeFrame } from "../../src/core/wire/failover-messages.ts";
import { FrameParser } from "../../src/core/wire/framing.ts";
import { type Option, option } from "../../src/core/wire/options.ts";
import { CONFIG, configFor, EPOCH, Host, ip } from "./pair.ts";

export const FLAG = { ack: 4, startup: 2, communicated: 1 } as const;

export interface Terms {
  readonly major?: number;
  readonly mclt?: number;
  readonly keepalive?: number;
  readonly maxUnacked?: number;
  readonly flags?: number;
  /** undefined: not sent. */
  readonly name?: string | undefined;
}

/** The options of a CONNECT or CONNECTREPLY. */
export function terms(values: Terms = {}): Option[] {
  const { major = 1, mclt = 60, keepalive = 10, maxUnacked = 100, flags = 1 } = values;
  const name = "name" in values ? values.name : "campus";
  return [
    option("F_PROTOCOL_VERSION", { major, minor: 0 }),
    option("F_MCLT", { value: mclt }),
    option("F_KEEPALIVE_TIME", { value: keepalive }),
    option("F_MAX_UNACKED_BNDUPD", { value: maxUnacked }),
    option("F_CONNECT_FLAGS", { value: flags }),
    ...(name === undefined ? [] : [option("F_RELATIONSHIP_NAME", { name })]),
  ];
}

/** The server under test with the other end of its partner link. Its role: "a" is the primary, "b" the secondary. */
export class ScriptedPartner {
  readonly host: Host;
  now = EPOCH;
  /** What the server sent and nobody has taken, in order. */
  received: FailoverMessage[] = [];
  /** Messages with the plain header (STARTTLS and REPLY). */
  plain: TlsMessage[] = [];
  /** The connection in use. */
  link = 0;
  /** The server has closed it. */
  closed = false;
  startedTls: string | undefined;
  connects = 0;
  #parser = new FrameParser();
  #nextIncoming = 1;
  #nextId = 1;
  /** Answer every BNDUPD as accepted, at once. */
  acceptsUpdates = false;

  constructor(server: "a" | "b", text = CONFIG) {
    this.host = new Host(server, configFor(server, text));
  }

  start(): this {
    this.host.start(this.now);
    this.#collect();
    return this;
  }

  get endpoint(): Endpoint {
    const [endpoint] = this.host.up.failover.endpoints;
    if (endpoint === undefined) throw new Error("no relationship");
    return endpoint;
  }

  get state(): ServerState {
    return this.endpoint.state;
  }

  get isPrimary(): boolean {
    return this.host.name === "a";
  }

  time(offset = 0): DhcpTime {
    return floorTime(this.now + offset * 1000);
  }

  /** The log lines with this id, as text. */
  logged(id: string): string[] {
    return this.host.logs
      .filter((event) => event.id === id)
      .map((event) => JSON.stringify(event.fields));
  }

  /** What is sent is of unknown age to the server: its process stood still. */
  isLate = false;

  // ---- time ----

  /** Time passes in ticks; `alive`: this partner sends CONTACT each second. */
  run(millis: number, alive = this.endpointIsUp): void {
    const end = this.now + millis;
    while (this.now < end) {
      this.now = Math.min(end, this.now + 250);
      if (alive && !this.closed && this.now % 1000 === 0) this.send("CONTACT");
      this.tick();
    }
  }

  get endpointIsUp(): boolean {
    return this.host.server !== undefined && this.endpoint.communicating;
  }

  tick(): void {
    this.host.step([{ type: "tick" }], this.now);
    this.#collect();
  }

  // ---- the link ----

  /** A TCP connection: from us to a secondary, or the primary's own attempt is taken. */
  open(peer = this.#address): this {
    this.received = [];
    this.plain = [];
    this.closed = false;
    this.#parser = new FrameParser();
    if (this.isPrimary) {
      for (let i = 0; i < 200 && this.link >= 0; i++) this.run(250, false);
      if (this.link >= 0) throw new Error("the primary never dialled");
    } else {
      this.link = this.#nextIncoming++;
    }
    this.#step({ type: "link-opened", link: this.link, peer: ip(peer) });
    return this;
  }

  get #address(): string {
    return this.isPrimary ? "2001:db8:f::2" : "2001:db8:f::1";
  }

  /** The connection is gone. */
  drop(reason = "reset"): void {
    const { link } = this;
    this.link = 0;
    this.closed = true;
    this.#step({ type: "link-closed", link, reason });
  }

  bytes(bytes: Uint8Array): void {
    this.#step({
      type: "link-data",
      link: this.link,
      bytes,
      receivedAt: this.isLate ? undefined : this.now,
    });
  }

  secured(fingerprint: string): void {
    this.#step({ type: "link-secured", link: this.link, fingerprint });
  }

  sendPlain(
    type: "STARTTLS" | "REPLY",
    transactionId: number,
    options: readonly Option[] = [],
  ): void {
    this.bytes(encodeFrame({ type, transactionId, options }));
  }

  /** Sends a message; returns its transaction-id. */
  send(
    type: FailoverType,
    options: readonly Option[] = [],
    how: { id?: number; skew?: number } = {},
  ): number {
    const transactionId = how.id ?? this.#nextId++;
    const sentTime = this.time(how.skew ?? 0);
    this.bytes(encodeFrame({ type, transactionId, sentTime, options }));
    return transactionId;
  }

  #step(event: Parameters<Host["step"]>[0][number]): void {
    this.host.step([event], this.now);
    this.#collect();
  }

  #collect(): void {
    const requests = this.host.links;
    this.host.links = [];
    for (const request of requests) {
      if (request.type === "link-connect") {
        this.connects++;
        this.link = request.link;
      } else if (request.link !== this.link) {
        // Of an earlier connection.
      } else if (request.type === "link-send") {
        for (const bytes of this.#parser.push(request.bytes).messages) this.#message(bytes.slice());
      } else if (request.type === "link-start-tls") {
        this.startedTls = request.role;
      } else {
        this.closed = true;
        this.drop("closed here");
      }
    }
  }

  #message(bytes: Uint8Array): void {
    const message = decodeFailoverMessage(bytes);
    if (message.type === "unknown") throw new Error("an unknown message");
    if (!("sentTime" in message)) this.plain.push(message);
    else {
      this.received.push(message);
      if (this.acceptsUpdates && message.type === "BNDUPD")
        this.send("BNDREPLY", accepted(message.options), { id: message.transactionId });
    }
  }

  /** Takes the first message of a type out of what was received. */
  take(type: FailoverType): FailoverMessage | undefined {
    const at = this.received.findIndex((message) => message.type === type);
    return at < 0 ? undefined : this.received.splice(at, 1)[0];
  }

  expectOne(type: FailoverType): FailoverMessage {
    const message = this.take(type);
    if (message === undefined)
      throw new Error(`no ${type}; there are ${this.received.map((each) => each.type).join(", ")}`);
    return message;
  }

  takeAll(type: FailoverType): FailoverMessage[] {
    const all = this.received.filter((message) => message.type === type);
    this.received = this.received.filter((message) => message.type !== type);
    return all;
  }

  get types(): string {
    return this.received.map((message) => message.type).join(" ");
  }

  // ---- what a partner says ----

  /** CONNECT or CONNECTREPLY as a partner that the server accepts. */
  connect(values: Terms = {}): this {
    if (this.isPrimary) {
      const connect = this.expectOne("CONNECT");
      this.send("CONNECTREPLY", terms(values), { id: connect.transactionId });
    } else {
      this.send("CONNECT", terms(values));
    }
    return this;
  }

  tell(state: ServerState, how: { flags?: number; since?: DhcpTime } = {}): this {
    const since = how.since ?? this.time();
    const options: Option[] = [
      option("F_SERVER_STATE", { value: SERVER_STATE[state] }),
      option("F_SERVER_FLAGS", { value: how.flags ?? FLAG.communicated }),
      option("F_START_TIME_OF_STATE", { value: since }),
    ];
    if (state === "PARTNER-DOWN") options.push(option("F_PARTNER_DOWN_TIME", { value: since }));
    this.send("STATE", options);
    return this;
  }

  /** Brings a server that has a record to a state, as if it had been in it before, with the partner in `partner`. */
  reach(state: Exclude<ServerState, "STARTUP">, partner: ServerState, changes: object = {}): this {
    this.put(state, changes);
    this.open().connect();
    this.tell(partner);
    this.received = [];
    return this;
  }

  /** The state as if it had been reached; no contact. */
  put(state: Exclude<ServerState, "STARTUP">, changes: object = {}): this {
    const { endpoint } = this;
    endpoint.stay = { ...endpoint.stay, starting: false };
    endpoint.update({ state, startTimeOfState: this.time(), communicated: true, ...changes });
    this.tick();
    return this;
  }

  /** Puts a lease into the server's table; returns it as stored. */
  lease(values: Partial<Lease> & { address: Lease["address"] }): Lease {
    const kind = values.kind ?? "address";
    const key = {
      kind,
      address: values.address,
      length: values.length ?? (kind === "address" ? 128 : 56),
    };
    const { state, config } = this.host.up;
    state.save({ ...freshLease(key, config.links[0]?.name ?? ""), ...values });
    this.tick();
    return this.stored(key) as Lease;
  }

  stored(key: {
    address: Lease["address"];
    kind?: Lease["kind"];
    length?: number;
  }): Lease | undefined {
    const kind = key.kind ?? "address";
    return this.host.up.state.table.get({
      kind,
      address: key.address,
      length: key.length ?? (kind === "address" ? 128 : 56),
    });
  }
}

/** The accepting answer to a BNDUPD, made as RFC 8156 §7.6 says. */
export function accepted(options: readonly Option[]): Option[] {
  return options.flatMap((each): Option[] => {
    if (each.type === "CLIENT_DATA")
      return [option("CLIENT_DATA", { options: accepted(each.options) })];
    if (each.type === "IA_NA")
      return [option("IA_NA", { ...each, options: accepted(each.options) })];
    if (each.type === "IA_PD")
      return [option("IA_PD", { ...each, options: accepted(each.options) })];
    if (each.type === "IAADDR")
      return [option("IAADDR", { ...each, options: accepted(each.options) })];
    if (each.type === "IAPREFIX")
      return [option("IAPREFIX", { ...each, options: accepted(each.options) })];
    if (each.type === "F_PARTNER_LIFETIME")
      return [option("F_PARTNER_LIFETIME_SENT", { value: each.value })];
    return each.type === "CLIENTID" ||
      each.type === "F_BINDING_STATUS" ||
      each.type === "F_STATE_EXPIRATION_TIME"
      ? [each]
      : [];
  });
}
