// What belongs to one contact with the partner: made whole when CONNECT has set a connection up, replaced when the
// connection is gone.

import type { Millis } from "../../model/time.ts";
import type { Channel } from "../link/channel.ts";
import { type PartnerBlocks, partnerBlocks } from "../prefixes/moves.ts";

export interface Contact {
  /** The connection; undefined: there is none. */
  readonly channel: Channel | undefined;
  /** F-159: the partner's first STATE has come, so communications are "OK". */
  communicating: boolean;
  /** F-131: the last flags of the partner had STARTUP. */
  partnerStarting: boolean;
  /** Last difference of the clocks, seconds, partner less own; undefined before the first message. */
  clockOffset: number | undefined;
  lastUpdateReceived: Millis;
  /** T-07: what the partner was told last of our store. */
  told: { readonly sequence: number; readonly at: Millis } | undefined;
  /** what it takes of delegable prefixes. */
  readonly blocks: PartnerBlocks;
  /** When communications were last "OK" before this contact; the start where they never were. */
  readonly silentSince: Millis;
}

/** No connection. `clockOffset` is what the last one showed: people look for it after a refusal. */
export function noContact(silentSince: Millis, clockOffset: number | undefined): Contact {
  return {
    channel: undefined,
    communicating: false,
    partnerStarting: false,
    clockOffset,
    lastUpdateReceived: 0,
    told: undefined,
    blocks: partnerBlocks(false),
    silentSince,
  };
}

/** A connection that CONNECT has just set up. */
export function newContact(channel: Channel, silentSince: Millis): Contact {
  const blocks = partnerBlocks(channel.terms?.extensions === true);
  return { ...noContact(silentSince, undefined), channel, blocks };
}
