/**
 * The server: tools that the official SDK offers over a pair of streams.
 *
 * Guarantees: nothing but the protocol is written to the output. A call that fails is an answer that says what to do,
 * and the server goes on. When the input ends, running calls are ended, and the server is done.
 */
import type { Readable, Writable } from "node:stream";
import { type CallToolResult, McpServer } from "@modelcontextprotocol/server";
import { StdioServerTransport, serveStdio } from "@modelcontextprotocol/server/stdio";
import { EverwarpError } from "../base/index.ts";
import type { DaemonUse } from "../daemon/index.ts";
import { CommandRunner, DaemonCommands } from "./command/index.ts";
import { Roots } from "./roots/index.ts";
import { type Session, type Tool, TOOLS } from "./tools/index.ts";

/** What a server needs. */
export interface McpOptions {
  /** The folders that agents may read. None: the working directory. */
  readonly folders: readonly string[];
  /** The words that start everwarp, without a command. */
  readonly program: readonly string[];
  readonly version: string;
  /** Whether searches are answered by a daemon, and whether one is started for the folders. */
  readonly daemon: DaemonUse;
  readonly input: Readable;
  readonly output: Writable;
  /** Ends the server. */
  readonly signal: AbortSignal;
  /** Told of what an agent cannot be told, such as a message that is no JSON. */
  readonly onError: (error: Error) => void;
}

/**
 * Serves until the input ends or the signal aborts.
 * @throws what `Roots` throws, before anything is served
 */
export async function serveMcp(options: McpOptions): Promise<void> {
  const roots = new Roots(options.folders, process.cwd());
  const { workingDirectory, folders: trees } = roots;
  const daemon = new DaemonCommands({ use: options.daemon, workingDirectory, trees, env: process.env });
  const commands = new CommandRunner(options.program, workingDirectory, daemon);
  const transport = new StdioServerTransport(options.input, options.output);
  const handle = serveStdio(() => toolServer({ roots, commands }, options.version), {
    transport,
    onerror: options.onError,
  });
  const { onclose } = transport;
  const closed = new Promise<void>((resolve) => {
    transport.onclose = () => {
      onclose?.();
      resolve();
    };
  });
  const close = (): void => void handle.close();
  options.signal.addEventListener("abort", close, { once: true });
  if (options.signal.aborted) close();
  await closed;
  options.signal.removeEventListener("abort", close);
  commands.close();
}

function toolServer(session: Session, version: string): McpServer {
  const folders = session.roots.folders.join(", ");
  const server = new McpServer(
    { name: "everwarp", title: "everwarp", version },
    { instructions: `Searches, lists and reads files below ${folders}. ${INSTRUCTIONS}` },
  );
  for (const tool of TOOLS)
    server.registerTool(
      tool.name,
      {
        title: tool.title,
        description: tool.description,
        inputSchema: tool.input,
        annotations: { readOnlyHint: true, idempotentHint: true, openWorldHint: false },
      },
      (input, { mcpReq }) => answer(tool, input, session, mcpReq.signal),
    );
  return server;
}

const INSTRUCTIONS =
  "Answers are about the files as they are now. For a symbol, search with word and a type or glob; " +
  "read the lines around a hit with read_lines, or ask for contextBefore and contextAfter at once. " +
  "An answer that does not fit ends with a cursor: narrowing the query is nearly always better than continuing.";

async function answer(
  tool: Tool,
  input: Record<string, unknown>,
  session: Session,
  signal: AbortSignal,
): Promise<CallToolResult> {
  try {
    return { content: [{ type: "text", text: await tool.answer(input, session, signal) }] };
  } catch (error) {
    return { content: [{ type: "text", text: errorText(error) }], isError: true };
  }
}

function errorText(error: unknown): string {
  if (error instanceof EverwarpError) return `${error.message} [${error.code}]`;
  return `${String(error)}. This is a fault of everwarp: please report it. [EW_INTERNAL]`;
}
