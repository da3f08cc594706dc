// Failover messages as one line each, for transcripts: the type and what matters in it; times as seconds from sent-time.

import { readForgotten, saysSynchronised } from "../../src/core/failover/link/extensions.ts";
import { bindingStatusOf } from "../../src/core/model/binding-status.ts";
import { SERVER_STATE } from "../../src/core/model/endpoint-record.ts";
import { formatIpv6, formatPrefix } from "../../src/core/model/ipv6.ts";
import {
  decodeFailoverMessage,
  type FailoverMessage,
} from "../../src/core/wire/failover-messages.ts";
import { FrameParser } from "../../src/core/wire/framing.ts";
import { firstOption, type Option } from "../../src/core/wire/options.ts";

const STATES = Object.entries(SERVER_STATE);

export function clientName(duid: string): string {
  return `client ${Number.parseInt(duid.slice(-6), 16)}`;
}

export function messageText(bytes: Uint8Array): string[] {
  return new FrameParser().push(bytes).messages.map((each) => {
    const message = decodeFailoverMessage(each);
    return "sentTime" in message ? `${message.type}${details(message)}` : String(message.type);
  });
}

function details({ type, options, sentTime }: FailoverMessage): string {
  switch (type) {
    case "CONNECT":
    case "CONNECTREPLY":
      return connect(options);
    case "STATE":
      return state(options);
    case "BNDUPD":
    case "BNDREPLY":
      return binding(options, sentTime);
    case "DISCONNECT":
      return status(options).replace(" refused", "");
    case "CONTACT":
      if (readForgotten(options) !== undefined) return " what was forgotten";
      return saysSynchronised(options) ? " in step" : "";
    default:
      return "";
  }
}

function connect(options: readonly Option[]): string {
  const rejected = status(options);
  if (rejected !== "") return rejected;
  const name = firstOption(options, "F_RELATIONSHIP_NAME")?.name;
  return ` ${name}, MCLT ${firstOption(options, "F_MCLT")?.value}`;
}

function state(options: readonly Option[]): string {
  const number = firstOption(options, "F_SERVER_STATE")?.value;
  const flags = firstOption(options, "F_SERVER_FLAGS")?.value ?? 0;
  const set = [
    (flags & 2) !== 0 ? "STARTUP" : "",
    (flags & 4) !== 0 ? "ACK_STARTUP" : "",
    (flags & 1) !== 0 ? "COMMUNICATED" : "",
  ].filter((each) => each !== "");
  return ` ${STATES.find(([, value]) => value === number)?.[0]}${set.length > 0 ? ` (${set.join(", ")})` : ""}`;
}

function status(options: readonly Option[]): string {
  const found = firstOption(options, "STATUS_CODE");
  return found === undefined ? "" : ` refused ${found.status}: ${found.message}`;
}

function binding(options: readonly Option[], now: number): string {
  return options
    .map((outer) => {
      if (outer.type === "IAPREFIX")
        return ` ${formatPrefix({ address: outer.prefix, length: outer.prefixLength })}${lease(outer.options, now)}`;
      if (outer.type !== "CLIENT_DATA") return "";
      const client = firstOption(outer.options, "CLIENTID")?.duid;
      return ` ${client === undefined ? "nobody" : clientName(client)}${status(outer.options)}${leases(outer.options, now)}`;
    })
    .join("");
}

function leases(options: readonly Option[], now: number): string {
  return options
    .flatMap((ia) => (ia.type === "IA_NA" || ia.type === "IA_PD" ? ia.options : []))
    .map((each) => {
      if (each.type === "IAADDR") return `, ${formatIpv6(each.address)}${lease(each.options, now)}`;
      if (each.type === "IAPREFIX")
        return `, ${formatPrefix({ address: each.prefix, length: each.prefixLength })}${lease(each.options, now)}`;
      return "";
    })
    .join("");
}

function lease(options: readonly Option[], now: number): string {
  const time = (
    type: "F_STATE_EXPIRATION_TIME" | "F_PARTNER_LIFETIME" | "F_PARTNER_LIFETIME_SENT",
    name: string,
  ) => {
    const value = firstOption(options, type)?.value;
    return value === undefined || value === 0
      ? ""
      : ` ${name} ${value - now < 0 ? "" : "+"}${value - now}`;
  };
  const number = firstOption(options, "F_BINDING_STATUS")?.value ?? 0;
  const text = [
    time("F_STATE_EXPIRATION_TIME", "ends"),
    time("F_PARTNER_LIFETIME", "partner-lifetime"),
    time("F_PARTNER_LIFETIME_SENT", "acknowledges"),
  ].join("");
  return ` ${bindingStatusOf(number) ?? "?"}${text}${status(options)}`;
}
