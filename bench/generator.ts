// The load generator of the benchmark as a process of its own, so that its work does not slow the measuring one.
// It takes runs and answers with results over the channel of its parent.

import { OpenLoop, type RunOptions } from "./load/open-loop.ts";

const loop = new OpenLoop(Number(process.argv[2] ?? 1));
await loop.open();
process.on("message", async (options: RunOptions) => {
  process.send?.(await loop.run(options));
});
process.on("disconnect", () => loop.close());
process.send?.("ready");
