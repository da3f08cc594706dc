// CONFIRM (RFC 8415 §18.3.3): a test of the link, no binding needed.

import { subnetOf } from "../../config/lookup.ts";
import { STATUS } from "../../wire/messages.ts";
import type { Exchange } from "../context.ts";

/** The status of the answer, which is all of it (D-132); undefined = no answer (D-130). Prefixes are no part of the test
 * (D-133). */
export function confirm({
  view,
  link,
}: Exchange): { readonly code: number; readonly message: string } | undefined {
  const addresses = view.ias.filter((ia) => ia.kind === "address").flatMap((ia) => ia.leases);
  if (addresses.length === 0) return undefined;
  const onLink = addresses.every((lease) => subnetOf(link, lease.address) !== undefined);
  // D-128, D-129, D-131: by the link's subnets, bound or not.
  return onLink
    ? { code: STATUS.Success, message: "all addresses are right for the link" }
    : { code: STATUS.NotOnLink, message: "an address is not right for the link" };
}
