// Captures of one interface into a pcap file by tcpdump. Times are the kernel's.

import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { sleep } from "./command.ts";
import { spawnInside } from "./namespaces.ts";

export interface Capture {
  readonly file: string;
  /** Waits for late frames, ends the capture and returns when the file is complete. */
  stop(): Promise<void>;
}

export interface CaptureOptions {
  readonly namespace: string | undefined;
  readonly interface: string;
  readonly file: string;
  /** Only what arrives at the interface: what was sent into a cut cable is not there. */
  readonly arriving?: boolean;
  /** tcpdump's filter; all DHCPv6 and failover traffic unless told. */
  readonly filter?: string;
}

const FILTER = "udp port 546 or udp port 547 or tcp port 647";

/** Starts a capture; returns when it listens. */
export async function capture(options: CaptureOptions): Promise<Capture> {
  const child = spawnInside(
    options.namespace,
    [
      ...["tcpdump", "-i", options.interface, "-w", options.file, "-U", "-s", "0", "-B", "16384"],
      ...[
        "--immediate-mode",
        ...(options.arriving === true ? ["-Q", "in"] : []),
        "-Z",
        "root",
        options.filter ?? FILTER,
      ],
    ],
    { stdio: ["ignore", "ignore", "pipe"] },
  );
  await listening(child);
  return {
    file: options.file,
    async stop() {
      await sleep(300);
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, "exit");
      child.kill("SIGINT");
      await gone;
    },
  };
}

function listening(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = "";
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`tcpdump ended with ${code}: ${text}`)));
    child.stderr?.on("data", (data: Buffer) => {
      text += data.toString();
      if (text.includes("listening on")) resolve();
    });
  });
}
