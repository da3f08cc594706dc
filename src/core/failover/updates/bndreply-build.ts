// Builds the BNDREPLY to an update that was judged (RFC 8156 §7.6).

import type { Duid } from "../../model/duid.ts";
import { LIMITS } from "../../model/limits.ts";
import { ByteWriter } from "../../wire/cursor.ts";
import { FAILOVER_HEADER } from "../../wire/failover-messages.ts";
import {
  encodeOptions,
  firstOption,
  type Option,
  type OptionByType,
  option,
} from "../../wire/options.ts";
import type { ReadIa, ReadLease, Refusal } from "./update.ts";

/** Why leases of an update were not taken; those that are not in it were. */
export type Refusals = ReadonlyMap<ReadLease, Refusal>;

/** The answer to an update of one client's leases. */
export function clientReply(clientId: Duid, ias: readonly ReadIa[], refusals: Refusals): Option {
  const replied = ias.map((ia) => repliedIa(ia, refusals));
  return option("CLIENT_DATA", { options: [option("CLIENTID", { duid: clientId }), ...replied] });
}

/** The answer to a block without a client. */
export function blockReply(
  received: OptionByType<"IAPREFIX">,
  refusal: Refusal | undefined,
): Option {
  return option("IAPREFIX", {
    ...blockHead(received),
    options: repliedDetails(received.options, refusal),
  });
}

/** F-342, F-350, A-57: the error stands in the outermost option, what could be read is mirrored, as far as it fits. */
export function refusedWhole(options: readonly Option[], refusal: Refusal): Option {
  const whole = mirroredWith(options, refusal);
  if (fitsInFrame(whole)) return whole;
  const status = option("STATUS_CODE", { status: refusal.status, message: refusal.message });
  return option("CLIENT_DATA", { options: [status] });
}

function fitsInFrame(whole: Option): boolean {
  const out = new ByteWriter();
  encodeOptions(out, [whole]);
  return !out.overflow && out.length <= LIMITS.frameBytes - FAILOVER_HEADER;
}

function mirroredWith(options: readonly Option[], refusal: Refusal): Option {
  const status = option("STATUS_CODE", { status: refusal.status, message: refusal.message });
  const prefix = firstOption(options, "IAPREFIX");
  const client = firstOption(options, "CLIENT_DATA");
  if (client === undefined && prefix !== undefined)
    return option("IAPREFIX", {
      ...blockHead(prefix),
      options: [status, ...mirrored(prefix.options)],
    });
  return option("CLIENT_DATA", { options: [status, ...mirrored(client?.options ?? [])] });
}

/** F-347 to F-350: client, VPN and leases as received, each lease with what an answer says of it. */
function mirrored(options: readonly Option[]): readonly Option[] {
  const kept = options.flatMap((each): Option[] => {
    if (
      each.type === "IA_NA" ||
      each.type === "IA_PD" ||
      each.type === "IA_TA" ||
      each.type === "IAADDR" ||
      each.type === "IAPREFIX"
    )
      return [{ ...each, options: mirrored(each.options) }];
    return each.type === "CLIENTID" || each.type === "VSS" ? [each] : [];
  });
  return [...kept, ...repliedDetails(options, undefined)];
}

function blockHead(
  prefix: OptionByType<"IAPREFIX">,
): Omit<OptionByType<"IAPREFIX">, "type" | "code" | "options"> {
  return {
    preferredLifetime: 0,
    validLifetime: 0,
    prefixLength: prefix.prefixLength,
    prefix: prefix.prefix,
  };
}

/** F-344, F-347: each lease on its own. */
function repliedIa(ia: ReadIa, refusals: Refusals): Option {
  const options = ia.leases.map(({ option: lease, read }) => {
    const details = repliedDetails(lease.options, refusals.get(read));
    return lease.type === "IAADDR"
      ? option("IAADDR", { ...lease, options: details })
      : option("IAPREFIX", { ...lease, options: details });
  });
  return { ...ia.option, options };
}

/** F-343, F-346, F-348, F-349, A-22: what the BNDUPD had, echoed; a status only for a refusal. */
function repliedDetails(
  received: readonly Option[],
  refusal: Refusal | undefined,
): readonly Option[] {
  const details: Option[] = [];
  if (refusal !== undefined)
    details.push(option("STATUS_CODE", { status: refusal.status, message: refusal.message }));
  const status = firstOption(received, "F_BINDING_STATUS");
  const expiration = firstOption(received, "F_STATE_EXPIRATION_TIME");
  const lifetime = firstOption(received, "F_PARTNER_LIFETIME");
  if (status !== undefined) details.push(status);
  if (expiration !== undefined) details.push(expiration);
  // F-122: bit-exact.
  if (lifetime !== undefined)
    details.push(option("F_PARTNER_LIFETIME_SENT", { value: lifetime.value }));
  return details;
}
