// Reads a BNDUPD into values, or says what is missing (RFC 8156 §7.5.3).

import { CONFIG_LIMITS } from "../../config/limits.ts";
import { bindingStatusOf } from "../../model/binding-status.ts";
import type { Duid } from "../../model/duid.ts";
import { ipv6ToBytes, maskTo } from "../../model/ipv6.ts";
import { LIMITS } from "../../model/limits.ts";
import {
  addSeconds,
  type DhcpTime,
  INFINITY_SECONDS,
  NO_TIME,
  type Seconds,
} from "../../model/time.ts";
import { STATUS } from "../../wire/messages.ts";
import { allOptions, firstOption, type Option, type OptionByType } from "../../wire/options.ts";
import type { IaOption, ReadIa, ReadLease, ReadUpdate } from "./update.ts";

/** 34 years stand for what has no end. */
const LONGEST: Seconds = CONFIG_LIMITS.failoverLifetimeSeconds;

function bad(
  message: string,
  status: number = STATUS.MissingBindingInformation,
): { type: "bad"; status: number; message: string } {
  return { type: "bad", status, message };
}

/** F-303, F-304, A-57: exactly one CLIENT_DATA or exactly one IAPREFIX. */
export function readUpdate(options: readonly Option[]): ReadUpdate {
  const clients = allOptions(options, "CLIENT_DATA");
  const prefixes = allOptions(options, "IAPREFIX");
  const [client] = clients;
  const [prefix] = prefixes;
  if (clients.length === 1 && client !== undefined && prefixes.length === 0)
    return readClient(client);
  if (prefixes.length === 1 && prefix !== undefined && clients.length === 0)
    return readBlock(prefix);
  return bad("exactly one CLIENT_DATA or one IAPREFIX is needed");
}

function readClient(data: OptionByType<"CLIENT_DATA">): ReadUpdate {
  const clientId = firstOption(data.options, "CLIENTID");
  if (clientId === undefined) return bad("no client identifier");
  // F-305: no VPN is configured here.
  if (firstOption(data.options, "VSS") !== undefined)
    return bad("no VPN is configured", STATUS.ConfigurationConflict);
  const base = firstOption(data.options, "LQ_BASE_TIME");
  if (base === undefined) return bad("no base time");
  const ias = data.options.filter(isIa);
  if (ias.length === 0) return bad("no IA");
  // §7.6: a reason stands at the client or at a lease, and here there is none.
  if (ias.some((ia) => !ia.options.some(isLease))) return bad("an IA without a lease");
  const context = { duid: clientId.duid, base: base.value, ...clientExtras(data.options) };
  const read = ias.map((ia) => readIa(ia, context));
  const count = read.reduce((sum, ia) => sum + 1 + ia.leases.length, 0);
  // F-307: the answer, with a reason for each lease, must fit in a frame.
  if (count > LIMITS.leasesInUpdate) return bad("too many leases", STATUS.UnspecFail);
  return { type: "client", clientId: clientId.duid, ias: read };
}

function isIa(each: Option): each is IaOption {
  return each.type === "IA_NA" || each.type === "IA_PD" || each.type === "IA_TA";
}

function isLease(each: Option): each is OptionByType<"IAADDR"> | OptionByType<"IAPREFIX"> {
  return each.type === "IAADDR" || each.type === "IAPREFIX";
}

interface ClientContext {
  readonly duid: Duid;
  readonly base: DhcpTime;
  /** RFC 5007 §4.1.2.3: seconds since the last contact, where the client has it and its leases have not. */
  readonly clt: Seconds | undefined;
  readonly relayData: Uint8Array | undefined;
  readonly reconfigureData: Uint8Array | undefined;
}

function clientExtras(
  options: readonly Option[],
): Pick<ClientContext, "clt" | "relayData" | "reconfigureData"> {
  const relay = firstOption(options, "LQ_RELAY_DATA");
  const reconfigure = firstOption(options, "F_RECONFIGURE_DATA");
  return {
    clt: firstOption(options, "CLT_TIME")?.value,
    relayData: relay && packRelay(relay),
    reconfigureData: reconfigure && packReconfigure(reconfigure),
  };
}

function packRelay({
  peerAddress,
  message,
}: OptionByType<"LQ_RELAY_DATA">): Uint8Array | undefined {
  if (message.length + 16 > LIMITS.keptBytes) return undefined;
  const data = new Uint8Array(16 + message.length);
  ipv6ToBytes(peerAddress, data);
  data.set(message, 16);
  return data;
}

function packReconfigure({
  time,
  key,
}: OptionByType<"F_RECONFIGURE_DATA">): Uint8Array | undefined {
  if (key.length + 4 > LIMITS.keptBytes) return undefined;
  const data = new Uint8Array(4 + key.length);
  new DataView(data.buffer).setUint32(0, time);
  data.set(key, 4);
  return data;
}

function readIa(ia: IaOption, context: ClientContext): ReadIa {
  const leases = ia.options
    .filter(isLease)
    .map((option) => ({ option, read: readLeaseOf(ia, option, context) }));
  return { option: ia, leases };
}

