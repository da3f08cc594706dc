// The port `partner link`: TCP connections to and from the partner, upgraded to TLS on request.
// Links that the core opens have negative ids, links that come in have positive ids.

import type { Ipv6Address } from "../core/model/ipv6.ts";
import type { Millis } from "../core/model/time.ts";

export type LinkId = number;

export type LinkRequest =
  | {
      readonly type: "link-connect";
      readonly link: LinkId;
      readonly address: Ipv6Address;
      readonly port: number;
    }
  | { readonly type: "link-send"; readonly link: LinkId; readonly bytes: Uint8Array }
  /** Upgrade in place; answered by `link-secured` or `link-closed`. Data after this is inside TLS. */
  | { readonly type: "link-start-tls"; readonly link: LinkId; readonly role: "client" | "server" }
  /** Send what is queued (at most 2 s), then close. `abort`: close at once. */
  | { readonly type: "link-close"; readonly link: LinkId; readonly abort: boolean };

export type LinkEvent =
  | { readonly type: "link-opened"; readonly link: LinkId; readonly peer: Ipv6Address }
  /** The octets are valid only during the call. `receivedAt` is lease time (F-077); undefined: the process stood still
   * before, and nobody can tell how long they waited (T-06 (3)). */
  | {
      readonly type: "link-data";
      readonly link: LinkId;
      readonly bytes: Uint8Array;
      readonly receivedAt: Millis | undefined;
    }
  /** The handshake is done and the certificate chain is sound; SHA-256 of the partner's certificate, hex. */
  | { readonly type: "link-secured"; readonly link: LinkId; readonly fingerprint: string }
  /** Closed, refused or failed; after it the id is never used again. */
  | { readonly type: "link-closed"; readonly link: LinkId; readonly reason: string }
  /** What was queued for the socket and not yet taken by it, octets; reported when it falls to zero again. */
  | { readonly type: "link-drained"; readonly link: LinkId };
