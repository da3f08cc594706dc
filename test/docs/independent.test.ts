// The two independent servers of docs/guides/when-not.md, as the page has them, with failover off.

import { describe, expect, it } from "vitest";
import { formatIpv6 } from "../../src/core/model/ipv6.ts";
import { firstOption, option } from "../../src/core/wire/options.ts";
import { type Answer, TestClient } from "../support/client.ts";
import { configFor, EPOCH, Host } from "../support/pair.ts";
import { na } from "../support/requests.ts";
import { readPage } from "./guide.ts";

const NO_BINDING = 3;

const blocks = readPage("docs/guides/when-not.md");

function server(name: string): Host {
  const text = blocks.find(({ file }) => file === `${name}.yaml`)?.body ?? "";
  const host = new Host(name, configFor(name, text.replaceAll("eth0", "lan")));
  host.start(EPOCH);
  return host;
}

function preferenceOf(answer: Answer | undefined): number {
  return firstOption(answer?.options ?? [], "PREFERENCE")?.value ?? 0;
}

/** What a client does with the servers that are there: the ADVERTISE with the highest preference, then REQUEST. */
function lease(servers: readonly Host[], number: number, now: number) {
  const offers = servers.map((host) => {
    const client = new TestClient(host, number);
    return { client, offer: client.send("SOLICIT", [na(1)], now) };
  });
  const [best] = offers.sort((a, b) => preferenceOf(b.offer) - preferenceOf(a.offer));
  const duid = best?.offer?.serverId;
  if (best === undefined || duid === undefined) throw new Error("nobody answered");
  const reply = best.client.send("REQUEST", [option("SERVERID", { duid }), na(1)], now);
  const address = reply?.leases[0]?.address;
  if (address === undefined) throw new Error("no address");
  return { host: servers.find((each) => each.config.server.duid === duid)?.name, address };
}

describe("two independent servers with split prefixes", () => {
  it("a client takes the server with the higher preference, and the other one when that fails (R7031-36, R7031-37)", () => {
    const [east, west] = [server("east"), server("west")];
    for (let number = 1; number <= 20; number++) {
      expect(lease([west, east], number, EPOCH).host).toBe("east");
      expect(lease([west], number + 100, EPOCH).host).toBe("west");
    }
  });

  it("both serve one /64 without failover, from halves that do not meet (R7031-27)", () => {
    const [east, west] = [server("east"), server("west")];
    expect([east.config.relationships, west.config.relationships]).toEqual([[], []]);
    for (let number = 1; number <= 50; number++) {
      expect(formatIpv6(lease([east], number, EPOCH).address)).toMatch(
        /^2001:db8:1::1:[0-7]?[0-9a-f]{1,3}$/,
      );
      expect(formatIpv6(lease([west], number, EPOCH).address)).toMatch(
        /^2001:db8:1::1:[89a-f][0-9a-f]{3}$/,
      );
    }
  });

  it("what is lost: the other server does not know the lease, and gives another address (R7031-27)", () => {
    const [east, west] = [server("east"), server("west")];
    const { address } = lease([west, east], 1, EPOCH);
    const later = EPOCH + 2_700_000;
    const rebound = new TestClient(west, 1).send("REBIND", [na(1, formatIpv6(address))], later);
    expect(rebound).toMatchObject({ status: NO_BINDING, leases: [] });
    const other = lease([west], 1, later);
    expect(other.host).toBe("west");
    expect(other.address).not.toBe(address);
  });
});
