/**
 * Measures searches that are answered from resident trees, from `search()` to its return, with `rg` as the peer in the
 * same run, in turn: queries, a file that changes before each query, many files that change at once, memory and the
 * processor time of doing nothing.
 *
 *   npx tsx bench/resident-trees.ts TREE [--rounds N] [--device cpu] [--rg PATH]      one line of JSON per case
 *
 * TREE must be yours: a file `everwarp-bench.txt` is written there and removed. Every answer is compared with
 * ripgrep's.
 */
import { spawnSync } from "node:child_process";
import { appendFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { rgPath } from "@vscode/ripgrep";
import { readArguments } from "../src/cli/commands/search.ts";
import { ResidentSearch } from "../src/cli/serving/index.ts";
import { NO_STREAMS, ResidentTrees } from "../src/daemon/index.ts";
import { comparable, quantile, report } from "./comparison.ts";

const QUERIES: readonly (readonly string[])[] = [
  ["zzqqxxyy"],
  ["virtio_blk"],
  ["-l", "virtio_blk"],
  ["-n", "virtio_blk"],
  ["-i", "virtio_blk"],
  ["--json", "virtio_blk"],
  ["-C2", "virtio_blk"],
  ["-g", "*.c", "virtio_blk"],
  ["-uu", "virtio_blk"],
  ["-c", "CONFIG_"],
  ["CONFIG_"],
  ["-w", "main"],
  ["[A-Z]+_SUSPEND"],
  [String.raw`\w{5}\s+\w{5}\s+\w{5}\s+\w{5}`],
  ["--files"],
];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: "string", default: "9" },
    device: { type: "string", default: "cpu" },
    rg: { type: "string", default: rgPath },
  },
});
const tree = resolve(positionals[0] ?? ".");
const rounds = Number(values.rounds);

interface Answer {
  readonly ms: number;
  readonly output: Buffer;
}

async function ask(trees: ResidentTrees, args: readonly string[]): Promise<Answer> {
  const parts: Uint8Array[] = [];
  const context = {
    cwd: tree,
    env: process.env,
    ...NO_STREAMS,
    messagesLost: false,
    pause: () => undefined,
    writeOut: (bytes: Uint8Array) => void parts.push(Uint8Array.from(bytes)),
    writeError: (text: string) => void process.stderr.write(text),
  };
  const beginMs = performance.now();
  const service = new ResidentSearch(trees, readArguments);
  const argv = ["--no-config", ...args];
  const env = process.env as Record<string, string>;
  const plan = service.plan({ clientVersion: "", cwd: tree, argv, env, facts: context });
  await plan?.search(context, new AbortController().signal);
  return { ms: performance.now() - beginMs, output: Buffer.concat(parts) };
}

function askRipgrep(args: readonly string[]): Answer {
  const beginMs = performance.now();
  const { stdout } = spawnSync(values.rg, ["--no-config", ...args], {
    cwd: tree,
    stdio: ["ignore", "pipe", "ignore"],
    maxBuffer: 2 ** 31,
  });
  return { ms: performance.now() - beginMs, output: stdout };
}

async function measureQuery(trees: ResidentTrees, args: readonly string[]): Promise<void> {
  const first = await ask(trees, args);
  await trees.settle(); // what this query wants beyond others is in memory from now on
  const residentMs: number[] = [];
  const ripgrepMs: number[] = [];
  let isSame = true;
  for (let round = 0; round < rounds; round++) {
    const resident = await ask(trees, args);
    const ripgrep = askRipgrep(args);
    residentMs.push(resident.ms);
    ripgrepMs.push(ripgrep.ms);
    isSame &&= comparable(resident.output) === comparable(ripgrep.output);
  }
  const [ms, rgMs] = [quantile(residentMs, 0.5), quantile(ripgrepMs, 0.5)];
  report({
    case: args.join(" "),
    firstMs: first.ms,
    ms,
    rgMs,
    times: rgMs / ms,
    bytes: first.output.length,
    isSame,
  });
}

/** A file is appended to, made or removed, and asked for at once. */
async function measureChanges(trees: ResidentTrees): Promise<void> {
  const path = join(tree, "everwarp-bench.txt");
  const changes = {
    create: (word: string) => writeFileSync(path, `${word}\n`),
    append: (word: string) => appendFileSync(path, `${word}\n`),
    remove: () => rmSync(path),
  };
  const timesMs: Record<string, number[]> = { create: [], append: [], remove: [] };
  let isSeen = true;
  for (let round = 0; round < rounds; round++) {
    for (const [name, change] of Object.entries(changes)) {
      const word = `zzbench${name}${round}`;
      change(word);
      const { ms, output } = await ask(trees, [word]);
      timesMs[name]?.push(ms);
      isSeen &&= output.includes(word) === (name !== "remove");
    }
  }
  for (const [name, times] of Object.entries(timesMs))
    report({ case: `changed: ${name}`, ms: quantile(times, 0.5), isSeen });
}

async function measureIdle(): Promise<void> {
  const before = process.cpuUsage();
  const beginMs = performance.now();
  await new Promise((done) => setTimeout(done, 5000));
  const { user, system } = process.cpuUsage(before);
  report({ case: "idle", percentOfCore: (user + system) / 10 / (performance.now() - beginMs) });
}

const beginMs = performance.now();
await using trees = await ResidentTrees.open({ device: values.device });
await trees.load(tree);
report({
  case: "load",
  ms: performance.now() - beginMs,
  ...trees.stats(),
  residentBytes: process.memoryUsage().rss,
});
await new Promise((done) => setTimeout(done, 3000)); // signatures are made while nobody asks
for (const args of QUERIES) await measureQuery(trees, args);
await measureChanges(trees);
await measureIdle();
report({ case: "end", ...trees.stats(), residentBytes: process.memoryUsage().rss });
