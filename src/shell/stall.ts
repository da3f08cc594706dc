// Notices when the event loop stood still (T-06 (3)): what then waits in a socket's buffer is of
// unknown age to an adapter without time stamps.

import type { ClockSource } from "./clock.ts";

/** T-06 (3): a gap of the loop of more than this makes the age of what is read next unknown. */
const STALL_MILLIS = 1_000;
/** How often the watch looks when nothing else happens; well below the limit. */
const LOOK_MILLIS = 200;

export interface StallWatch {
  /** To be called whenever a callback of the adapter begins to run. */
  touch(): void;
  stop(): void;
}

/** `onStall` gets the length of the gap in milliseconds, before what was read after it is looked at. */
export function watchStalls(onStall: (gap: number) => void, source: ClockSource): StallWatch {
  let monotonic = source.monotonic();
  let wall = source.wall();
  const touch = (): void => {
    const thisMonotonic = source.monotonic();
    const thisWall = source.wall();
    // A machine that slept moves the wall clock only, so both are looked at.
    const gap = Math.max(thisMonotonic - monotonic, thisWall - wall);
    monotonic = thisMonotonic;
    wall = thisWall;
    if (gap > STALL_MILLIS) onStall(Math.round(gap));
  };
  const timer = setInterval(touch, LOOK_MILLIS);
  timer.unref();
  return { touch, stop: () => clearInterval(timer) };
}
