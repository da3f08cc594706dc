// What a client gives back is free: a RELEASE that a serving server took in leaves no lease to its end (RFC 8415 §18.3.7).
// A server may pass over one that may be late (T-01); how often it does so counts over a whole run, not in one world.

import { readMessage, type SeenMessage } from "./decode.ts";
import { type Checker, leaseName, type Observation, type ServerName } from "./observation.ts";

/** What is given back is free after this, milliseconds. */
const PATIENCE = 15_000;
/** A server answers nothing that lay longer in its socket (T-06), milliseconds. */
const FRESH = 2_000;
const SERVING = new Set(["NORMAL", "COMMUNICATIONS-INTERRUPTED", "PARTNER-DOWN"]);
const RELEASE = 8;

interface Given {
  readonly client: string;
  readonly server: ServerName;
  readonly duid: string;
  readonly name: string;
  readonly due: number;
}

type Of<T extends Observation["type"]> = Extract<Observation, { type: T }>;

export interface ReleasedOptions {
  /** DUID in hex of each server. */
  readonly servers: Readonly<Record<string, ServerName>>;
  /** A lone server serves as long as it runs. */
  readonly pair: boolean;
  /** Each lease given back: whether it was free in time, and the world time. */
  readonly judged: (wasFree: boolean, at: number, what: string) => void;
}

class Released {
  readonly #options: ReleasedOptions;
  readonly #states: Record<ServerName, string> = { a: "", b: "" };
  /** Who holds what by each server's own records. */
  readonly #holders: Record<ServerName, Map<string, string>> = { a: new Map(), b: new Map() };
  /** Of the RELEASEs that were sent: whose each is; "" once it has come to its server. */
  readonly #open = new Map<string, string>();
  #given: Given[] = [];

  constructor(options: ReleasedOptions) {
    this.#options = options;
  }

  observe(observation: Observation): void {
    this.#judge(observation.at);
    switch (observation.type) {
      case "client-sent":
        return this.#sent(observation);
      case "server-received":
        return this.#received(observation);
      case "endpoint":
        this.#states[observation.server] = observation.to;
        return;
      case "crashed":
        this.#states[observation.server] = "";
        this.#given = this.#given.filter(({ server }) => server !== observation.server);
        return;
      case "started":
        this.#states[observation.server] = this.#options.pair ? "" : "NORMAL";
        this.#holders[observation.server] = new Map();
        return this.#wrote(observation);
      case "written":
        return this.#wrote(observation);
      default:
    }
  }

  #wrote({ leases, server }: Of<"written"> | Of<"started">): void {
    for (const lease of leases) {
      if (lease.status === "ACTIVE") this.#holders[server].set(leaseName(lease), lease.duid ?? "");
      else this.#holders[server].delete(leaseName(lease));
    }
  }

  #sent({ bytes, client }: Of<"client-sent">): void {
    const message = readMessage(bytes);
    if (message === undefined) return;
    if (message.type === RELEASE) {
      const name = nameOf(message);
      if (!this.#open.has(name)) this.#open.set(name, client);
      return;
    }
    // It asks for leases again, so what it gave back may be its own again.
    this.#given = this.#given.filter((one) => one.client !== client);
  }

  #received({ at, bytes, server, waited }: Of<"server-received">): void {
    const message = readMessage(bytes);
    if (message?.type !== RELEASE || this.#options.servers[message.serverId] !== server) return;
    const client = this.#open.get(nameOf(message)) ?? "";
    if (client === "" || waited > FRESH || !SERVING.has(this.#states[server])) return;
    this.#open.set(nameOf(message), "");
    for (const lease of message.ias.flatMap((ia) => ia.leases)) {
      const { duid } = message;
      const name = leaseName(lease);
      if (this.#holders[server].get(name) === duid)
        this.#given.push({ client, server, duid, name, due: at + PATIENCE });
    }
  }

  #judge(at: number): void {
    if (this.#given[0] === undefined || this.#given[0].due > at) return;
    for (const one of this.#given.filter(({ due }) => due <= at)) {
      const wasFree = this.#holders[one.server].get(one.name) !== one.duid;
      this.#options.judged(wasFree, at, `${one.name} of ${one.client} at ${one.server}`);
    }
    this.#given = this.#given.filter(({ due }) => due > at);
  }
}

function nameOf({ duid, transactionId }: SeenMessage): string {
  return `${duid} ${transactionId}`;
}

export function released(options: ReleasedOptions): Checker {
  const judge = new Released(options);
  return { name: "released", observe: (observation) => judge.observe(observation) };
}
