// Interfaces, ports and the way to the partner.

import { readFileSync } from "node:fs";
import net from "node:net";
import { networkInterfaces } from "node:os";
import type { CompiledConfig, Relationship } from "../../core/config/types.ts";
import { formatIpv6 } from "../../core/model/ipv6.ts";
import { type Finding, fail, ok, unknown, warn } from "./finding.ts";

const CLIENT_PORT = 547;
const CONNECT_MILLIS = 2_000;

export function interfaceFindings({ server }: CompiledConfig): readonly Finding[] {
  const all = networkInterfaces();
  return server.interfaces.map((name) => {
    const what = `interface ${name}`;
    const addresses = all[name];
    if (addresses === undefined)
      return fail(
        what,
        "it is not there, or down",
        "`ip link`: is the name in `interfaces` right?",
      );
    if (!addresses.some(({ address }) => /^fe[89ab]/.test(address)))
      return fail(what, "it has no link-local address", "`ip -6 addr`; is IPv6 on?");
    const carrier = carrierOf(name);
    if (carrier === false) return fail(what, "no carrier", "look at the cable and the switch");
    return ok(what, carrier === undefined ? "up" : "up, with a carrier");
  });
}

function carrierOf(name: string): boolean | undefined {
  try {
    return readFileSync(`/sys/class/net/${name}/carrier`, "latin1").trim() === "1";
  } catch (error) {
    if (error instanceof Error) return undefined;
    throw error;
  }
}

/** Ports that the configuration needs: held by the running server, or free for it. */
export function portFindings(
  { server, relationships }: CompiledConfig,
  isRunning: boolean,
): readonly Finding[] {
  const udp = new Set([
    ...(server.interfaces.length > 0 ? [CLIENT_PORT] : []),
    ...server.unicast.map(({ port }) => port),
  ]);
  const findings = [...udp].map((port) => portFinding(`UDP port ${port}`, "udp6", port, isRunning));
  const listens = relationships.some(({ role }) => role === "secondary");
  if (listens)
    findings.push(portFinding(`TCP port ${server.port}`, "tcp6", server.port, isRunning));
  return findings;
}

function portFinding(
  what: string,
  table: "udp6" | "tcp6",
  port: number,
  isRunning: boolean,
): Finding {
  let text: string;
  try {
    text = readFileSync(`/proc/net/${table}`, "latin1");
  } catch (error) {
    return unknown(what, (error as Error).message);
  }
  const isOpen = hasPort(text, port, table === "tcp6");
  const show = table === "tcp6" ? `ss -tlnp sport = ${port}` : `ss -ulnp sport = ${port}`;
  if (isRunning)
    return isOpen
      ? ok(what, "open")
      : fail(what, "the server runs and has it not open", "`tandem status` says why");
  return isOpen
    ? fail(what, "another program has it", `\`${show}\` shows which`)
    : ok(what, "free");
}

/** Whether a socket of /proc/net/udp6 or tcp6 has the local port; of TCP only those that listen. */
export function hasPort(table: string, port: number, listening: boolean): boolean {
  const wanted = port.toString(16).toUpperCase().padStart(4, "0");
  return table
    .split("\n")
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .some(
      ([, local = "", , state = ""]) =>
        local.endsWith(`:${wanted}`) && (!listening || state === "0A"),
    );
}

/** Whether the partner's machine and port answer. `inContact`: the running server says so already. */
export async function partnerFinding(
  relationship: Relationship,
  own: CompiledConfig["server"],
  inContact: boolean,
): Promise<Finding> {
  const { partner, role, name } = relationship;
  const what = `partner ${partner.server}`;
  const place = `[${formatIpv6(partner.address)}]:${partner.port}`;
  if (inContact) return ok(what, `in contact (${name})`);
  const source = own.listen ?? own.address;
  const said = await tryConnect(formatIpv6(partner.address), partner.port, source);
  if (said === "open") return ok(what, `${place} takes connections`);
  if (role === "secondary" && said === "refused")
    return ok(what, `its machine answers; it is the one that connects (${place})`);
  return said === "refused"
    ? fail(what, `nothing listens on ${place}`, "is it running? are its `port` and `listen` right?")
    : warn(what, `${place}: ${said}`, "is it on? does a firewall drop TCP to this port?");
}

function tryConnect(
  host: string,
  port: number,
  source: CompiledConfig["server"]["address"],
): Promise<string> {
  const isOwn = (address: string): boolean =>
    Object.values(networkInterfaces()).some((list) =>
      list?.some((each) => each.address === address),
    );
  const localAddress = source === undefined ? undefined : formatIpv6(source);
  const from = localAddress !== undefined && isOwn(localAddress) ? { localAddress } : {};
  return new Promise((resolve) => {
    const socket = net.connect({ host, port, family: 6, ...from });
    const end = (said: string): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(said);
    };
    const timer = setTimeout(() => end("no answer"), CONNECT_MILLIS);
    socket.on("connect", () => end("open"));
    socket.on("error", (error: NodeJS.ErrnoException) =>
      end(error.code === "ECONNREFUSED" ? "refused" : error.message),
    );
  });
}
