// The faults of a world's safety phase: drawn one after the other from those the scenario has switched on.

import { ambush } from "./ambush.ts";
import type { ServerName } from "./checkers/observation.ts";
import { type BootDisk, cutPartner, type FaultGround, other } from "./fault-ground.ts";
import type { LinkName } from "./network.ts";
import type { FaultKind } from "./scenario.ts";

export class Faults {
  readonly #ground: FaultGround;
  #count = 0;

  constructor(ground: FaultGround) {
    this.#ground = ground;
  }

  /** Faults that happened. */
  get count(): number {
    return this.#count;
  }

  begin(): void {
    const { prng, queue, scenario } = this.#ground;
    if (scenario.faults.length === 0) return;
    const again = (): void => {
      const wait = 1_000 - Math.log(1 - prng.fraction()) * scenario.faultInterval;
      if (queue.now + wait > scenario.safety) return;
      queue.after(wait, () => {
        this.#strike(prng.pick(scenario.faults));
        again();
      });
    };
    again();
  }

  /** One that others have brought about. */
  add(): void {
    this.#count += 1;
  }

  /** A server has entered a state, or done what an ambush waits for. */
  entered(server: ServerName, moment: string): void {
    if (ambush(this.#ground, server, moment)) this.#count += 1;
  }

  /** Short (a second), middle (some keepalives) or long (beyond the MCLT), milliseconds. */
  #duration(): number {
    const { prng, scenario } = this.#ground;
    const limit = prng.pick([
      3_000,
      scenario.keepalive * 3,
      scenario.mclt * 1_000,
      scenario.mclt * 3_000,
    ]);
    return 200 + prng.below(limit);
  }

  #server(): ServerName {
    const { prng, scenario } = this.#ground;
    return scenario.single ? "a" : prng.pick(["a", "b"] as const);
  }

  #strike(kind: FaultKind): void {
    const happened = STRIKES[kind](this.#ground, this.#server(), this.#duration());
    if (happened) this.#count += 1;
  }
}

type Strike = (ground: FaultGround, server: ServerName, duration: number) => boolean;

function crashAndBoot(how: "kill" | "power", disk: BootDisk): Strike {
  return (ground, server, duration) => {
    if (!ground.hosts[server].runs || (disk !== "kept" && !ground.mayWipe(server))) return false;
    ground.crash(server, how);
    ground.queue.after(duration, () => ground.boot(server, disk));
    return true;
  };
}

function partnerCut(ground: FaultGround, server: ServerName, duration: number): boolean {
  const { prng } = ground;
  const directions: readonly ServerName[] = prng.chance(0.6) ? ["a", "b"] : [server];
  cutPartner(ground, directions, duration);
  return true;
}

function clientCut(ground: FaultGround, server: ServerName, duration: number): boolean {
  const { network, prng, queue } = ground;
  const link: LinkName = prng.pick(["lan", "far"] as const);
  const directions = prng.pick([["in"], ["out"], ["in", "out"]] as const);
  ground.note(
    "client-cut",
    `${link} and ${server}, ${directions.join(" and ")}, for ${duration} ms`,
  );
  for (const direction of directions) {
    network.cut(link, server, direction);
    queue.after(duration, () => network.heal(link, server, direction));
  }
  return true;
}

/** The operator is sure, and right: the other machine is off. */
function partnerDownRight(ground: FaultGround, server: ServerName, duration: number): boolean {
  const { prng, queue } = ground;
  const dead = other(server);
  if (!ground.hosts[dead].runs || !ground.hosts[server].runs) return false;
  ground.crash(dead, "power");
  const told = prng.below(Math.max(1_000, duration));
  const wipe = prng.chance(0.3) && ground.scenario.faults.includes("wipe");
  queue.after(told, () => {
    if (!ground.hosts[dead].runs) ground.partnerDown(server, false);
  });
  queue.after(told + duration, () => ground.boot(dead, wipe ? "empty" : "kept"));
  return true;
}

/** The operator is sure, and wrong: the other runs, with or without contact; sometimes both operators. */
function partnerDownWrong(ground: FaultGround, server: ServerName, duration: number): boolean {
  const { prng, queue } = ground;
  if (prng.chance(0.8)) partnerCut(ground, server, duration);
  const both = prng.chance(0.4);
  queue.after(prng.below(duration), () => {
    ground.partnerDown(server, prng.chance(0.1) && ground.mayWipe(server));
  });
  if (both) queue.after(prng.below(duration), () => ground.partnerDown(other(server), false));
  return true;
}

/** The machine is gone for long, and the operator says so twice; later it comes back with its link in place. */
function reclaimRight(ground: FaultGround, server: ServerName, duration: number): boolean {
  const { prng, queue, scenario } = ground;
  const dead = other(server);
  if (!ground.hosts[dead].runs || !ground.hosts[server].runs) return false;
  ground.crash(dead, "power");
  const told = prng.below(Math.max(1_000, duration));
  const wipe = prng.chance(0.3) && ground.scenario.faults.includes("wipe");
  queue.after(told, () => {
    if (!ground.hosts[dead].runs) ground.reclaim(server, false);
  });
  const away = (scenario.mclt + prng.below(2 * scenario.valid)) * 1_000;
  queue.after(told + away, () => ground.boot(dead, wipe ? "empty" : "kept"));
  return true;
}

