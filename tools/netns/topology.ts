// The stage of the end-to-end tests: a LAN with both servers and clients on it, a second LAN behind a relay,
// and a link of their own between the partners.
//
//   client c0 … ┐                         ┌ c5 …
//       [lan br0] ── relay ── [behind br0]┘       A ── [link br0] ── B
//        │     │
//        A     B            (each brace is a namespace; cuts are made at ports of the bridges)

import { cutPort, cutTowards, type End, healPort, Namespaces } from "./namespaces.ts";

export type ServerName = "a" | "b";

/** Addresses of the stage. All are of the documentation prefix. */
export const STAGE = {
  lan: "2001:db8:1::/64",
  behind: "2001:db8:2::/64",
  lanServer: { a: "2001:db8:1::a", b: "2001:db8:1::b" },
  partner: { a: "2001:db8:ffff::a", b: "2001:db8:ffff::b" },
  /** On the LAN's bridge: what TCP sessions of clients talk to. */
  lanPeer: "2001:db8:1::c",
  relayUp: "2001:db8:1::d",
  relayDown: "2001:db8:2::1",
} as const;

export class Topology {
  readonly #namespaces = new Namespaces();
  readonly lan: string;
  readonly link: string;
  readonly servers: Readonly<Record<ServerName, string>>;
  #relay: string | undefined;
  #clients = 0;

  constructor() {
    try {
      const spaces = this.#namespaces;
      this.lan = spaces.add("lan");
      this.link = spaces.add("link");
      spaces.bridge(this.lan, "br0");
      spaces.bridge(this.link, "br0");
      spaces.address({ namespace: this.lan, name: "br0" }, `${STAGE.lanPeer}/64`);
      this.servers = { a: this.#server("a"), b: this.#server("b") };
    } catch (error) {
      this.remove();
      throw error;
    }
  }

  #server(name: ServerName): string {
    const spaces = this.#namespaces;
    const namespace = spaces.add(name);
    spaces.cable({ namespace, name: "lan0" }, { namespace: this.lan, name: `p${name}` }, "br0");
    spaces.cable({ namespace, name: "pair0" }, { namespace: this.link, name: `p${name}` }, "br0");
    spaces.address({ namespace, name: "lan0" }, `${STAGE.lanServer[name]}/64`);
    spaces.address({ namespace, name: "pair0" }, `${STAGE.partner[name]}/64`);
    return namespace;
  }

  /** A namespace with the interface `eth0` on the LAN. */
  client(): End {
    this.#clients++;
    const namespace = this.#namespaces.add(`c${this.#clients}`);
    const end = { namespace, name: "eth0" };
    this.#namespaces.cable(end, { namespace: this.lan, name: `c${this.#clients}` }, "br0");
    return end;
  }

  /** The namespace of the relay (made at the first call): `up0` on the LAN, the bridge `br0` towards its clients. */
  relay(): string {
    if (this.#relay !== undefined) return this.#relay;
    const spaces = this.#namespaces;
    const namespace = spaces.add("relay");
    spaces.cable({ namespace, name: "up0" }, { namespace: this.lan, name: "relay" }, "br0");
    spaces.bridge(namespace, "br0");
    spaces.address({ namespace, name: "up0" }, `${STAGE.relayUp}/64`);
    spaces.address({ namespace, name: "br0" }, `${STAGE.relayDown}/64`);
    this.#relay = namespace;
    return namespace;
  }

  /** A namespace with the interface `eth0` behind the relay. */
  relayedClient(): End {
    const relay = this.relay();
    this.#clients++;
    const namespace = this.#namespaces.add(`c${this.#clients}`);
    const end = { namespace, name: "eth0" };
    this.#namespaces.cable(end, { namespace: relay, name: `c${this.#clients}` }, "br0");
    return end;
  }

  /** Partner link: silent in both directions, both ends keep their carrier. */
  cutLink(): void {
    cutPort({ namespace: this.link, name: "pb" });
  }

  /** Partner link: frames towards `to` are lost, the others pass. */
  cutLinkTowards(to: ServerName): void {
    cutTowards({ namespace: this.link, name: `p${to}` });
  }

  healLink(): void {
    healPort({ namespace: this.link, name: "pa" });
    healPort({ namespace: this.link, name: "pb" });
  }

  /** A server's port on the LAN. */
  cutLan(server: ServerName): void {
    cutPort({ namespace: this.lan, name: `p${server}` });
  }

  healLan(server: ServerName): void {
    healPort({ namespace: this.lan, name: `p${server}` });
  }

  /** Removes all of it; never throws. */
  remove(): void {
    this.#namespaces.remove();
  }
}
