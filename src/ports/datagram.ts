// The port `datagram socket` (UDP 547): what goes out. What comes in is in core/model/received-datagram.ts.

import type { Ipv6Address } from "../core/model/ipv6.ts";
import type { Millis } from "../core/model/time.ts";

export interface SentDatagram {
  readonly bytes: Uint8Array;
  readonly interface: string;
  readonly destination: Ipv6Address;
  readonly port: number;
  /** After this lease time it must not leave (T-06 (4)); what waits for its socket is looked at again. */
  readonly dropAt: Millis;
}
