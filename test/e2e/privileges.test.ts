// The pair as an ordinary user whose only privilege is CAP_NET_BIND_SERVICE, started by the command of
// docs/guides/install.md: UDP 547 and TCP 647 are opened, and a real client gets its address.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { ROOT, run, sleep, until } from "../../tools/netns/command.ts";
import { REAL_CLIENT_TIMES } from "../../tools/netns/pair-config.ts";
import { onStage } from "./stage.ts";

const NOBODY = "65534";
/** CAP_NET_BIND_SERVICE is the tenth. */
const ONLY_BIND = (1 << 10).toString(16).padStart(16, "0");

/** What stands before `tandem serve` in the guide, for a user that every machine has. */
function wrapper(): readonly string[] {
  const guide = readFileSync(join(ROOT, "docs/guides/install.md"), "utf8");
  const before = /^(setpriv .*) tandem serve --config /m.exec(guide)?.[1];
  if (before === undefined) throw new Error("docs/guides/install.md starts no server by setpriv");
  return before.replaceAll("=tandem", `=${NOBODY}`).split(" ");
}

function statusOf(pid: number | undefined): Readonly<Record<string, string>> {
  const lines = readFileSync(`/proc/${pid}/status`, "utf8").split("\n");
  return Object.fromEntries(lines.map((line) => line.split(":\t") as [string, string]));
}

onStage(
  "the pair serves as an ordinary user with CAP_NET_BIND_SERVICE and nothing else",
  ["setpriv", "ss", "dhclient"],
  {
    times: REAL_CLIENT_TIMES,
    failover: true,
    relationship: { keepalive: "4s", "startup-time": "2s" },
    wrappers: { a: wrapper(), b: wrapper() },
  },
  async (stage) => {
    run("chown", "-R", `${NOBODY}:${NOBODY}`, stage.folder);
    await stage.startPair();
    for (const { pid } of Object.values(stage.servers)) {
      expect(statusOf(pid)).toMatchObject({
        Uid: [NOBODY, NOBODY, NOBODY, NOBODY].join("\t"),
        Groups: " ",
        NoNewPrivs: "1",
        CapEff: ONLY_BIND,
        CapPrm: ONLY_BIND,
        CapBnd: ONLY_BIND,
      });
    }
    const sockets = (namespace: string) =>
      run("ip", "netns", "exec", namespace, "ss", "-6Hlntup").replaceAll(/ +/g, " ");
    expect(sockets(stage.topology.servers.a)).toMatch(/udp .*:547 /);
    expect(sockets(stage.topology.servers.b)).toMatch(/udp .*:547 /);
    expect(sockets(stage.topology.servers.b)).toMatch(/tcp .*:647 /);

    const client = await stage.client("dhclient", "lan");
    await sleep(300);
    client.start();
    await until("the client to hold an address and a prefix", 20_000, () =>
      client.addresses().length === 1 && client.prefixes().length === 1 ? true : undefined,
    );
    expect([await stage.servers.a.stop(), await stage.servers.b.stop()]).toEqual([0, 0]);
  },
);
