// The partner link between two servers in this process: what one asks of it the other is told at once.

import type { Ipv6Address } from "../../src/core/model/ipv6.ts";
import type { LinkRequest } from "../../src/ports/partner-link.ts";
import type { Host } from "./host.ts";

export class Wire {
  readonly #a: Host;
  readonly #b: Host;
  #dialled = 0;
  #accepted = 0;

  constructor(a: Host, b: Host) {
    this.#a = a;
    this.#b = b;
  }

  /** Until nothing moves. */
  carry(now: number): void {
    for (let moved = true; moved; ) {
      moved = this.#carry(this.#a, this.#b, now) || this.#carry(this.#b, this.#a, now);
    }
  }

  #carry(from: Host, to: Host, now: number): boolean {
    const requests = from.links;
    from.links = [];
    for (const request of requests) this.#request(from, to, request, now);
    return requests.length > 0;
  }

  #request(from: Host, to: Host, request: LinkRequest, now: number): void {
    if (request.type === "link-connect") {
      this.#dialled = request.link;
      this.#accepted++;
      const peer = (host: Host) => host.address as Ipv6Address;
      to.step([{ type: "link-opened", link: this.#accepted, peer: peer(from) }], now);
      from.step([{ type: "link-opened", link: request.link, peer: peer(to) }], now);
    } else if (request.type === "link-send") {
      const link = to === this.#a ? this.#dialled : this.#accepted;
      to.step([{ type: "link-data", link, bytes: request.bytes, receivedAt: now }], now);
    } else {
      throw new Error(`nothing should ask for ${request.type} here`);
    }
  }
}