/** F-304, F-344: a lease of the wrong kind is refused, and only it. */
function readLeaseOf(
  ia: IaOption,
  lease: OptionByType<"IAADDR"> | OptionByType<"IAPREFIX">,
  context: ClientContext,
): ReadLease {
  if (ia.type === "IA_TA")
    return bad("temporary addresses are not served here", STATUS.ConfigurationConflict);
  const wanted = ia.type === "IA_NA" ? "IAADDR" : "IAPREFIX";
  if (lease.type !== wanted) return bad(`${lease.type} in ${ia.type}`);
  return readLease(lease, ia, context);
}

const DNS_DATA: ReadonlySet<string> = new Set([
  "F_DNS_REMOVAL_INFO",
  "F_DNS_HOST_NAME",
  "F_DNS_ZONE_NAME",
  "F_DNS_FLAGS",
]);

function readLease(
  lease: OptionByType<"IAADDR"> | OptionByType<"IAPREFIX">,
  ia: OptionByType<"IA_NA"> | OptionByType<"IA_PD">,
  context: ClientContext,
): ReadLease {
  const { options } = lease;
  // F-139: a bad option inside makes this lease unusable, not the others.
  if (options.some((option) => option.type === "malformed")) return bad("a malformed option");
  const number = firstOption(options, "F_BINDING_STATUS")?.value;
  const status = number === undefined ? undefined : bindingStatusOf(number);
  if (status === undefined) return bad("no known binding-status"); // F-108
  const start = firstOption(options, "F_START_TIME_OF_STATE")?.value;
  if (start === undefined) return bad("no start time of state");
  const told = firstOption(options, "F_STATE_EXPIRATION_TIME")?.value ?? NO_TIME;
  // RFC 8156 §7.4: ACTIVE has a timeout; without it the lease would never end here. A-59: an infinite one has none.
  const isInfinite = lease.validLifetime === INFINITY_SECONDS;
  if (status === "ACTIVE" && told === NO_TIME && !isInfinite) return bad("ACTIVE without its end");
  const end = status === "ACTIVE" && isInfinite ? addSeconds(context.base, LONGEST) : told;
  // with the lease, as §7.4 has it, or with the client, as RFC 5007 has it.
  const clt = firstOption(options, "CLT_TIME")?.value ?? context.clt;
  const fqdn = firstOption(options, "CLIENT_FQDN");
  return {
    type: "lease",
    update: {
      kind: lease.type === "IAADDR" ? "address" : "prefix",
      address: lease.type === "IAADDR" ? lease.address : maskTo(lease.prefix, lease.prefixLength),
      length: lease.type === "IAADDR" ? 128 : lease.prefixLength,
      duid: context.duid,
      iaid: ia.iaid,
      t1: ia.t1,
      t2: ia.t2,
      preferredLifetime: lease.preferredLifetime,
      validLifetime: lease.validLifetime,
      status,
      startTimeOfState: start,
      clientTransactionTime:
        clt === undefined ? NO_TIME : addSeconds(context.base, -Math.min(clt, LONGEST)),
      stateExpirationTime: end,
      partnerLifetime: firstOption(options, "F_PARTNER_LIFETIME")?.value ?? NO_TIME,
      expirationTime: firstOption(options, "F_EXPIRATION_TIME")?.value ?? NO_TIME,
      partnerRawCltTime: firstOption(options, "F_PARTNER_RAW_CLT_TIME")?.value ?? NO_TIME,
      relayData: context.relayData,
      reconfigureData: context.reconfigureData,
      fqdn: fqdn && packFqdn(fqdn),
      hasDnsData: options.some((each) => DNS_DATA.has(each.type)),
    },
  };
}

function packFqdn({ flags, name }: OptionByType<"CLIENT_FQDN">): Uint8Array {
  const data = new Uint8Array(1 + name.length);
  data[0] = flags;
  data.set(name, 1);
  return data;
}

/** F-095: a block without a client is available to one of the two. */
function readBlock(prefix: OptionByType<"IAPREFIX">): ReadUpdate {
  const { options } = prefix;
  if (firstOption(options, "VSS") !== undefined)
    return bad("no VPN is configured", STATUS.ConfigurationConflict);
  if (firstOption(options, "LQ_BASE_TIME") === undefined) return bad("no base time");
  const start = firstOption(options, "F_START_TIME_OF_STATE")?.value;
  if (start === undefined) return bad("no start time of state");
  const status = bindingStatusOf(firstOption(options, "F_BINDING_STATUS")?.value ?? 0);
  if (status !== "FREE" && status !== "FREE-BACKUP")
    return bad("a prefix without a client is FREE or FREE-BACKUP");
  const block = {
    address: maskTo(prefix.prefix, prefix.prefixLength),
    length: prefix.prefixLength,
    status,
    startTimeOfState: start,
  };
  return { type: "block", option: prefix, block };
}
