/** Starts a daemon that outlives the program that wanted it. */
import { spawn } from "node:child_process";
import { closeSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../../base/index.ts";
import type { RuntimeFolder } from "../protocol/index.ts";
import { openDaemonLog } from "./daemon-log.ts";

/** A daemon that nobody started by hand ends when it was not used for so long. */
const IDLE_MINUTES = 30;

/**
 * Starts a daemon, and does not wait for it. Where it cannot start, nothing happens.
 * @param trees absolute paths that exist
 */
export function startDaemon(at: RuntimeFolder, trees: readonly string[]): void {
  if (trees.length === 0) return;
  const log = openDaemonLog(at);
  if (log === undefined) return;
  const program = join(packageRoot(), "bin", "everwarp.cjs");
  const words = [program, "serve", "--idle-minutes", String(IDLE_MINUTES), "--", ...trees];
  const child = spawn(process.execPath, words, {
    cwd: "/",
    detached: true,
    stdio: ["ignore", "ignore", log],
  });
  closeSync(log);
  child.on("error", () => undefined); // whoever wanted it goes on without a daemon
  child.unref();
}
