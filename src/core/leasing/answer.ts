// Builds the ADVERTISE or REPLY of one exchange (RFC 8415 §18.3.9, §18.3.10): decisions first, then the common
// timers, then the records, then the octets.

import type { Link, Subnet } from "../config/types.ts";
import { STATUS } from "../wire/messages.ts";
import { createReplyWriter } from "../wire/reply-writer.ts";
import type { ReplyWriter, RequestView } from "../wire/view.ts";
import type { Exchange, LeasingContext, PlannedIa } from "./context.ts";
import { confirm } from "./exchanges/confirm.ts";
import { extendForPartner, extendRecorded } from "./exchanges/for-partner.ts";
import { endAll } from "./exchanges/release.ts";
import { extendAll } from "./exchanges/renew.ts";
import { assignAll, maySettleAtOnce } from "./exchanges/solicit.ts";
import { grantAll } from "./grant.ts";
import { type TimedLease, type Timers, timersFor } from "./lifetimes.ts";
import { optionsOf, writeOptions } from "./reply-options.ts";

export interface Answer {
  readonly writer: ReplyWriter;
  readonly promisesNothing: boolean;
}

/** How far a message is served, see `Service`. */
type Mode = "answer" | "answer-for-partner" | "answer-recorded";

/** The answer, or undefined where silence is right. */
export function answer(exchange: Exchange, mode: Mode): Answer | undefined {
  const { view } = exchange;
  switch (view.type) {
    case "SOLICIT": {
      // D-099: as if a REQUEST had come.
      const rapid = view.rapidCommit && maySettleAtOnce(exchange);
      return rapid ? assignment(exchange, "REPLY", true) : assignment(exchange, "ADVERTISE", false);
    }
    case "REQUEST":
      return assignment(exchange, "REPLY", false);
    case "RENEW":
    case "REBIND": {
      const planned = extend(exchange, mode);
      return planned === undefined ? undefined : withLeases(exchange, "REPLY", planned, false);
    }
    case "CONFIRM": {
      const status = confirm(exchange);
      if (status === undefined) return undefined;
      const writer = begin(exchange, "REPLY");
      writer.status(status.code, status.message);
      return { writer, promisesNothing: true };
    }
    case "RELEASE":
    case "DECLINE":
      return ending(exchange, mode);
    case "INFORMATION-REQUEST":
      return answerInformation(exchange.context, view, exchange.link, exchange.datagram.sourcePort);
  }
}

function extend(exchange: Exchange, mode: Mode): readonly PlannedIa[] | undefined {
  switch (mode) {
    case "answer":
      return extendAll(exchange);
    case "answer-for-partner":
      return extendForPartner(exchange);
    case "answer-recorded":
      return extendRecorded(exchange);
  }
}

/** D-098, D-101, D-102: an ADVERTISE, or the REPLY at once where Rapid Commit is on. */
function assignment(exchange: Exchange, type: "ADVERTISE" | "REPLY", rapidCommit: boolean): Answer {
  const planned = assignAll(exchange, type === "ADVERTISE" ? "offer" : "grant");
  return withLeases(exchange, type, planned, rapidCommit);
}

function begin(
  { context, view, client, datagram }: Exchange,
  type: "ADVERTISE" | "REPLY",
): ReplyWriter {
  const writer = createReplyWriter(view, type, datagram.sourcePort);
  // D-070, D-071, D-103
  writer.serverId(context.config.server.duid);
  writer.clientId(client.duid);
  return writer;
}

