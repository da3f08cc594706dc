// The state directory: opened once, without following a link, and used through its descriptor from then on, so that
// nobody can put another folder in its place. What is no folder of Tandem's is refused before anything is written.

import * as fs from "node:fs";
import { join } from "node:path";
import { parseFileName } from "../core/store/file-names.ts";
import { checkOwnFile, FolderError, openOwnFolder } from "./own-folder.ts";

export interface StateFolder {
  /** As the configuration names it. */
  readonly directory: string;
  /** The same folder through its descriptor: short, and it stays this folder. */
  readonly path: string;
  close(): void;
}

/** Files of the store, claims of processes, and what may have been left unfinished by either. */
const OURS = /^(?:(?:log|snapshot)-\d{16}|head$|head\.|claim\.|lock\.)/;
const NUMBERED = /^(?:log|snapshot)-\d{16}(?:\.tmp)?$/;
/** The root of a file system of its own. */
const NOT_FOREIGN = new Set(["lost+found"]);

/** Opens it, and makes it (0700) when it is missing. Throws FolderError, or an error of the system. */
export function openStateFolder(directory: string): StateFolder {
  const fd = openOwnFolder(directory);
  try {
    checkContents(directory);
  } catch (error) {
    fs.closeSync(fd);
    throw error;
  }
  const path = `/proc/self/fd/${fd}`;
  return {
    directory,
    // Without /proc the folder is used by its name.
    path: fs.existsSync(path) ? path : directory,
    close: () => fs.closeSync(fd),
  };
}

function checkContents(directory: string): void {
  const names = fs.readdirSync(directory);
  const ours = names.filter((name) => OURS.test(name));
  const foreign = names.find((name) => !OURS.test(name) && !NOT_FOREIGN.has(name));
  if (ours.length === 0 && foreign !== undefined) {
    throw new FolderError(
      `${directory} holds other things (${foreign}) and no leases`,
      "`state-directory` names a folder that is Tandem's alone: an empty or a missing one at first",
    );
  }
  for (const name of ours) {
    if (NUMBERED.test(name) && parseFileName(name) === undefined) {
      throw new FolderError(`${join(directory, name)} is no file of Tandem's`, "move it away");
    }
    const stats = fs.lstatSync(join(directory, name), { throwIfNoEntry: false });
    if (stats !== undefined) checkOwnFile(directory, name, stats);
  }
}
