// A second host claims the relationship: a server that calls itself the primary, with keys of its own.

import { join } from "node:path";
import { expect, test } from "vitest";
import { sleep } from "../../tools/netns/command.ts";
import { makeDaemon } from "../../tools/netns/pair-config.ts";
import { certificatesFor } from "./kills/certificates.ts";
import { onLoopback } from "./loopback.ts";

const TIMES = { mclt: 30, valid: 90, preferred: 60 };
const RELATIONSHIP = { keepalive: "5s", "startup-time": "1s", "connect-retry": "300ms" };

test.concurrent("R7031-41 R7031-15: an impostor with other keys is refused, and the pair stays in NORMAL", async () => {
  const tls = certificatesFor();
  const options = { times: TIMES, failover: true, relationship: RELATIONSHIP, tls };
  await onLoopback(options, async (loopback) => {
    await loopback.startPair(30_000);
    const folder = join(loopback.folder, "impostor");
    const others = certificatesFor();
    const { ports } = loopback;
    // The impostor knows the secondary's address and fingerprint; it lacks the primary's key.
    const impostor = makeDaemon(
      {
        ...options,
        ...{ folder, loopback: true, tls: { a: others.a, b: tls.b } },
        ports: { ...ports, clientsA: ports.clientsA + 2, failoverA: ports.failoverA + 2 },
      },
      "a",
      { namespace: undefined },
    );
    loopback.closing(() => void impostor.kill());
    await impostor.start();
    await sleep(6_000);
    await loopback.inState("NORMAL", ["a", "b"], 1_000);
    for (const name of ["a", "b"] as const) {
      expect(loopback.logOf(name)).not.toContain('"from":"NORMAL"');
    }
    const seen = await impostor.ask("/v1/failover");
    expect(JSON.stringify(seen)).toContain('"communications":"failed"');
  });
});