function withLeases(
  exchange: Exchange,
  type: "ADVERTISE" | "REPLY",
  planned: readonly PlannedIa[],
  rapidCommit: boolean,
): Answer {
  const timers = commonTimers(planned);
  // D-081, D-082: made anew from what is on record, whatever was sent before.
  if (type === "REPLY") grantAll(exchange, planned, timers);
  const writer = begin(exchange, type);
  const subnet = subnetIn(planned) ?? exchange.link.subnets[0];
  // D-104, D-105, D-106, R7031-36: zero is the default and need not be said.
  if (type === "ADVERTISE" && subnet !== undefined && subnet.preference > 0)
    writer.preference(subnet.preference);
  if (rapidCommit) writer.rapidCommit();
  for (const { ia, leases, status } of planned) {
    writer.ia({
      kind: ia.kind,
      iaid: ia.iaid,
      ...timers,
      // D-091: lifetimes in seconds from now. D-303: the same timers where there are none.
      leases: leases.map(({ key, preferred, valid }) => ({
        address: key.address,
        length: key.length,
        preferred,
        valid,
      })),
      // D-096: none means Success.
      ...(status === undefined ? {} : { status }),
    });
  }
  refuseRest(exchange, writer, timers);
  const { globalOptions, tunables } = exchange.context.config;
  // D-108: the same in ADVERTISE and REPLY.
  writeOptions({
    writer,
    view: exchange.view,
    type,
    options: optionsOf(subnet, globalOptions),
    informationRefreshTime: tunables.informationRefreshTime,
  });
  // D-100, D-126, D-159: a REPLY leaves when its leases are durable.
  return { writer, promisesNothing: type === "ADVERTISE" };
}

/** D-121, D-122: IAs beyond the limit get no lease. Where they may have one, nothing is said of it: UnspecFail. */
function refuseRest({ view }: Exchange, writer: ReplyWriter, timers: Timers): void {
  const assigns = view.type === "SOLICIT" || view.type === "REQUEST";
  for (const { kind, iaid } of view.refusedIas) {
    const none = kind === "address" ? STATUS.NoAddrsAvail : STATUS.NoPrefixAvail;
    const code = assigns ? none : STATUS.UnspecFail;
    writer.ia({ kind, iaid, ...timers, leases: [], status: { code, message: "too many IAs" } });
  }
}

/** The subnet of the first lease that the client is given. */
function subnetIn(planned: readonly PlannedIa[]): Subnet | undefined {
  for (const { leases } of planned) {
    for (const { subnet } of leases) if (subnet !== undefined) return subnet;
  }
  return undefined;
}

/** D-083, D-147: over all IAs. D-086, D-136: 0 and 0 where only zero lifetimes are told. */
function commonTimers(planned: readonly PlannedIa[]): Timers {
  const timed: TimedLease[] = [];
  for (const { leases } of planned) {
    for (const { valid, preferred, subnet } of leases) {
      if (valid === 0) continue;
      const { renewTimer, rebindTimer } = subnet?.lifetimes ?? {};
      timed.push({ preferred, renewTimer, rebindTimer });
    }
  }
  return timersFor(timed);
}

/** D-162, D-163, D-164, D-170, D-172: Success, and NoBinding for the IAs that have no binding; nothing else. */
function ending(exchange: Exchange, mode: Mode): Answer {
  const how = exchange.view.type === "RELEASE" ? "RELEASED" : "ABANDONED";
  const unbound = endAll(exchange, how, mode === "answer-for-partner");
  const writer = begin(exchange, "REPLY");
  writer.status(STATUS.Success, exchange.view.type === "RELEASE" ? "released" : "declined");
  for (const ia of unbound) {
    // what is not recorded here is not denied to the partner's client.
    if (mode === "answer-for-partner") continue;
    writer.ia({
      kind: ia.kind,
      iaid: ia.iaid,
      t1: 0,
      t2: 0,
      leases: [],
      status: { code: STATUS.NoBinding, message: "no binding for this IA" },
    });
  }
  refuseRest(exchange, writer, { t1: 0, t2: 0 });
  return { writer, promisesNothing: false };
}

/** D-173, D-174, D-175: configuration only, and none of it depends on who the client is. */
export function answerInformation(
  context: LeasingContext,
  view: RequestView,
  link: Link | undefined,
  sourcePort: number,
): Answer {
  const writer = createReplyWriter(view, "REPLY", sourcePort);
  writer.serverId(context.config.server.duid);
  if (view.clientId !== undefined) writer.clientId(view.clientId);
  const options = optionsOf(link?.subnets[0], context.config.globalOptions);
  writeOptions({
    writer,
    view,
    type: "REPLY",
    options,
    informationRefreshTime: context.config.tunables.informationRefreshTime,
  });
  return { writer, promisesNothing: true };
}
