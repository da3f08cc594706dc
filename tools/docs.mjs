// `npm run docs`: writes the pages of docs/reference from the source; `--check` compares and changes nothing.
// Each tools/docs/<name>.ts exports `path` (where the page goes) and `generate(root)` (its Markdown).

import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "rolldown";

const root = fileURLToPath(new URL("..", import.meta.url));
// Inside the project, so that the bundles find its packages.
const cache = join(root, ".cache/docs");
const check = process.argv.includes("--check");

/** @typedef {{ path: string, generate: (root: string) => string | Promise<string> }} Generator */

/** @param {readonly string[]} names @returns {Promise<Generator[]>} */
async function load(names) {
  rmSync(cache, { recursive: true, force: true });
  await build({
    cwd: root,
    input: Object.fromEntries(names.map((name) => [name, `./tools/docs/${name}.ts`])),
    platform: "node",
    external: /^[^./]/,
    logLevel: "warn",
    output: {
      dir: cache,
      format: "esm",
      entryFileNames: "[name].mjs",
      chunkFileNames: "[name]-part.mjs",
    },
  });
  return Promise.all(names.map((name) => import(pathToFileURL(join(cache, `${name}.mjs`)).href)));
}

/** @param {string} path */
function current(path) {
  try {
    return readFileSync(join(root, path), "utf8");
  } catch {
    return undefined;
  }
}

const names = readdirSync(join(root, "tools/docs"))
  .filter((file) => file.endsWith(".ts"))
  .map((file) => file.slice(0, -".ts".length));
const stale = [];
for (const { path, generate } of await load(names)) {
  const text = await generate(root);
  if (current(path) === text) continue;
  stale.push(path);
  if (check) continue;
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}
if (check && stale.length > 0) {
  console.error(`not up to date: ${stale.join(", ")}; run: npm run docs`);
  process.exitCode = 1;
} else if (!check) {
  console.log(stale.length === 0 ? "docs/reference is up to date" : `written: ${stale.join(", ")}`);
}
