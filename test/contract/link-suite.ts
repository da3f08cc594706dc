// Two ends of the partner link on ::1, and what they saw.

import type { Ipv6Address } from "../../src/core/model/ipv6.ts";
import { parseIpv6 } from "../../src/core/model/ipv6.ts";
import type { LinkEvent, LinkId } from "../../src/ports/partner-link.ts";
import type { ClockSource } from "../../src/shell/clock.ts";
import { type Links, openLinks } from "../../src/shell/link.ts";
import type { TlsIdentity } from "../../src/shell/link-tls.ts";
import { until } from "./wait.ts";

export const LOOPBACK = parseIpv6("::1") as Ipv6Address;

export interface EndOptions {
  readonly identity?: TlsIdentity;
  readonly acceptable?: readonly string[];
  readonly wallNow?: () => number;
  readonly machine?: ClockSource;
  /** What the core does on an event, within its batch. */
  readonly react?: (event: LinkEvent, links: Links) => void;
}

/** One side: an adapter with a core that only notes, or reacts as told. */
export class LinkEnd {
  readonly links: Links;
  readonly events: LinkEvent[] = [];
  readonly logged: string[] = [];

  constructor(listens: boolean, options: EndOptions = {}) {
    this.links = openLinks({
      listen: listens ? { address: LOOPBACK, port: 0 } : undefined,
      source: LOOPBACK,
      identity: options.identity,
      acceptable: () => options.acceptable ?? [],
      partners: 1,
      clock: { now: () => 0 },
      ...(options.machine === undefined ? {} : { machine: options.machine }),
      log: (event) => this.logged.push(event.id),
      ...(options.wallNow === undefined ? {} : { wallNow: options.wallNow }),
      // As the loop does it: the event waits for the next batch, then the batch is over.
      emit: (event, processed) => {
        const kept = event.type === "link-data" ? { ...event, bytes: event.bytes.slice() } : event;
        setImmediate(() => {
          this.events.push(kept);
          options.react?.(kept, this.links);
          this.links.flush();
          processed?.();
        });
      },
    });
  }

  async port(): Promise<number> {
    return await until(() => this.links.listening());
  }

  async event<T extends LinkEvent["type"]>(type: T): Promise<Extract<LinkEvent, { type: T }>> {
    const found = await until(() => this.events.find((event) => event.type === type));
    return found as Extract<LinkEvent, { type: T }>;
  }

  count(type: LinkEvent["type"]): number {
    return this.events.filter((event) => event.type === type).length;
  }

  /** All octets that came in, as text. */
  text(): string {
    let text = "";
    for (const event of this.events) {
      if (event.type === "link-data") text += new TextDecoder().decode(event.bytes);
    }
    return text;
  }

  send(link: LinkId, bytes: Uint8Array): void {
    this.links.request({ type: "link-send", link, bytes });
  }
}

/** A frame: two octets of length, then the message, whose first octet is its type. */
export function frame(type: number, text = ""): Uint8Array {
  const body = new TextEncoder().encode(text);
  const bytes = new Uint8Array(3 + body.length);
  bytes.set([(body.length + 1) >> 8, (body.length + 1) & 0xff, type]);
  bytes.set(body, 3);
  return bytes;
}
