/**
 * Whole processes that search one tree: the native client and the Node client of a daemon, `rg`, and Node alone, in
 * turns. Every answer is compared with ripgrep's.
 *
 *   npx tsx bench/clients.ts TREE [--rounds N] [--rg PATH]      one line of JSON per query, and a summary
 *
 * The build must be fresh (`npm run build`). The daemon of this run has a runtime folder of its own, and ends with it.
 */
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { rgPath } from "@vscode/ripgrep";
import { comparable, quantile, report } from "./comparison.ts";

/** Words that a tree of C and C++ has never, rarely, often and very often, in the ways in which people ask. */
const QUERIES: readonly (readonly string[])[] = [
  ["zzqqxxyy"],
  ["virtio_blk"],
  ["-l", "virtio_blk"],
  ["-c", "virtio_blk"],
  ["-i", "virtio_blk"],
  ["-w", "virtio_blk"],
  ["-n", "deadlock"],
  ["-l", "deadlock"],
  ["-c", "deadlock"],
  ["-i", "deadlock"],
  ["-F", "a[0]"],
  ["-C2", "deadlock"],
  ["--json", "deadlock"],
  ["-g", "*.c", "deadlock"],
  ["-tc", "deadlock"],
  ["-uu", "deadlock"],
  ["-l", "TODO"],
  ["-c", "TODO"],
  ["-n", "TODO|FIXME|XXX"],
  ["-i", "copyright", "-l"],
  ["-c", "return"],
  ["-l", "return"],
  ["-n", "return"],
  ["-o", "return"],
  ["--count-matches", "return"],
  ["-w", "main"],
  ["-w", "int", "-c"],
  ["-x", "#endif"],
  [String.raw`\bfn\b`],
  [String.raw`static \w+ \w+_init\(`],
  [String.raw`[A-Z]+_SUSPEND`],
  [String.raw`0x[0-9a-fA-F]{8}`, "-l"],
  [String.raw`^#include <.*>`, "-c"],
  [String.raw`[aeiou]{6}`],
  [String.raw`\s+$`, "-c"],
  [String.raw`if \(.*\) goto \w+;`],
  ["-e", "malloc", "-e", "calloc", "-e", "realloc", "-l"],
  ["CONFIG_"],
  ["--files"],
  ["--files", "-g", "*.h"],
];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: "string", default: "5" }, rg: { type: "string", default: rgPath } },
});
const tree = resolve(positionals[0] ?? ".");
const rounds = Number(values.rounds);
const everwarp = resolve("bin/everwarp.cjs");
const folder = mkdtempSync(join(tmpdir(), "everwarp-clients-"));
const env = { ...process.env, XDG_RUNTIME_DIR: folder, EVERWARP_DAEMON: "running" };
const client = join(folder, "ew");

interface Run {
  readonly ms: number;
  readonly output: Buffer;
}

function run(program: string, args: readonly string[]): Run {
  const beginMs = performance.now();
  const { stdout, error } = spawnSync(program, args, {
    cwd: tree,
    env,
    stdio: ["ignore", "pipe", "inherit"],
    maxBuffer: 2 ** 31 - 1,
  });
  if (error !== undefined) throw error;
  return { ms: performance.now() - beginMs, output: stdout };
}

const LANES: Readonly<Record<string, (args: readonly string[]) => Run>> = {
  native: (args) => run(client, ["search", ...args]),
  node: (args) => run(process.execPath, [everwarp, "search", ...args]),
  rg: (args) => run(values.rg, args),
  "node alone": () => run(process.execPath, ["-e", "0"]),
};

interface Measured {
  readonly query: string;
  readonly isSame: boolean;
  readonly bytes: number;
  readonly p50Ms: Record<string, number>;
  readonly minMs: Record<string, number>;
}

function measure(args: readonly string[]): Measured {
  const timesMs: Record<string, number[]> = {};
  const outputs: Record<string, string> = {};
  let bytes = 0;
  LANES["native"]?.(args); // what this query wants beyond others is in memory from now on
  for (let round = 0; round < rounds; round++) {
    for (const [name, lane] of Object.entries(LANES)) {
      const { ms, output } = lane(args);
      (timesMs[name] ??= []).push(ms);
      if (round > 0 || name === "node alone") continue;
      outputs[name] = comparable(output);
      bytes = output.length;
    }
  }
  const each = (of: (times: readonly number[]) => number): Record<string, number> =>
    Object.fromEntries(Object.entries(timesMs).map(([name, times]) => [name, of(times)]));
  return {
    query: args.join(" "),
    isSame: outputs["native"] === outputs["rg"] && outputs["node"] === outputs["rg"],
    bytes,
    p50Ms: each((times) => quantile(times, 0.5)),
    minMs: each((times) => Math.min(...times)),
  };
}

/** Kilobytes of a process, each shared page counted in part, and its processor time in milliseconds. */
function useOf(pid: number): { pssKb: number; cpuMs: number } {
  const pss = /^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "latin1"));
  const fields = readFileSync(`/proc/${pid}/stat`, "latin1")
    .replace(/^.*\) /s, "")
    .split(" ");
  return { pssKb: Number(pss?.[1]), cpuMs: 10 * (Number(fields[11]) + Number(fields[12])) };
}

const daemon = spawn(process.execPath, [everwarp, "serve", tree], {
  env,
  stdio: ["ignore", "ignore", "inherit"],
});
try {
  const { status } = spawnSync(process.execPath, [everwarp, "client", "install", client], { env });
  if (status !== 0) throw new Error("the native client was not made: is there a C compiler?");
  await sleep(2000);
  const beginMs = performance.now();
  LANES["native"]?.(["zzqqxxyy"]);
  report({ firstSearchMs: performance.now() - beginMs });
  await sleep(3000);
  const measured = QUERIES.map((args) => {
    const row = measure(args);
    report({ ...row });
    return row;
  });
  const timesAsFast = measured.map(({ p50Ms }) => (p50Ms["rg"] as number) / (p50Ms["native"] as number));
  await sleep(2000);
  const before = useOf(daemon.pid as number);
  await sleep(10_000);
  const after = useOf(daemon.pid as number);
  report({
    queries: measured.length,
    same: measured.filter(({ isSame }) => isSame).length,
    medianTimesAsFast: quantile(timesAsFast, 0.5),
    slowestTimesAsFast: Math.min(...timesAsFast),
    pssMb: after.pssKb / 1024,
    idleCpuPercent: (after.cpuMs - before.cpuMs) / 100,
  });
} finally {
  spawnSync(process.execPath, [everwarp, "serve", "--stop"], { env });
  daemon.kill();
  rmSync(folder, { recursive: true, force: true });
}
