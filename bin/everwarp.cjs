#!/usr/bin/env node
"use strict";
// Runs the bundled command line; in a fresh clone whose `prepare` script did not run, builds it first.
const { existsSync, mkdirSync } = require("node:fs");
const path = require("node:path");

const main = path.join(__dirname, "..", "dist", "cli", "main.cjs");
if (!existsSync(main)) {
  const { spawnSync } = require("node:child_process");
  const build = spawnSync(process.execPath, [path.join(__dirname, "..", "scripts", "build.mjs")], {
    stdio: ["ignore", 2, 2],
  });
  if (build.status !== 0) process.exit(2);
}
keepCompiledCode();
require(main);

/**
 * From Node 22 on, Node keeps what it compiled for the next start, where the user has a folder for caches. That saves
 * some 7 ms a start.
 */
function keepCompiledCode() {
  const { enableCompileCache } = require("node:module");
  const { XDG_CACHE_HOME = "", HOME = "", EVERWARP_PROGRAM_CACHE } = process.env;
  const caches = path.isAbsolute(XDG_CACHE_HOME) ? XDG_CACHE_HOME : path.join(HOME, ".cache");
  if (enableCompileCache === undefined || EVERWARP_PROGRAM_CACHE === "off" || !path.isAbsolute(caches))
    return;
  const folder = path.join(caches, "everwarp", "compiled");
  // Node would make the folder with a recursive mkdir, which does not end below some file systems.
  for (const each of [caches, path.dirname(folder), folder]) {
    try {
      if (!existsSync(each)) mkdirSync(each, { mode: 0o700 });
    } catch {
      return;
    }
  }
  enableCompileCache(folder);
}
