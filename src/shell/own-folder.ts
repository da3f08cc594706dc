// Folders that the server writes into. A server that runs as root must not write through somebody's link, into
// somebody's folder, or change the mode of what its file names by mistake.

import * as fs from "node:fs";

const FOLDER_MODE = 0o700;
/** Group and others may write. */
const WRITABLE_BY_OTHERS = 0o022;
/** In such a folder nobody can replace what is another's (/tmp). */
const STICKY = 0o1000;
const ROOT = 0;

/** A folder or file that is not used, and what to do about it. */
export class FolderError extends Error {
  readonly code = "folder";
  readonly hint: string;

  constructor(message: string, hint: string) {
    super(message);
    this.hint = hint;
  }
}

/** Opens a folder that belongs to this user alone; makes it when it is missing. The mode of one that exists is never
 * changed. Returns its descriptor. */
export function openOwnFolder(path: string): number {
  const fd = openFolder(path);
  try {
    const { mode, uid } = fs.fstatSync(fd);
    const own = process.geteuid?.() ?? uid;
    if (uid !== own) throw notOwn(path, uid, own);
    if ((mode & WRITABLE_BY_OTHERS) !== 0) throw writable(path);
    return fd;
  } catch (error) {
    fs.closeSync(fd);
    throw error;
  }
}

/** A folder in which this user's files cannot be replaced by others: its own, or root's. */
export function checkSharedFolder(path: string): void {
  const fd = openFolder(path);
  try {
    const { mode, uid } = fs.fstatSync(fd);
    const own = process.geteuid?.() ?? uid;
    if (uid !== own && uid !== ROOT) throw notOwn(path, uid, own);
    if ((mode & WRITABLE_BY_OTHERS) !== 0 && (mode & STICKY) === 0) throw writable(path);
  } finally {
    fs.closeSync(fd);
  }
}

/** What a folder of files is expected to hold is this user's own regular file, and no link. */
export function checkOwnFile(folder: string, name: string, stats: fs.Stats): void {
  const path = `${folder}/${name}`;
  const own = process.geteuid?.() ?? stats.uid;
  if (stats.isSymbolicLink() || !(stats.isFile() || stats.isSocket())) {
    throw new FolderError(`${path} is ${kindOf(stats)} and no file`, "move it away");
  }
  if (stats.uid !== own) throw notOwn(path, stats.uid, own);
}

function openFolder(path: string): number {
  const stats = fs.lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) fs.mkdirSync(path, { recursive: true, mode: FOLDER_MODE });
  else if (!stats.isDirectory()) {
    throw new FolderError(`${path} is ${kindOf(stats)} and no folder`, "name the folder itself");
  }
  const { O_DIRECTORY, O_NOFOLLOW, O_RDONLY } = fs.constants;
  return fs.openSync(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
}

function kindOf(stats: fs.Stats): string {
  if (stats.isSymbolicLink()) return "a link";
  if (stats.isDirectory()) return "a folder";
  return stats.isFile() ? "a file" : "a device, pipe or socket";
}

function notOwn(path: string, uid: number, own: number): FolderError {
  return new FolderError(
    `${path} belongs to user ${uid}, and this process runs as user ${own}`,
    "run it as the owner, or change the owner (chown)",
  );
}

function writable(path: string): FolderError {
  return new FolderError(`others may write in ${path}`, `chmod go-w ${path}`);
}
