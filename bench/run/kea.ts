import type { Subject } from "./measure.ts";

export async function startKea(): Promise<{ subject: Subject; end(): Promise<void> }> {
  throw new Error("not yet");
}
