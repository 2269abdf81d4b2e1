/**
 * How long a tool call of `everwarp mcp` takes, in turns: through a daemon, and with a process for each call.
 *
 *   npx tsx bench/mcp-calls.ts TREE [--rounds 60] [--program OTHER/bin/everwarp.cjs]
 *
 * With `--program`, the server of another checkout is measured in the same turns.
 */
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { packageRoot } from "../src/base/index.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: "string", default: "60" }, program: { type: "string" } },
});
const tree = resolve(positionals[0] ?? ".");
const runtime = mkdtempSync(join(tmpdir(), "ew-mcp-"));
const own = join(packageRoot(), "bin", "everwarp.cjs");

const CALLS: readonly [string, Record<string, unknown>][] = [
  ["search", { pattern: "rare_word_that_is_nowhere" }],
  ["search", { pattern: "TODO", show: "counts" }],
  ["search", { pattern: "import .*Error", maxHits: 200 }],
  ["read_lines", { path: "package.json" }],
];

async function session(program: string, env: Record<string, string>): Promise<Client> {
  const client = new Client({ name: "bench", version: "1" });
  const all = {
    PATH: process.env["PATH"] ?? "",
    HOME: process.env["HOME"] ?? "",
    XDG_RUNTIME_DIR: runtime,
    ...env,
  };
  await client.connect(
    new StdioClientTransport({
      command: process.execPath,
      args: [program, "mcp", tree],
      cwd: tree,
      env: all,
    }),
  );
  return client;
}

const daemon = spawn(process.execPath, [own, "serve", tree], {
  env: { ...process.env, XDG_RUNTIME_DIR: runtime },
  stdio: "ignore",
});
await sleep(1500);
const sessions: [string, Client][] = [
  ["through the daemon", await session(own, { EVERWARP_DAEMON: "running" })],
  ["a process for each call, without a daemon", await session(own, { EVERWARP_DAEMON: "off" })],
];
if (values.program !== undefined)
  sessions.push(["the other program, whose processes ask the daemon", await session(values.program, {})]);

const text = async (client: Client, [name, given]: (typeof CALLS)[number]): Promise<string> =>
  JSON.stringify((await client.callTool({ name, arguments: given })).content);
for (const call of CALLS) {
  const times = sessions.map((): number[] => []);
  const texts = new Set<string>();
  for (let warm = 0; warm < 3; warm++) for (const [, client] of sessions) texts.add(await text(client, call));
  if (texts.size !== 1) throw new Error(`answers differ: ${JSON.stringify(call)}`);
  for (let round = 0; round < Number(values.rounds); round++)
    for (const [index, [, client]] of sessions.entries()) {
      const beginMs = performance.now();
      await text(client, call);
      times[index]?.push(performance.now() - beginMs);
    }
  console.log(JSON.stringify(call));
  for (const [index, [name]] of sessions.entries()) {
    const sorted = (times[index] as number[]).sort((a, b) => a - b);
    const at = (share: number): string =>
      (sorted[Math.floor(share * (sorted.length - 1))] as number).toFixed(1);
    console.log(`  ${name}: median ${at(0.5)} ms, p95 ${at(0.95)} ms, least ${at(0)} ms`);
  }
}
for (const [, client] of sessions) await client.close();
execFileSync(process.execPath, [own, "serve", "--stop"], {
  env: { ...process.env, XDG_RUNTIME_DIR: runtime },
});
daemon.unref();
rmSync(runtime, { recursive: true, force: true });
