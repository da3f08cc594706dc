// What the checkers see of a world: plain values and the octets on the wire, nothing of Tandem's own code.
// Times `at` are world time in milliseconds; `serverTime` is the server's own clock, milliseconds since 1970.

import type { PartnerMessage } from "./decode-partner.ts";

/** A server's name: "a" (primary) or "b" (secondary). */
export type ServerName = "a" | "b";

export interface LeaseImage {
  readonly kind: "address" | "prefix";
  /** 32 hex digits. */
  readonly address: string;
  readonly length: number;
  readonly duid: string | undefined;
  readonly iaid: number;
  readonly status: string;
  /** Seconds since 2000 as on the wire; 0 = none. */
  readonly clientExpiry: number;
  readonly clientLastTransactionTime: number;
  readonly partnerRawCltTime: number;
  /** The partner-lifetime that this server acknowledged last. */
  readonly expirationTime: number;
  /** A free prefix: the server's own number of the change by which it came back to the primary; 0 = it did not. */
  readonly primarySince: number;
  readonly marked: boolean;
}

/** A block of delegable prefixes that is the secondary's. */
export interface BlockImage {
  /** 32 hex digits. */
  readonly address: string;
  readonly length: number;
  /** The server's own number of the change by which it was given. */
  readonly givenAt: number;
}

export interface PairStatus {
  readonly state: string;
  /** Leases and blocks of which the partner must still be told. */
  readonly unacknowledged: number;
}

export type Observation =
  /** A client took a REPLY (without relay layers). It ages a lease at `rate` times world time. */
  | {
      readonly type: "reply-accepted";
      readonly at: number;
      readonly client: string;
      readonly rate: number;
      readonly answered: string;
      readonly bytes: Uint8Array;
    }
  | {
      readonly type: "client-sent";
      readonly at: number;
      readonly client: string;
      readonly message: string;
      readonly bytes: Uint8Array;
    }
  /** The client now is on another link. */
  | { readonly type: "client-moved"; readonly at: number; readonly client: string }
  /** A datagram came to a server's socket, where it may wait. */
  | {
      readonly type: "arrived";
      readonly at: number;
      readonly server: ServerName;
      readonly bytes: Uint8Array;
    }
  /** A datagram left a server, or was handed to it. */
  | {
      readonly type: "server-sent";
      readonly at: number;
      readonly server: ServerName;
      readonly serverTime: number;
      readonly bytes: Uint8Array;
    }
  | {
      readonly type: "server-received";
      readonly at: number;
      readonly server: ServerName;
      readonly serverTime: number;
      /** Milliseconds that it lay in the server's socket. */
      readonly waited: number;
      readonly bytes: Uint8Array;
    }
  /** Messages between the servers that are whole with the octets just sent or handed over; `link` numbers one
   * server's connections. */
  | {
      readonly type: "link-sent";
      readonly at: number;
      readonly server: ServerName;
      readonly serverTime: number;
      readonly link: number;
      readonly messages: readonly PartnerMessage[];
    }
  | {
      readonly type: "link-received";
      readonly at: number;
      readonly server: ServerName;
      readonly serverTime: number;
      readonly link: number;
      readonly messages: readonly PartnerMessage[];
    }
  | {
      readonly type: "crashed";
      readonly at: number;
      readonly server: ServerName;
      readonly serverTime: number;
    }
  /** A server works again; `leases` is what it found on its disk. */
  | {
      readonly type: "started";
      readonly at: number;
      readonly server: ServerName;
      readonly serverTime: number;
      readonly diskKept: boolean;
      /** The disk is an older copy of its own. */
      readonly isOlder: boolean;
      readonly leases: readonly LeaseImage[];
    }
  /** What a start from the disk as it is at this moment would find. */
  | {
      readonly type: "durable";
      readonly at: number;
      readonly server: ServerName;
      readonly serverTime: number;
      readonly leases: readonly LeaseImage[];
    }
  /** Leases as they were written, in order. */
  | {
      readonly type: "written";
      readonly at: number;
      readonly server: ServerName;
      readonly serverTime: number;
      readonly leases: readonly LeaseImage[];
    }
  | {
      readonly type: "endpoint";
      readonly at: number;
      readonly server: ServerName;
      readonly from: string;
      readonly to: string;
      readonly reason: string;
    }
  | {
      readonly type: "command";
      readonly at: number;
      readonly server: ServerName;
      readonly name: string;
    }
  | { readonly type: "healed"; readonly at: number }
  /** Clients that ask for leases, those of them that hold one, and how many addresses one server may give. */
  | {
      readonly type: "served";
      readonly at: number;
      readonly wanting: number;
      readonly holding: number;
      readonly capacity: number;
    }
  /** A look at both servers after the healing. `last`: the time for it is over. */
  | {
      readonly type: "looked";
      readonly at: number;
      readonly last: boolean;
      readonly status: Readonly<Record<ServerName, PairStatus>>;
      readonly tables: Readonly<Record<ServerName, readonly LeaseImage[]>>;
      readonly blocks: Readonly<Record<ServerName, readonly BlockImage[]>>;
    };

export interface Violation {
  readonly checker: string;
  readonly at: number;
  readonly message: string;
}

export type Report = (at: number, message: string) => void;

export interface Checker {
  readonly name: string;
  observe(observation: Observation): void;
}

/** Seconds since 2000-01-01 of a clock in milliseconds since 1970. */
export function secondsSince2000(serverTime: number): number {
  return Math.floor(serverTime / 1000) - 946_684_800;
}

export function leaseName(lease: { readonly address: string; readonly length: number }): string {
  const groups = lease.address.replaceAll(/(....)(?!$)/g, "$1:").replaceAll(/(^|:)0{1,3}/g, "$1");
  const text = groups.replace(/(^|:)0(:0)+(:|$)/, "::");
  return lease.length === 128 ? text : `${text}/${lease.length}`;
}
