// Bundles the entries into dist/ (about half a second). Runs at `npm ci` and before the tests.
// Exits 0 where nothing can be built (`npm ci --omit=dev` has no bundler), so that an install never fails.

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Entry → its file in dist/. Packages stay outside; Tandem's own code is one file an entry. */
function entries() {
  const found = [
    { name: "main", entry: "src/main.ts" },
    { name: "sim", entry: "sim/main.ts" },
    { name: "e2e/kills", entry: "test/e2e/kills/main.ts" },
  ];
  // Every program directly in these folders; their parts live in folders below.
  for (const folder of ["tools", "bench"]) {
    for (const file of readdirSync(join(root, folder))) {
      if (!file.endsWith(".ts") || file.endsWith(".d.ts")) continue;
      found.push({ name: `${folder}/${file.slice(0, -3)}`, entry: `${folder}/${file}` });
    }
  }
  return found;
}

/** @returns {Promise<typeof import("rolldown") | undefined>} */
async function bundler() {
  try {
    return await import("rolldown");
  } catch (error) {
    const { code } = /** @type {NodeJS.ErrnoException} */ (error);
    if (code !== "ERR_MODULE_NOT_FOUND") throw error;
    return undefined;
  }
}

/** @param {typeof import("rolldown")} rolldown @param {{ name: string, entry: string }} target */
async function bundle(rolldown, { name, entry }) {
  if (!existsSync(join(root, entry))) {
    console.log(`prepare: ${entry} does not exist, not bundled`);
    return;
  }
  await rolldown.build({
    cwd: root,
    input: { [name]: `./${entry}` },
    platform: "node",
    external: /^[^./]/,
    logLevel: "warn",
    output: {
      dir: join(root, "dist"),
      format: "esm",
      sourcemap: true,
      entryFileNames: "[name].js",
      chunkFileNames: `${name}-[name].js`,
    },
  });
}

const rolldown = await bundler();
if (rolldown === undefined) {
  console.log("prepare: rolldown is not installed (production install), dist/ is left as it is");
} else {
  await Promise.all(entries().map((target) => bundle(rolldown, target)));
}
