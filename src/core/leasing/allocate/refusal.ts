// Why a client gets no new lease, for the operator: each reason has its event and its counter, and says what ends it.

import { NO_TIME } from "../../model/time.ts";
import { unreachable } from "../../model/unreachable.ts";
import { timeText } from "../../wire/time-text.ts";
import type { RequestedIa } from "../../wire/view.ts";
import type { Exchange } from "../context.ts";
import type { Refusal } from "./allocate.ts";

const LIMIT_EVENTS = {
  client: "DHCP6_CLIENT_LIMIT",
  link: "DHCP6_LINK_LIMIT",
  server: "DHCP6_SERVER_LIMIT",
} as const;

export function noteRefusal(
  { context, client, link }: Exchange,
  { kind }: RequestedIa,
  refusal: Refusal,
): void {
  const fields = { kind, duid: client.duid, link: link.name };
  switch (refusal.type) {
    case "limit":
      context.counters.add(`refused-${refusal.of}-limit`);
      context.log({
        id: LIMIT_EVENTS[refusal.of],
        fields: { ...fields, most: refusal.most, by: refusal.by },
      });
      return;
    case "wait": {
      context.counters.add("refused-wait");
      const { reason, ends, until } = refusal;
      const when = until === NO_TIME ? "" : ` until ${timeText(until)}`;
      context.log({ id: "DHCP6_WAIT", fields: { ...fields, reason, when, ends } });
      return;
    }
    case "exhausted":
      context.counters.add("refused-exhausted");
      context.log({ id: "DHCP6_POOL_EXHAUSTED", fields });
      return;
    default:
      unreachable(refusal);
  }
}
