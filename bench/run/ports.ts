// Ports of ::1 that nobody uses at the moment.

import { createSocket } from "node:dgram";
import { createServer } from "node:net";

export function freePort(type: "udp" | "tcp"): Promise<number> {
  return new Promise((resolve, reject) => {
    if (type === "udp") {
      const probe = createSocket("udp6").once("error", reject);
      probe.bind(0, "::1", () => {
        const { port } = probe.address();
        probe.close(() => resolve(port));
      });
      return;
    }
    const probe = createServer().once("error", reject);
    probe.listen(0, "::1", () => {
      const address = probe.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      probe.close(() => resolve(port));
    });
  });
}
