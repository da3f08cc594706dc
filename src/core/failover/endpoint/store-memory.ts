// What the two servers of a relationship remember of each other's store (T-07, F-570): told in STATE and CONTACT, judged
// before the first STATE of a connection counts.

import { DEFAULTS } from "../../model/limits.ts";
import type { Millis } from "../../model/time.ts";
import type { Option } from "../../wire/options.ts";
import { type Extension, vendorOption } from "../link/extensions.ts";
import { type StoreWords, storeSuboptions } from "../link/store-words.ts";
import type { Endpoint } from "./endpoint.ts";
import { isNews, judgeStore, type StoreVerdict } from "./lost-past.ts";

/** What the partner is to remember of our store, and what else there is to say; nothing to one that does not speak it. */
export function storeWords(
  { channel, contact, context, hasMet, record }: Endpoint,
  extensions: readonly Extension[],
  now: Millis,
): readonly Option[] {
  if (channel?.terms?.extensions !== true) return [];
  // Before the partner's memory is judged it must not learn of this run: it would take what it hears for what it knew.
  const sequence = hasMet ? context.lastSequence() : context.store.found;
  const own = { id: context.store.id, sequence };
  contact.told = { sequence: own.sequence, at: now };
  return [vendorOption(extensions, storeSuboptions({ own, seen: record.partnerStore }))];
}

/** When the partner is to be told again: its memory is no older than this while any lease changes. */
export function storeToldDue({ contact: { told }, context }: Endpoint): Millis {
  const isKnown = told === undefined || told.sequence >= context.lastLeaseSequence();
  return isKnown ? Number.POSITIVE_INFINITY : told.at + DEFAULTS.storeToldMillis;
}

/** Whether this store is the one that the partner knows. A partner that says nothing of it is believed. */
export function storeVerdict(
  { context, hasMet, record }: Endpoint,
  words: StoreWords | undefined,
): StoreVerdict {
  // Without a record of the partner A-61 judges; what is being fetched already is not lost anew.
  if (words === undefined || !record.communicated || record.updateAllNeeded) return "sound";
  const { id, found } = context.store;
  return judgeStore(words, { id, found, last: context.lastSequence() }, hasMet);
}

/** What the partner says of its store is remembered over restarts. */
export function noteStore(endpoint: Endpoint, words: StoreWords | undefined): void {
  if (words !== undefined && isNews(endpoint.record.partnerStore, words.own))
    endpoint.update({ partnerStore: words.own });
}
