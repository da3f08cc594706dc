// One client message in, one answer or a reason for none out (RFC 8415 §18.3). Everything it changes goes
// through `context.save`; the caller holds the answer until that is durable.

import { placeOfLease, relationshipOf } from "../config/lookup.ts";
import type { Link } from "../config/types.ts";
import type { ServerIdOwner, Service } from "../model/authority.ts";
import type { DiscardReason } from "../model/counter-names.ts";
import { isLinkLocal } from "../model/ipv6.ts";
import type { ReceivedDatagram } from "../model/received-datagram.ts";
import { floorTime, type Millis } from "../model/time.ts";
import type { RequestView } from "../wire/view.ts";
import { admit } from "./admit.ts";
import { type Answer, answer, answerInformation } from "./answer.ts";
import type { Exchange, LeasingContext } from "./context.ts";
import { isWhollyRecorded } from "./exchanges/for-partner.ts";
import { mayBeLateRelease } from "./exchanges/late-copy.ts";
import { selectLink } from "./select-link.ts";

export type LeasingOutcome =
  | { readonly type: "discard"; readonly reason: DiscardReason }
  | {
      readonly type: "reply";
      readonly bytes: Uint8Array;
      readonly port: number;
      /** It promises nothing and may leave before earlier commits are durable (D-115). */
      readonly promisesNothing: boolean;
    };

interface Received {
  readonly context: LeasingContext;
  readonly view: RequestView;
  readonly datagram: ReceivedDatagram;
  readonly owner: ServerIdOwner;
}

/** Answers one message that `viewRequest` has taken apart. D-021: what is not valid is passed over in silence. */
export function handleMessage(
  context: LeasingContext,
  view: RequestView,
  datagram: ReceivedDatagram,
  now: Millis,
): LeasingOutcome {
  const link = selectLink(context.config, view, datagram);
  const owner = ownerOf(context, view, link);
  const source = { kind: "address", address: datagram.source, length: 128 } as const;
  const fromLink =
    isLinkLocal(datagram.source) ||
    (link !== undefined && placeOfLease(context.config, source)?.link === link);
  const admission = admit(view, { multicast: datagram.multicast, fromLink }, owner);
  if (admission.type === "discard") return admission;
  if (view.type === "INFORMATION-REQUEST")
    return handleInformation({ context, view, datagram, owner }, link);
  if (link === undefined) return { type: "discard", reason: "unknown-link" };
  const duid = view.clientId;
  if (duid === undefined) return { type: "discard", reason: "client-id-missing" };
  const authority = context.authorityOf(link);
  const service = authority.serviceFor(view.type, owner);
  // D-038: not ours to answer.
  if (service.type === "silent") return { type: "discard", reason: service.reason };
  const exchange: Exchange = {
    context,
    view,
    link,
    authority,
    client: { duid, leases: context.table.ofClient(duid) },
    now,
    transactionTime: floorTime(Math.min(datagram.receivedAt, now)),
    datagram,
  };
  return serve(exchange, service);
}

function serve(exchange: Exchange, service: Exclude<Service, { type: "silent" }>): LeasingOutcome {
  const { view } = exchange;
  const endsLeases = view.type === "RELEASE" || view.type === "DECLINE";
  // for the partner's messages the leases must all be recorded here; F-426: RECOVER-DONE ends none.
  if (service.type === "answer-for-partner" && endsLeases && !isWhollyRecorded(exchange)) {
    return { type: "discard", reason: "partners-lease-not-recorded" };
  }
  // D-160: a late copy gives nothing back to a client that has released it since.
  if (exchange.context.answered.isOver(view, exchange.now))
    return { type: "discard", reason: "ended-since" };
  if (mayBeLateRelease(exchange, service.type === "answer-for-partner"))
    return { type: "discard", reason: "may-be-late-copy" };
  const result = answer(exchange, service.type);
  return result === undefined ? { type: "discard", reason: "nothing-to-say" } : finished(result);
}

function handleInformation(
  { context, view, datagram, owner }: Received,
  link: Link | undefined,
): LeasingOutcome {
  if (link !== undefined) {
    const service = context.authorityOf(link).serviceFor(view.type, owner);
    if (service.type === "silent") return { type: "discard", reason: service.reason };
  }
  return finished(answerInformation(context, view, link, datagram.sourcePort));
}

function finished({ writer, promisesNothing }: Answer): LeasingOutcome {
  const done = writer.finish();
  // D-008: what does not fit into a datagram cannot be sent.
  if (done === undefined) return { type: "discard", reason: "answer-too-large" };
  return { type: "reply", ...done, promisesNothing };
}

/** Whose server identifier the message carries; the partner is that of the link's relationship only. */
function ownerOf(
  context: LeasingContext,
  view: RequestView,
  link: Link | undefined,
): ServerIdOwner {
  if (view.serverId === undefined) return "none";
  if (view.serverId === context.config.server.duid) return "own";
  const relationship = link === undefined ? undefined : relationshipOf(context.config, link);
  return relationship !== undefined && relationship.partner.duid === view.serverId
    ? "partner"
    : "foreign";
}
