// Who this server is: its name, its settings and the DUIDs of both (T-03, A-50).

import { type Duid, duidFromBytes, formatDuid } from "../model/duid.ts";
import { formatIpv6, type Ipv6Address } from "../model/ipv6.ts";
import { utf8Encode } from "../wire/utf8.ts";
import { type Context, elements } from "./context.ts";
import { isName } from "./scalars.ts";
import type { FileServer } from "./schema.ts";
import { nearest } from "./suggest.ts";
import type { ServerSettings } from "./types.ts";

/** RFC 8156 §5.1. */
export const FAILOVER_PORT = 647;
const STATE_DIRECTORY = "/var/lib/tandem";
const CONTROL_SOCKET = "/run/tandem/control.sock";

/** The servers that the file names, in its order. */
export function serversOf(context: Context): ReadonlyMap<string, FileServer> {
  const servers = new Map<string, FileServer>();
  for (const [name, server] of Object.entries(context.file.servers ?? {})) {
    if (server !== undefined) servers.set(name, server);
  }
  return servers;
}

/** The name of the server that this process is; undefined (and reported) when the file does not have it. */
export function ownName(context: Context): string | undefined {
  const { serverName, hostName } = context.options;
  const names = Object.keys(context.file.servers ?? {});
  if (names.length === 0) return ownNameWithoutList(context);
  if (serverName !== undefined && names.includes(serverName)) return serverName;
  if (serverName === undefined) {
    const short = hostName.split(".")[0] ?? hostName;
    const found = names.find((name) => name === hostName) ?? names.find((name) => name === short);
    if (found !== undefined) return found;
    // A file of one server can only mean this one.
    if (names.length === 1 && context.file.failover === undefined) return names[0];
  }
  const asked = serverName ?? hostName;
  const near = nearest(asked, names);
  const help = "start with `--server NAME`; the file has: ";
  const guess = near === undefined ? "" : `, did you mean \`${near}\`?`;
  context.error(
    "unknown-server",
    { key: ["servers"] },
    `there is no server \`${asked}\` in the file`,
    `${help}${names.join(", ")}${guess}`,
  );
  return undefined;
}

function ownNameWithoutList(context: Context): string | undefined {
  const { serverName, hostName } = context.options;
  const name = serverName ?? hostName.split(".")[0] ?? hostName;
  return isName(name) ? name : "server";
}

/** A-50, D-049: each server's DUID, which no start and no other network card changes; from the file, else made from name and address (T-03). */
export function duidOf(context: Context, name: string, server: FileServer | undefined): Duid {
  if (server?.duid !== undefined) return server.duid;
  return derivedDuid(context.options.sha256, name, server?.address);
}

/**
 * T-03: a DUID-UUID (type 4, RFC 6355) from SHA-256 of "name and address in the file", so that both servers
 * know both. The UUID is of version 8 (RFC 9562 §5.8).
 */
export function derivedDuid(
  sha256: (bytes: Uint8Array) => Uint8Array,
  name: string,
  address: Ipv6Address | undefined,
): Duid {
  const place = address === undefined ? "" : formatIpv6(address);
  const uuid = sha256(utf8Encode(`${name} ${place}`)).slice(0, 16);
  uuid[6] = ((uuid[6] ?? 0) & 0x0f) | 0x80;
  uuid[8] = ((uuid[8] ?? 0) & 0x3f) | 0x80;
  const duid = new Uint8Array(18);
  duid[1] = 4;
  duid.set(uuid, 2);
  return duidFromBytes(duid);
}

/** Checks what concerns all servers of the file. */
export function checkServers(context: Context, servers: ReadonlyMap<string, FileServer>): void {
  const duids = new Map<Duid, string>();
  const places = new Map<string, string>();
  for (const [name, server] of servers) {
    if (!isName(name))
      context.error(
        "bad-name",
        { key: ["servers", name] },
        `\`${name}\` is no server name`,
        "a name has 1 to 63 letters, digits, `.`, `_` and `-`",
      );
    const duid = duidOf(context, name, server);
    const twin = duids.get(duid);
    // clients and the partner tell servers apart by DUID.
    if (twin !== undefined)
      context.error(
        "same-duid",
        ["servers", name, "duid"],
        `servers \`${twin}\` and \`${name}\` have the same DUID (${formatDuid(duid)})`,
        "each server needs its own; leave `duid` out to have one made",
      );
    duids.set(duid, name);
    checkPlace(context, places, name, server);
  }
}

function checkPlace(
  context: Context,
  places: Map<string, string>,
  name: string,
  server: FileServer,
): void {
  if (server.address === undefined) return;
  const host = formatIpv6(server.address);
  const port = server.port ?? FAILOVER_PORT;
  const claims = [
    {
      key: `${host} ${port}`,
      path: ["servers", name, "address"],
      what: `address ${host} and port ${port}`,
    },
    {
      key: `${host} ${settingsPaths(server).stateDirectory}`,
      path: ["servers", name, "state-directory"],
      what: `the address ${host} and the same state-directory`,
    },
  ];
  for (const claim of claims) {
    const other = places.get(claim.key);
    if (other !== undefined)
      context.error(
        "same-place",
        claim.path,
        `servers \`${other}\` and \`${name}\` both have ${claim.what}`,
        "on one host they need different ports and directories",
      );
    places.set(claim.key, name);
  }
}

function settingsPaths(server: FileServer | undefined): {
  readonly stateDirectory: string;
  readonly controlSocket: string;
} {
  const stateDirectory = server?.["state-directory"] ?? STATE_DIRECTORY;
  const fallback =
    stateDirectory === STATE_DIRECTORY
      ? CONTROL_SOCKET
      : `${stateDirectory.replace(/\/+$/, "")}/control.sock`;
  return { stateDirectory, controlSocket: server?.["control-socket"] ?? fallback };
}

/** The settings of one server. `linkInterfaces`: what its links name, the default of its interfaces. */
export function settingsOf(
  context: Context,
  name: string,
  server: FileServer | undefined,
  linkInterfaces: readonly string[],
): ServerSettings {
  const listed = server?.interfaces ?? context.file["interfaces-config"]?.interfaces;
  const interfaces =
    listed === undefined ? linkInterfaces : elements(listed).map((element) => element.value);
  return {
    name,
    address: server?.address,
    duid: duidOf(context, name, server),
    port: server?.port ?? FAILOVER_PORT,
    listen: server?.listen ?? server?.address,
    ...settingsPaths(server),
    certificate: server?.certificate,
    key: server?.key,
    interfaces: [...new Set(interfaces)],
    unicast: elements(server?.unicast).map((element) => element.value),
    duidDerived: server?.duid === undefined,
  };
}

/** T-03: says that a made DUID hangs on the name and the address. */
export function warnDerivedDuid(
  context: Context,
  name: string,
  server: FileServer | undefined,
): void {
  if (server?.duid !== undefined) return;
  const path = server === undefined ? [] : ["servers", name];
  context.warn(
    "duid-derived",
    { key: path },
    `the DUID of \`${name}\` is made from its name and address: changing either changes it, and clients must find the server anew`,
    `to keep it, write \`duid: "${formatDuid(duidOf(context, name, server))}"\``,
  );
}
