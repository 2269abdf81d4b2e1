/** `everwarp mcp`: an MCP server on standard input and output. */
import type { ParseArgsConfig } from "node:util";
import { versionText } from "../../base/index.ts";
import type { CommandContext } from "../terminal/index.ts";
import { readOptions } from "./options.ts";

const USAGE = `everwarp mcp [FOLDER …]

Serves the Model Context Protocol (MCP) on standard input and output: an agent
starts it, and searches, lists and reads files with its tools. docs/mcp.md shows
how agents are told of it.

Agents read only what is below the folders: the working directory, if none is
named. With one folder, paths are relative to it; with several, they are absolute.

It ends when standard input ends.
`;

const OPTIONS = {
  allowPositionals: true,
  options: { help: { type: "boolean", short: "h" } },
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
