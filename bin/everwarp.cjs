#!/usr/bin/env node
"use strict";
// Runs the bundled command line; in a fresh clone whose `prepare` script did not run, builds it first.
const { existsSync } = require("node:fs");
const path = require("node:path");

const main = path.join(__dirname, "..", "dist", "cli", "main.cjs");
if (!existsSync(main)) {
  const { spawnSync } = require("node:child_process");
  const build = spawnSync(process.execPath, [path.join(__dirname, "..", "scripts", "build.mjs")], {
    stdio: ["ignore", 2, 2],
  });
  if (build.status !== 0) process.exit(2);
}
require(main);
