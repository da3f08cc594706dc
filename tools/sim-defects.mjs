// `npm run sim:defects`: builds the simulator once for each seeded defect of sim/defects/list.ts and shows that it is
// found. A defect whose source snippet is not there any more is an error, so that the list stays true.
// `--only NAME`, `--worlds N`, `--jobs N`, `--check` (only that every snippet is found).

import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { build } from "rolldown";

const root = fileURLToPath(new URL("..", import.meta.url));
const cache = join(root, ".cache/defects");
const BASE_SEED = 5_000;

/** @typedef {{ name: string, rule: string, file: string, find: string, replace: string, worlds?: number, with?: string }} Defect */

/** @param {Defect} defect @param {string} source */
function apply(defect, source) {
  const words = defect.find.trim().split(/\s+/);
  const escaped = words.map((word) => word.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const pattern = new RegExp(escaped.join("\\s*"), "g");
  const hits = [...source.matchAll(pattern)];
  if (hits.length !== 1) {
    throw new Error(
      `${defect.name}: its snippet stands ${hits.length} times in ${defect.file}, not once`,
    );
  }
  return source.replace(pattern, () => defect.replace);
}

/** @param {Defect | undefined} defect @param {string} entry @param {string} name */
async function bundle(defect, entry, name) {
  const plugin = {
    name: "seeded-defect",
    /** @param {string} code @param {string} id */
    transform(code, id) {
      if (defect === undefined || relative(root, id) !== defect.file) return undefined;
      return { code: apply(defect, code) };
    },
  };
  await build({
    cwd: root,
    input: { [name]: entry },
    platform: "node",
    external: /^[^./]/,
    logLevel: "warn",
    plugins: [plugin],
    output: { dir: cache, format: "esm", entryFileNames: "[name].mjs" },
  });
  return join(cache, `${name}.mjs`);
}

/** @returns {Promise<readonly Defect[]>} */
async function readList() {
  const file = await bundle(undefined, "./sim/defects/list.ts", "list");
  const { DEFECTS } = await import(pathToFileURL(file).href);
  return DEFECTS;
}

/** @param {string} file @param {Defect} defect @param {string} jobs @param {string} skip */
function run(file, defect, jobs, skip) {
  const worlds = defect.worlds ?? Number(values.worlds);
  const args = [file, "--seeds", String(worlds), "--seed", String(BASE_SEED), "--jobs", jobs];
  const until = skip === "" ? [] : ["--skip", skip];
  if (defect.with !== undefined) args.push("--with", defect.with);
  const began = performance.now();
  const result = spawnSync(process.execPath, [...args, "--first", ...until], {
    cwd: root,
    encoding: "utf8",
  });
  const seconds = (performance.now() - began) / 1000;
  if (result.status !== 0 && result.status !== 1) throw new Error(result.stderr);
  const found = /^seed (\d+) FAILED: (\S+): (.*)$/m.exec(result.stdout);
  return { seconds, found };
}

/** Seeds that fail without any defect prove nothing. @param {number} worlds @param {string} jobs */
async function failingAnyway(worlds, jobs) {
  const file = await bundle(undefined, "./sim/main.ts", "sound");
  const args = ["--seeds", String(worlds), "--seed", String(BASE_SEED), "--jobs", jobs];
  const result = spawnSync(process.execPath, [file, ...args], { cwd: root, encoding: "utf8" });
  return [...result.stdout.matchAll(/^seed (\d+) FAILED/gm)].map((match) => match[1]).join(",");
}

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    worlds: { type: "string", default: "100" },
    jobs: { type: "string", default: "2" },
    check: { type: "boolean", default: false },
  },
});
mkdirSync(cache, { recursive: true });
const all = await readList();
for (const defect of all) apply(defect, readFileSync(join(root, defect.file), "utf8"));
console.log(`${all.length} seeded defects, every snippet is there`);
if (!values.check) {
  const chosen = all.filter(
    ({ name }) => values.only === undefined || values.only.split(",").includes(name),
  );
  const most = Math.max(...chosen.map((defect) => defect.worlds ?? Number(values.worlds)));
  const skip = await failingAnyway(Math.min(most, 60), values.jobs);
  if (skip !== "") console.log(`seeds that fail without a defect: ${skip}`);
  let missed = 0;
  for (const defect of chosen) {
    const file = await bundle(defect, "./sim/main.ts", defect.name);
    const { found, seconds } = run(file, defect, values.jobs, skip);
    if (found === null) missed += 1;
    const verdict = found === null ? "NOT FOUND" : `${found[2]} in seed ${found[1]}`;
    console.log(
      `${defect.name.padEnd(32)} ${verdict.padEnd(36)} ${seconds.toFixed(1).padStart(6)} s  ${defect.rule}`,
    );
  }
  console.log(`${chosen.length - missed} of ${chosen.length} defects found`);
  if (missed > 0) process.exitCode = 1;
}
