// A process that does nothing but take CPU time: as much as it is told to, a little each millisecond. Beside the single
// server it stands for the partner, which on one machine takes its time from the server that is measured.

const TICK_MILLIS = 1;

let timer: NodeJS.Timeout | undefined;

/** `share` of one CPU, 0 to 1; with 0 it sleeps, so that it disturbs no other measurement. */
function work(share: number): void {
  clearInterval(timer);
  if (share === 0) return;
  let before = performance.now();
  timer = setInterval(() => {
    const now = performance.now();
    const until = now + Math.min(now - before, 50) * share;
    before = now;
    while (performance.now() < until);
  }, TICK_MILLIS);
}

process.on("message", work);
process.on("disconnect", () => process.exit());
process.send?.("ready");
