// A datagram as it came in on UDP 547: the one form in which shell, core and simulator hand it on.

import type { Ipv6Address } from "./ipv6.ts";
import type { Millis } from "./time.ts";

export interface ReceivedDatagram {
  /** Valid only during the call. */
  readonly bytes: Uint8Array;
  /** Name of the receiving interface. */
  readonly interface: string;
  readonly source: Ipv6Address;
  /** UDP source port (D-193). */
  readonly sourcePort: number;
  /** True when the destination was ff02::1:2 or ff05::1:3. */
  readonly multicast: boolean;
  /** When it arrived (F-562); the read time where the adapter has no time stamps. */
  readonly receivedAt: Millis;
}
