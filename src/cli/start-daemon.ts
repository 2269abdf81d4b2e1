/** Starts a daemon that outlives the search that wanted it (`--daemon auto`). */
import { spawn } from "node:child_process";
import { closeSync, existsSync } from "node:fs";
import { EverwarpError } from "../base/index.ts";
import { openDaemonLog, type RuntimeFolder, type SearchRequest, type SearchScope } from "../daemon/index.ts";
import { readArguments } from "./commands/index.ts";
import { searchScope } from "./serving/index.ts";

/** A daemon that was started by a search ends when it was not used for so long. */
const IDLE_MINUTES = 30;

/** Starts a daemon for the trees of a search, and does not wait for it. Where it cannot start, nothing happens. */
export function startDaemon(at: RuntimeFolder, request: SearchRequest): void {
  const trees = scopeOf(request)?.paths.filter((path) => existsSync(path)) ?? [];
  const [, program] = process.argv;
  if (trees.length === 0 || program === undefined) return;
  const log = openDaemonLog(at);
  if (log === undefined) return;
  const words = [program, "serve", "--idle-minutes", String(IDLE_MINUTES), "--", ...trees];
  const child = spawn(process.execPath, words, {
    cwd: "/",
    detached: true,
    stdio: ["ignore", "ignore", log],
  });
  closeSync(log);
  child.on("error", () => undefined); // the search goes on without a daemon, as it would have without us
  child.unref();
}

/** Arguments that are not understood start no daemon. The search tells what is wrong with them. */
function scopeOf(request: SearchRequest): SearchScope | undefined {
  try {
    return searchScope(request, readArguments);
  } catch (error) {
    if (error instanceof EverwarpError) return undefined;
    throw error;
  }
}
