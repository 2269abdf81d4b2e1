/** `everwarp mcp`: an MCP server on standard input and output. */
import type { ParseArgsConfig } from "node:util";
import { versionText } from "../../base/index.ts";
import { DAEMON_USES, type DaemonUse, daemonUse } from "../../daemon/index.ts";
import type { CommandContext } from "../terminal/index.ts";
import { badArgument, readOptions } from "./options.ts";

const USAGE = `everwarp mcp [FOLDER …]

Serves the Model Context Protocol (MCP) on standard input and output: an agent
starts it, and searches, lists and reads files with its tools. docs/mcp.md shows
how agents are told of it.

Agents read only what is below the folders: the working directory, if none is
named. With one folder, paths are relative to it; with several, they are absolute.

Searches are answered by the daemon of everwarp serve. Where none runs, one is started
for the folders, which ends after 30 minutes without a search.

  --daemon WHEN  auto (the default), running: never start one, off: use none

It ends when standard input ends.
`;

const OPTIONS = {
  allowPositionals: true,
  options: { daemon: { type: "string" }, help: { type: "boolean", short: "h" } },
} as const satisfies ParseArgsConfig;

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** @returns the exit code */
export async function run(argv: readonly string[], context: CommandContext): Promise<number> {
  const { values, positionals } = readOptions("mcp", argv, OPTIONS);
  if (values.help === true) {
    context.writeOut(Buffer.from(USAGE));
    return 0;
  }
  const { serveMcp } = await import("../../mcp/index.ts");
  const ending = new AbortController();
  let received: NodeJS.Signals | undefined;
  const end = (signal: NodeJS.Signals): void => {
    received ??= signal;
    ending.abort();
  };
  for (const signal of SIGNALS) process.on(signal, end);
  if (process.stdin.isTTY)
    context.writeError(`everwarp: mcp speaks JSON with an agent; see everwarp mcp --help\n`);
  await serveMcp({
    folders: positionals,
    program: [process.execPath, ...process.execArgv, process.argv[1] ?? ""],
    daemon: daemonOf(values.daemon, context),
    version: versionText().trim().split(" ").at(-1) ?? "",
    input: process.stdin,
    output: process.stdout,
    signal: ending.signal,
    onError: ({ name }) => context.writeError(`everwarp: mcp: a message was not understood (${name})\n`),
  });
  for (const signal of SIGNALS) process.off(signal, end);
  // The process ends as it would have without us.
  if (received !== undefined) process.kill(process.pid, received);
  return 0;
}

function daemonOf(flag: string | undefined, { env }: CommandContext): DaemonUse {
  if (flag === undefined) return daemonUse([], env, "auto");
  if (DAEMON_USES.some((use) => use === flag)) return daemonUse([`--daemon=${flag}`], env);
  throw badArgument(`--daemon is ${JSON.stringify(flag)}`, `Choose among ${DAEMON_USES.join(", ")}.`);
}
