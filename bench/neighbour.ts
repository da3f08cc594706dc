// A process that does nothing but take CPU time: as much as it is told to, a little each millisecond. Beside the single
// server it stands for the partner, which on one machine takes its time from the server that is measured.

const TICK_MILLIS = 1;

/** Share of one CPU, 0 to 1. */
let share = 0;
let before = performance.now();

function spin(): void {
  const now = performance.now();
  const until = now + Math.min(now - before, 50) * share;
  before = now;
  while (performance.now() < until);
}

setInterval(spin, TICK_MILLIS);
process.on("message", (told: number) => {
  share = told;
});
process.on("disconnect", () => process.exit());
process.send?.("ready");
