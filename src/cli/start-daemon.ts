/** Starts a daemon for the trees of a search (`--daemon auto`). */
import { existsSync } from "node:fs";
import { EverwarpError } from "../base/index.ts";
import { type RuntimeFolder, type SearchRequest, startDaemon } from "../daemon/index.ts";
import { readArguments } from "./commands/index.ts";
import { planSearch } from "./serving/index.ts";

/** Starts a daemon for the trees of a search, and does not wait for it. Where it cannot start, nothing happens. */
export function startDaemonFor(at: RuntimeFolder, request: SearchRequest): void {
  try {
    startDaemon(at, planSearch(request, readArguments)?.paths.filter((path) => existsSync(path)) ?? []);
  } catch (error) {
    // Arguments that are not understood start no daemon. The search tells what is wrong with them.
    if (!(error instanceof EverwarpError)) throw error;
  }
}