/** The operator says twice what is wrong: the machine runs, cut off. What that costs the checkers know. */
function reclaimWrong(ground: FaultGround, server: ServerName, duration: number): boolean {
  const { prng, queue, scenario } = ground;
  const lasts = (scenario.mclt * 2 + prng.below(scenario.valid)) * 1_000 + duration;
  cutPartner(ground, ["a", "b"], lasts);
  queue.after(prng.below(scenario.keepalive * 4), () => ground.reclaim(server, false));
  return true;
}

/** The link between the servers is cut; after a while one of them dies for long, and clients come back with nothing
 * remembered: the survivor knows less than the dead one promised. */
function survivor(ground: FaultGround, server: ServerName, duration: number): boolean {
  const { prng, queue, scenario } = ground;
  if (!ground.hosts[server].runs) return false;
  const alone = prng.pick([duration, scenario.valid * 1_000, 2 * scenario.valid * 1_000]);
  const dead = prng.pick([duration, scenario.mclt * 1_000, scenario.valid * 1_000]);
  cutPartner(ground, ["a", "b"], alone + dead);
  queue.after(alone, () => {
    ground.crash(server, prng.chance(0.5) ? "kill" : "power");
    for (let i = 0; i < 3; i++) queue.after(prng.below(dead), () => ground.reboot(0.3));
  });
  queue.after(alone + dead, () => ground.boot(server, "kept"));
  return true;
}

function blackout(ground: FaultGround): boolean {
  ground.reboot(ground.prng.pick([0.3, 1]));
  return true;
}

function mood(which: "slow" | "failing"): Strike {
  return (ground, server, duration) => {
    const host = ground.hosts[server];
    ground.note(`${which}-disk`, `${server} for ${duration} ms`);
    host.diskMood = which;
    ground.queue.after(duration, () => {
      host.diskMood = "usual";
    });
    return true;
  };
}

/** T-08: no room is left, or nearly none; later there is some again. */
function fullDisk(ground: FaultGround, server: ServerName, duration: number): boolean {
  const { disk } = ground.hosts[server];
  ground.note("full-disk", `${server} for ${duration} ms`);
  disk.capacity = disk.used + (ground.prng.chance(0.5) ? 0 : ground.prng.below(600_000));
  ground.queue.after(duration, () => {
    disk.capacity = Number.POSITIVE_INFINITY;
  });
  return true;
}

/** T-08: nothing is finished for some seconds. */
function stalledDisk(ground: FaultGround, server: ServerName, duration: number): boolean {
  const stall = Math.min(duration, 30_000);
  ground.note("stalled-disk", `${server} for ${stall} ms`);
  ground.hosts[server].stallDisk(stall);
  return true;
}

/** The process or the machine ends, and its disk has lost or changed something when it starts again. */
function rot(ground: FaultGround, server: ServerName, duration: number): boolean {
  if (!ground.hosts[server].runs || !ground.mayWipe(server)) return false;
  ground.crash(server, ground.prng.chance(0.5) ? "power" : "kill");
  ground.queue.after(duration, () => ground.boot(server, "rotten"));
  return true;
}

/** The partner's memory of a store may be a second old; a copy that is younger than that is no fault that anybody can see. */
const COPY_AGE = 10_000;

const isCut = ({ partner }: FaultGround) => partner.isCut("a") || partner.isCut("b");

/** A copy of the disk is brought back after the server went on for a while (T-07). */
function rollback(ground: FaultGround, server: ServerName, duration: number): boolean {
  const { prng, queue } = ground;
  if (!ground.inContact() || !ground.mayWipe(server)) return false;
  ground.backup(server);
  queue.after(COPY_AGE + duration, () => {
    const wasKnown = ground.inContact();
    ground.crash(server, "power");
    queue.after(1_000 + prng.below(duration), () => {
      // Out of contact nobody can tell a server that its disk is old.
      const isTold = wasKnown && ground.hosts[other(server)].runs && !isCut(ground);
      ground.boot(server, isTold ? "rolled-back" : "kept");
    });
  });
  return true;
}

const STRIKES: Readonly<Record<FaultKind, Strike>> = {
  "partner-cut": partnerCut,
  "partner-reset": (ground) => {
    ground.note("partner-reset", "all connections");
    ground.partner.reset();
    return true;
  },
  "client-cut": clientCut,
  kill: crashAndBoot("kill", "kept"),
  "power-cut": crashAndBoot("power", "kept"),
  wipe: crashAndBoot("power", "empty"),
  pause: (ground, server, duration) => {
    ground.note("pause", `${server} for ${duration} ms`);
    ground.hosts[server].pause(duration);
    return true;
  },
  "planned-stop": (ground, server, duration) => {
    if (!ground.hosts[server].runs) return false;
    ground.stop(server);
    ground.queue.after(10_000 + duration, () => ground.boot(server, "kept"));
    return true;
  },
  "partner-down-right": partnerDownRight,
  "partner-down-wrong": partnerDownWrong,
  rollback,
  "reclaim-right": reclaimRight,
  "reclaim-wrong": reclaimWrong,
  // It waits for its moment: `Faults.entered`.
  ambush: () => false,
  "full-disk": fullDisk,
  "stalled-disk": stalledDisk,
  rot,
  "slow-disk": mood("slow"),
  "disk-error": mood("failing"),
  survivor,
  blackout,
  "both-down": (ground, server, duration) => {
    for (const name of ["a", "b"] as const)
      if (ground.hosts[name].runs) ground.crash(name, "power");
    ground.queue.after(duration, () => ground.boot(server, "kept"));
    ground.queue.after(ground.prng.below(2 * duration), () => ground.boot(other(server), "kept"));
    return true;
  },
};
