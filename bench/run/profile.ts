// Where the time goes: V8's CPU profile of a server, by function of the source, the most expensive first.

import { readdirSync, readFileSync } from "node:fs";
import { SourceMap, type SourceMapPayload } from "node:module";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ROOT } from "../../tools/netns/command.ts";

interface ProfileNode {
  readonly id: number;
  readonly children?: readonly number[];
  readonly callFrame: {
    readonly functionName: string;
    readonly url: string;
    readonly lineNumber: number;
    readonly columnNumber: number;
  };
}

interface CpuProfile {
  readonly nodes: readonly ProfileNode[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

export interface Cost {
  readonly where: string;
  /** Shares of the time in which the thread did anything: in the function itself, and with all that it calls. */
  readonly self: number;
  readonly whole: number;
}

/** What a server needs to be told to write a profile into `folder` when it ends. */
export function profilingOptions(folder: string): string {
  return `--cpu-prof --cpu-prof-interval=500 --cpu-prof-dir=${folder}`;
}

/** Functions by the time spent in themselves. */
export function costs(folder: string, pid: number): readonly Cost[] {
  const file = readdirSync(folder).find((name) => name.split(".")[3] === String(pid));
  if (file === undefined) throw new Error(`no profile of process ${pid} in ${folder}`);
  const profile = JSON.parse(readFileSync(join(folder, file), "utf8")) as CpuProfile;
  const { self, whole } = new Tally(profile).byFunction();
  const total = [...self.values()].reduce((sum, value) => sum + value, 0);
  return [...self]
    .map(([where, time]) => ({
      ...{ where, self: time / total },
      whole: (whole.get(where) ?? 0) / total,
    }))
    .sort((one, other) => other.self - one.self);
}

class Tally {
  readonly #profile: CpuProfile;
  readonly #nodes: ReadonlyMap<number, ProfileNode>;
  readonly #spent = new Map<number, number>();
  readonly #names = sourceNames();
  readonly #self = new Map<string, number>();
  readonly #whole = new Map<string, number>();

  constructor(profile: CpuProfile) {
    this.#profile = profile;
    this.#nodes = new Map(profile.nodes.map((node) => [node.id, node]));
    for (const [i, id] of profile.samples.entries()) {
      this.#spent.set(id, (this.#spent.get(id) ?? 0) + (profile.timeDeltas[i] ?? 0));
    }
  }

  byFunction(): { self: ReadonlyMap<string, number>; whole: ReadonlyMap<string, number> } {
    const [root] = this.#profile.nodes;
    if (root !== undefined) this.#walk(root, new Set());
    for (const name of ["(idle)", "(root)"]) {
      this.#self.delete(name);
      this.#whole.delete(name);
    }
    return { self: this.#self, whole: this.#whole };
  }

  /** Time of a call and all below it; a function that is on the stack already is not counted again. */
  #walk(node: ProfileNode, above: ReadonlySet<string>): number {
    const name = this.#names(node.callFrame);
    const own = this.#spent.get(node.id) ?? 0;
    const path = above.has(name) ? above : new Set([...above, name]);
    let time = own;
    for (const id of node.children ?? []) {
      const child = this.#nodes.get(id);
      if (child !== undefined) time += this.#walk(child, path);
    }
    this.#self.set(name, (this.#self.get(name) ?? 0) + own);
    if (!above.has(name)) this.#whole.set(name, (this.#whole.get(name) ?? 0) + time);
    return time;
  }
}

/** Time by folder of the source, and everything that is not ours by its name. */
function byFolder(found: readonly Cost[]): readonly (readonly [string, number])[] {
  const folders = new Map<string, number>();
  for (const { where, self } of found) {
    const folder =
      /^(?:src|bench)\/(?:.*\/)?(?=[^/]+\.ts:)/.exec(where)?.[0] ?? "node and the kernel";
    const name = where.startsWith("(") ? where : folder;
    folders.set(name, (folders.get(name) ?? 0) + self);
  }
  return [...folders].sort(([, one], [, other]) => other - one);
}

/** The tables of a profile, as text. */
export function profileText(found: readonly Cost[], lines: number): string {
  const percent = (share: number) => `${(share * 100).toFixed(1).padStart(6)} %`;
  const bySelf = found.slice(0, lines);
  const byWhole = [...found].sort((one, other) => other.whole - one.whole).slice(0, lines);
  const folders = byFolder(found).filter(([, share]) => share >= 0.005);
  return [
    ...folders.map(([name, share]) => `${percent(share)}  ${name}`),
    "itself   with what it calls",
    ...bySelf.map(({ where, self, whole }) => `${percent(self)} ${percent(whole)}  ${where}`),
    "the same, ordered by the second column",
    ...byWhole.map(({ where, self, whole }) => `${percent(self)} ${percent(whole)}  ${where}`),
  ].join("\n");
}

/** A bundle's places as places of the source. */
function sourceNames(): (frame: ProfileNode["callFrame"]) => string {
  const maps = new Map<string, SourceMap>();
  return ({ functionName, url, lineNumber, columnNumber }) => {
    const name = functionName === "" ? "(anonymous)" : functionName;
    const ours = url.startsWith(`file://${ROOT}/dist/`);
    if (!ours) return url === "" ? name : `${basename(url)} ${name}`;
    const map = maps.get(url) ?? readMap(url);
    maps.set(url, map);
    const entry = map.findEntry(lineNumber, columnNumber);
    if (!("originalSource" in entry)) return name;
    const source = entry.originalSource.replace(/^(\.\.\/)+/, "");
    return `${source}:${entry.originalLine + 1} ${name}`;
  };
}

function readMap(url: string): SourceMap {
  const payload = readFileSync(`${fileURLToPath(url)}.map`, "utf8");
  return new SourceMap(JSON.parse(payload) as SourceMapPayload);
}
