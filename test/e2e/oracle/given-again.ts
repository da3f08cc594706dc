// What ended while the partners could not speak: it goes to nobody else before they can (RFC 8156 §4.2.2.1).

import type { Holding, Holdings } from "./holdings.ts";

/** Microseconds since 1970. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

export interface GivenAgain {
  /** Leases that were released or ran out in the span, by the server that granted them last (DUID in hex). */
  readonly ended: Readonly<Record<string, number>>;
  /** Of these, the ones that another client got in the span. */
  readonly again: readonly { readonly before: Holding; readonly after: Holding }[];
}

/** Looks at the leases that ended within the span. */
export function givenAgain(holdings: Holdings, span: Span): GivenAgain {
  const within = (time: number) => time > span.from && time < span.to;
  const ended: Record<string, number> = {};
  const again: { before: Holding; after: Holding }[] = [];
  for (const before of holdings.all) {
    if (before.ending === "runs" || !within(before.to)) continue;
    ended[before.server] = (ended[before.server] ?? 0) + 1;
    const after = holdings.all.find(
      (one) =>
        one.lease === before.lease &&
        one.client !== before.client &&
        one.from >= before.to &&
        within(one.from),
    );
    if (after !== undefined) again.push({ before, after });
  }
  return { ended, again };
}
