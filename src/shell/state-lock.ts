// One server a state directory (T-15). A claim is a listening socket: the kernel takes a connection to it while its
// process lives, frozen or not, in whatever namespace, and refuses one when the process is gone. Each process has a
// claim with a name of its own, so clearing away a dead one can never remove a live one, whatever the timing.

import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import net from "node:net";
import { join } from "node:path";
import { ageOf, bootId, findOldClaim } from "./old-claims.ts";
import { FolderError } from "./own-folder.ts";
import { openStateFolder, type StateFolder } from "./state-folder.ts";

/** A claim of another machine (a shared folder) or of an earlier boot cannot be asked: it counts for this long. */
const FOREIGN_MILLIS = 15_000;
const REFRESH_MILLIS = 5_000;
/** A claim that was begun has its final name long before. */
const UNFINISHED_MILLIS = 60_000;
/** Two that start in the same moment see each other; both step back and try again. */
const TRIES = 4;
/** A claim that was looked at within this is not looked at again. */
const LOOK_MILLIS = 50;
/** Of the boot's id in a claim's name. */
const BOOT_DIGITS = 8;
const SOCKET_UMASK = 0o177;

/** What a file system says that cannot hold a socket. */
const NO_SOCKETS = new Set(["EPERM", "EOPNOTSUPP", "ENOTSUP", "ENOSYS"]);
/** A longer name of a socket would be cut off without a word. */
const SOCKET_PATH_BYTES = 107;

export interface StateLock {
  readonly folder: StateFolder;
  /** Whether the claim is still in its place; looks at most every 50 ms. */
  isHeld(): boolean;
  release(): void;
}

/** Another process has the directory; the message says which. */
export class StateInUseError extends Error {
  readonly code = "state-in-use";
}

/** Opens the directory and claims it. Throws StateInUseError, FolderError, or an error of the system. */
export async function lockState(directory: string): Promise<StateLock> {
  const folder = openStateFolder(directory);
  try {
    const claim = await take(folder);
    return new HeldLock(folder, claim);
  } catch (error) {
    folder.close();
    throw error;
  }
}

async function take(folder: StateFolder): Promise<Claim> {
  const deadline = Date.now() + FOREIGN_MILLIS + REFRESH_MILLIS;
  for (let attempt = 1; ; attempt++) {
    const claim = await publish(folder);
    const other = await findOther(folder.path, claim.name).catch((error: unknown) => {
      claim.withdraw();
      throw error;
    });
    if (other === undefined) return claim;
    claim.withdraw();
    // A machine that lost power leaves a claim that only its age can tell dead: wait for that.
    const mayEnd = other.foreign ? Date.now() < deadline : attempt < TRIES;
    if (!mayEnd) throw new StateInUseError(`${folder.directory} is in use by ${other.who}`);
    await new Promise((resolve) => setTimeout(resolve, 100 + Math.random() * 300));
  }
}

interface Claim {
  readonly name: string;
  /** Device and inode of the socket. */
  readonly identity: string;
  withdraw(): void;
}

/** The claim appears under its name when it listens already: before, a connection to it would be refused. */
async function publish(folder: StateFolder): Promise<Claim> {
  const boot = bootId().slice(0, BOOT_DIGITS);
  const name = `claim.${boot}.${process.pid}.${randomBytes(8).toString("hex")}`;
  const path = join(folder.path, name);
  const server = net.createServer((socket) => socket.destroy());
  server.unref();
  const unfinished = `${path}.new`;
  if (Buffer.byteLength(unfinished) > SOCKET_PATH_BYTES) {
    throw new FolderError(
      `the name ${folder.directory} is too long`,
      "a shorter one, or mount /proc",
    );
  }
  await listen(server, unfinished).catch((error: NodeJS.ErrnoException) => {
    if (!NO_SOCKETS.has(error.code ?? "")) throw error;
    throw new FolderError(
      `the file system of ${folder.directory} holds no sockets (${error.code})`,
      "the state directory lies on a local file system",
    );
  });
  const stats = fs.lstatSync(unfinished);
  fs.renameSync(unfinished, path);
  return {
    name,
    identity: `${stats.dev} ${stats.ino}`,
    withdraw() {
      fs.rmSync(path, { force: true });
      server.close();
    },
  };
}

function listen(server: net.Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    // The socket is bound within `listen`, so it never exists with a wider mode.
    const before = process.umask(SOCKET_UMASK);
    try {
      server.listen(path, () => {
        // Connections that cannot be taken (no descriptors left) matter to nobody: the caller is told "alive" all the same.
        server.off("error", reject).on("error", () => undefined);
        resolve();
      });
    } finally {
      process.umask(before);
    }
  });
}

interface Other {
  readonly who: string;
  /** Only its age can tell whether it lives. */
  readonly foreign: boolean;
}

/** Somebody who lives, after the claims of the dead were cleared away. */
async function findOther(folder: string, own: string): Promise<Other | undefined> {
  for (const name of fs.readdirSync(folder)) {
    if (!name.startsWith("claim.") || name === own) continue;
    const path = join(folder, name);
    const life = await lifeOf(path, name);
    if (life === "dead") fs.rmSync(path, { force: true });
    else if (life !== "unknown") {
      return { who: `process ${name.split(".")[2]}`, foreign: life === "foreign" };
    }
  }
  const who = findOldClaim(folder);
  return who === undefined ? undefined : { who, foreign: true };
}

type Life = "alive" | "foreign" | "dead" | "unknown";

async function lifeOf(path: string, name: string): Promise<Life> {
  const [, boot, , , unfinished] = name.split(".");
  const answers = await isAnswered(path);
  if (answers) return "alive";
  const age = ageOf(path);
  // It may be about to listen.
  if (unfinished !== undefined) return age > UNFINISHED_MILLIS ? "dead" : "unknown";
  if (boot === bootId().slice(0, BOOT_DIGITS)) return "dead";
  return age > FOREIGN_MILLIS ? "dead" : "foreign";
}

/** Only a refusal means that nobody is there: a process that stands still may have its queue full. */
function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = net.connect(path);
    probe.on("connect", () => {
      resolve(true);
      probe.destroy();
    });
    probe.on("error", (error: NodeJS.ErrnoException) =>
      resolve(error.code !== "ECONNREFUSED" && error.code !== "ENOENT"),
    );
  });
}

class HeldLock implements StateLock {
  readonly folder: StateFolder;
  readonly #claim: Claim;
  readonly #refresh: NodeJS.Timeout;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #held = true;

  constructor(folder: StateFolder, claim: Claim) {
    this.folder = folder;
    this.#claim = claim;
    const path = join(folder.path, claim.name);
    this.#refresh = setInterval(() => {
      const now = new Date();
      fs.utimes(path, now, now, () => undefined);
    }, REFRESH_MILLIS);
    this.#refresh.unref();
  }

  /** T-15: by the folder's name, which is where the next server would look. */
  isHeld(): boolean {
    const now = performance.now();
    if (!this.#held || now - this.#lookedAt < LOOK_MILLIS) return this.#held;
    this.#lookedAt = now;
    try {
      const { dev, ino } = fs.lstatSync(join(this.folder.directory, this.#claim.name));
      this.#held = `${dev} ${ino}` === this.#claim.identity;
    } catch {
      this.#held = false;
    }
    return this.#held;
  }

  release(): void {
    clearInterval(this.#refresh);
    this.#claim.withdraw();
    this.folder.close();
  }
}
