/** An agent's side: the official SDK's client, with everwarp's server in a process of its own. */
import { readFileSync } from "node:fs";
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { bundledCommandLine } from "./cli-process.ts";

export interface ToolAnswer {
  readonly text: string;
  readonly isError: boolean;
}

/** A server that runs, and a client that is connected to it. */
export class McpSession implements AsyncDisposable {
  readonly client: Client;
  readonly pid: number;

  private constructor(client: Client, pid: number) {
    this.client = client;
    this.pid = pid;
  }

  /** @param workingDirectory of the server @param folders its arguments */
  static async open(
    workingDirectory: string,
    folders: readonly string[] = [],
    env: Readonly<Record<string, string>> = { EVERWARP_DAEMON: "off" },
  ): Promise<McpSession> {
    const transport = new StdioClientTransport({
      command: process.execPath,
      args: [await bundledCommandLine(), "mcp", ...folders],
      cwd: workingDirectory,
      env: {
        PATH: process.env["PATH"] ?? "",
        HOME: "/nonexistent",
        XDG_CONFIG_HOME: "/nonexistent",
        ...env,
      },
    });
    const client = new Client({ name: "test", version: "1" });
    await client.connect(transport);
    return new McpSession(client, transport.pid ?? -1);
  }

  async call(name: string, given: Record<string, unknown>, signal?: AbortSignal): Promise<ToolAnswer> {
    const result = await this.client.callTool(
      { name, arguments: given },
      { timeout: 2 ** 31 - 1, ...(signal === undefined ? {} : { signal }) },
    );
    const [content] = result.content;
    if (content?.type !== "text" || result.content.length !== 1) throw new Error("the answer is no text");
    return { text: content.text, isError: result.isError === true };
  }

  /** The text of an answer. @throws where it is an error */
  async text(name: string, given: Record<string, unknown>): Promise<string> {
    const { text, isError } = await this.call(name, given);
    if (isError) throw new Error(text);
    return text;
  }

  /** The middle of an answer: without the numbers before it and the advice after it. */
  async body(name: string, given: Record<string, unknown>): Promise<string> {
    return splitAnswer(await this.text(name, given)).body;
  }

  /** The middles of all pages. */
  async pages(name: string, given: Record<string, unknown>): Promise<string[]> {
    const bodies: string[] = [];
    for (let cursor: string | undefined; ;) {
      const more: Record<string, unknown> = cursor === undefined ? {} : { cursor };
      const { body, cursor: next } = splitAnswer(await this.text(name, { ...given, ...more }));
      bodies.push(body);
      if (next === undefined) return bodies;
      cursor = next;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.close();
  }
}

/** What an answer consists of. */
export function splitAnswer(text: string): { head: string; body: string; cursor: string | undefined } {
  const [, head = "", body = "", , cursor] =
    /^([^\n]*)\n\n([^]*?)(\n\nMore follows\.[^\n]*cursor: "([^"]*)")?$/.exec(text) ?? [undefined, text];
  return { head, body, cursor };
}

/** The processes that a process has started and that still run. */
export function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean).map(Number);
}
