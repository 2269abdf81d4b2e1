/**
 * The search that a daemon answers, where one runs and holds the tree.
 *
 * Invariant: where no daemon answers, nothing of the search was printed. So whoever takes over may begin anew.
 */
import { existsSync } from "node:fs";
import { currentDirectory } from "../base/index.ts";
import { daemonUse, runtimeFolder, sentVariables } from "../daemon/index.ts";
import { type CommandContext, exitCodeOf } from "./terminal/index.ts";

/**
 * Asks the daemon for a search. Where none runs, that costs one question to the file system.
 * @param argv the arguments after `everwarp search`
 * @returns the exit code; undefined where no daemon answers
 */
export async function searchThroughDaemon(
  argv: readonly string[],
  context: CommandContext,
): Promise<number | undefined> {
  const use = daemonUse(argv, context.env);
  if (use === "off") return undefined;
  const at = runtimeFolder(context.env);
  if (use === "running" && !existsSync(at.socket)) return undefined;
  const cwd = currentDirectory();
  if (cwd === undefined) return undefined;
  const [{ askDaemon }, { packageVersion }] = await Promise.all([
    import("../daemon/client/ask-daemon.ts"),
    import("../base/version.ts"),
  ]);
  const request = {
    clientVersion: packageVersion(),
    cwd,
    argv,
    env: sentVariables(context.env),
    facts: context,
  };
  let isAnswered = true;
  const code = await exitCodeOf(context, async () => {
    const outcome = await askDaemon(at, request, context);
    if (typeof outcome === "number") return outcome;
    isAnswered = false;
    if (outcome === "absent" && use === "auto")
      (await import("./start-daemon.ts")).startDaemonFor(at, request);
    return 0;
  });
  return isAnswered ? code : undefined;
}
