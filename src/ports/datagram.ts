// The port `datagram socket` (UDP 547): what comes in and what goes out.

import type { Ipv6Address } from "../core/model/ipv6.ts";
import type { Millis } from "../core/model/time.ts";

export interface ReceivedDatagram {
  /** Valid only during the call. */
  readonly bytes: Uint8Array;
  /** Name of the receiving interface. */
  readonly interface: string;
  readonly source: Ipv6Address;
  readonly sourcePort: number;
  /** True when the destination was ff02::1:2 or ff05::1:3. */
  readonly multicast: boolean;
  /** When it arrived (F-562); the read time where the adapter has no time stamps. */
  readonly receivedAt: Millis;
}

export interface SentDatagram {
  readonly bytes: Uint8Array;
  readonly interface: string;
  readonly destination: Ipv6Address;
  readonly port: number;
  /** After this lease time it must not leave (T-06 (4)); what waits for its socket is looked at again. */
  readonly dropAt: Millis;
}
