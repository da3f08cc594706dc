// CONFIRM (RFC 8415 §18.3.3): a test of the link, no binding needed.

import { STATUS } from "../../wire/messages.ts";
import { keyOf, subnetOfLease } from "../bindings.ts";
import type { Exchange } from "../context.ts";

/** The status of the answer, which is all of it (D-132); undefined = no answer (D-130). Prefixes are no part of the test
 * (D-133). */
export function confirm(
  exchange: Exchange,
): { readonly code: number; readonly message: string } | undefined {
  const addresses = exchange.view.ias
    .filter((ia) => ia.kind === "address")
    .flatMap((ia) => ia.leases.map((lease) => keyOf(ia, lease)));
  if (addresses.length === 0) return undefined;
  const onLink = addresses.every((key) => subnetOfLease(exchange, key) !== undefined);
  // D-128, D-129, D-131: by the link's subnets, bound or not.
  return onLink
    ? { code: STATUS.Success, message: "all addresses are right for the link" }
    : { code: STATUS.NotOnLink, message: "an address is not right for the link" };
}
