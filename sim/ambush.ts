// Faults that wait for a rare moment: a server has just entered a state that lasts a moment only, and then its link is
// cut, somebody crashes, or an operator gives a command; or it has put a declined address back into use, and its answer
// is lost. Chance alone would need thousands of worlds for each.

import type { ServerName } from "./checkers/observation.ts";
import { cutPartner, type FaultGround, other } from "./fault-ground.ts";

const RARE: ReadonlySet<string> = new Set([
  "RECOVER",
  "RECOVER-WAIT",
  "RECOVER-DONE",
  "POTENTIAL-CONFLICT",
  "RESOLUTION-INTERRUPTED",
  "CONFLICT-DONE",
]);

/** A moment that is no state. */
export const RESET_ACCEPTED = "RESET accepted";

const CHANCE = 0.25;
/** There are many of them. */
const CHANCE_OF_RESET = 0.02;

/** `moment`: the state that `server` has entered, or `RESET_ACCEPTED`. True when something will happen to it or its
 * partner. */
export function ambush(ground: FaultGround, server: ServerName, moment: string): boolean {
  const { prng, queue, scenario } = ground;
  if (!scenario.faults.includes("ambush")) return false;
  const isReset = moment === RESET_ACCEPTED;
  if (!isReset && !RARE.has(moment)) return false;
  if (!prng.chance(isReset ? CHANCE_OF_RESET : CHANCE)) return false;
  const victim = prng.chance(0.5) ? server : other(server);
  const wait = isReset ? 0 : prng.pick([0, 5, 200, scenario.keepalive]);
  const lasts = 500 + prng.below(prng.pick([2_000, 3 * scenario.keepalive, scenario.mclt * 2_000]));
  const act = isReset ? cut : prng.pick([crash, command, command, cut]);
  queue.after(wait, act(ground, victim, lasts));
  return true;
}

type Act = (ground: FaultGround, victim: ServerName, lasts: number) => () => void;

const crash: Act = (ground, victim, lasts) => () => {
  ground.crash(victim, ground.prng.chance(0.5) ? "kill" : "power");
  ground.queue.after(lasts, () => ground.boot(victim, "kept"));
};

const cut: Act = (ground, _victim, lasts) => () => cutPartner(ground, ["a", "b"], lasts);

/** Wrong while the partner runs: T-01 makes it harmless. Force is not used where a database was lost: it says that the
 * partner will never come back. */
const command: Act = (ground, victim, lasts) => () => {
  const { prng, queue, scenario } = ground;
  cut(ground, victim, lasts + 2 * scenario.keepalive)();
  const declare = (name: ServerName) =>
    queue.after(prng.pick([0, scenario.keepalive]) + prng.below(lasts), () =>
      ground.partnerDown(name, ground.mayWipe(name)),
    );
  declare(victim);
  if (prng.chance(0.3)) declare(other(victim));
};
