// The other end of a lane: plays the one run that its parent orders, and cleans up when it is told to end.

import type { ChildOrder, FromChild } from "./lanes.ts";
import { play } from "./play.ts";
import type { Run } from "./run.ts";
import { variantNamed } from "./variants.ts";

export function playAsChild(): void {
  let run: Run | undefined;
  const tell = (message: FromChild) => process.send?.(message);
  const leave = async () => {
    await run?.end(false);
    process.exit(1);
  };
  process.once("SIGINT", leave);
  process.once("SIGTERM", leave);
  process.once("disconnect", leave);
  process.once("message", async (order: ChildOrder) => {
    const note = (text: string, until?: number) =>
      tell({ type: "note", text, ...(until === undefined ? {} : { until }) });
    const began = (one: Run) => {
      run = one;
    };
    const outcome = await play(variantNamed(order.variant), order, note, began);
    process.off("disconnect", leave);
    tell({ type: "outcome", outcome });
    process.disconnect();
  });
}
