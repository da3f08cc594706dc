// Every file in examples/ loads without an error on each of its servers, and compiles to what it says.

import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { loadConfig } from "../../src/core/config/load.ts";
import type { CompiledConfig } from "../../src/core/config/types.ts";
import { formatDuid } from "../../src/core/model/duid.ts";
import { formatIpv6, formatPrefix } from "../../src/core/model/ipv6.ts";

const folder = fileURLToPath(new URL("../../examples/", import.meta.url));

const SERVERS: Readonly<Record<string, readonly string[]>> = {
  "pair-plain-lab.yaml": ["a", "b"],
  "pair.yaml": ["dhcp-a", "dhcp-b"],
  "prefix-delegation.yaml": ["dhcp-a", "dhcp-b"],
  "relay-only.yaml": ["east", "west"],
  "shared-network.yaml": ["dhcp-a"],
  "single-server.yaml": ["dhcp-a"],
};

const WARNINGS: Readonly<Record<string, readonly string[]>> = {
  "pair-plain-lab.yaml": ["short-times", "plain"],
};

function load(name: string, serverName: string) {
  return loadConfig(readFileSync(join(folder, name), "utf8"), {
    hostName: "elsewhere",
    serverName,
    fileName: name,
    sha256: (bytes) => new Uint8Array(createHash("sha256").update(bytes).digest()),
  });
}

test("every example is tested here", () => {
  const files = readdirSync(folder).filter((name) => name.endsWith(".yaml"));
  expect(files.sort()).toEqual(Object.keys(SERVERS).sort());
});

describe.each(Object.entries(SERVERS))("%s", (name, servers) => {
  test.each(servers)("as %s: no errors, and only the warnings it means to show", (server) => {
    const { config, problems } = load(name, server);
    expect(problems.map((problem) => problem.code)).toEqual(WARNINGS[name] ?? []);
    expect(config?.server.name).toBe(server);
  });

  test.each(servers)("as %s: compiles to the same as ever", (server) => {
    const { config } = load(name, server);
    expect(config && readable(config)).toMatchSnapshot();
  });
});

/** The configuration with its values in the form that people read. */
function readable(config: CompiledConfig): unknown {
  const { index: _index, server, links, relationships, globalOptions, ...rest } = config;
  expect([config, links, server].every(Object.isFrozen)).toBe(true);
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
  const options = (map: CompiledConfig["globalOptions"]) =>
    [...map.values()].map((option) => `${option.code}: ${hex(option.data)}`);
  return {
    ...rest,
    server: {
      ...server,
      address: server.address && formatIpv6(server.address),
      listen: server.listen && formatIpv6(server.listen),
      duid: formatDuid(server.duid),
      unicast: server.unicast.map((socket) => `[${formatIpv6(socket.address)}]:${socket.port}`),
    },
    relationships: relationships.map(({ partner, ...relationship }) => ({
      ...relationship,
      partner: { ...partner, address: formatIpv6(partner.address), duid: formatDuid(partner.duid) },
    })),
    globalOptions: options(globalOptions),
    links: links.map((link) => ({
      ...link,
      relayAddresses: link.relayAddresses.map(formatIpv6),
      subnets: link.subnets.map((subnet) => ({
        ...subnet,
        prefix: formatPrefix(subnet.prefix),
        pools: subnet.pools.map((pool) => `${formatIpv6(pool.first)} - ${formatIpv6(pool.last)}`),
        prefixPools: subnet.prefixPools.map(
          (pool) => `${formatPrefix(pool.prefix)} as /${pool.delegatedLength}`,
        ),
        options: options(subnet.options),
      })),
    })),
  };
}
