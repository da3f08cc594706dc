#!/usr/bin/env node
// The command `tandem`: loads the bundle that `npm ci` has built, or says how to build it.

import { existsSync } from "node:fs";

const bundle = new URL("../dist/main.js", import.meta.url);

if (existsSync(bundle)) {
  process.setSourceMapsEnabled(true);
  await import(bundle.href);
} else {
  console.error("tandem: dist/main.js is not there. Build it in the folder of the package: npm ci");
  process.exitCode = 1;
}
