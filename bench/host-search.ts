/**
 * Measures the host side of search: the scan kernel, loading, the resident engine and the one-shot driver, with `rg` as the peer
 * in the same run, in turn.
 *
 *   npx tsx bench/host-search.ts TREE [--rounds N] [--rg PATH]      one line of JSON per case
 *
 * Every engine answer is checked against ripgrep's count (--count-matches of the same literal, text files).
 */
import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";
import { Corpus } from "../src/search/corpus/corpus.ts";
import type { Literal } from "../src/search/contracts.ts";
import { scanPlan } from "../src/search/backend/index.ts";
import { HostBackend } from "../src/search/host/host-backend.ts";
import {
  allocateScanBuffer,
  countLineFeeds,
  createLiteralScanner,
} from "../src/search/scanner/literal-scanner.ts";

interface Timing {
  readonly minMs: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
}

/** Times of several runs, sorted into what is reported. */
function summarize(timesMs: number[]): Timing {
  const sorted = timesMs.toSorted((a, b) => a - b);
  const at = (part: number): number =>
    Number(sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))]!.toFixed(3));
  return { minMs: at(0), p50Ms: at(0.5), p90Ms: at(0.9), p99Ms: at(0.99) };
}

function timed(work: () => void): number {
  const startMs = performance.now();
  work();
  return performance.now() - startMs;
}

const report = (name: string, values: object): void =>
  void process.stdout.write(`${JSON.stringify({ case: name, ...values })}\n`);

const literal = (text: string, ignoreAsciiCase = false): Literal => ({
  bytes: new Uint8Array(Buffer.from(text)),
  ignoreAsciiCase,
});

/** Queries of the tree cases: none, rare, common, ignoring case. */
const QUERIES = [
  { name: "none", text: "zzqqxxyy", ignoreCase: false },
  { name: "rare", text: "virtio_blk", ignoreCase: false },
  { name: "common", text: "CONFIG_", ignoreCase: false },
  { name: "ignore-case", text: "suspend", ignoreCase: true },
] as const;

/** One core on memory larger than its caches. */
function benchScan(rounds: number): void {
  const lengthBytes = 256 * 1024 * 1024;
  const bytes = allocateScanBuffer(lengthBytes);
  const line = Buffer.from("static int device_resume(struct device *dev, unsigned long flags)\n");
  for (let at = 0; at < lengthBytes; at += line.length) bytes.set(line.subarray(0, lengthBytes - at), at);
  const cases = {
    "scan/literal": [literal("zzqqxxyy")],
    "scan/ignore-case": [literal("zzqqxxyy", true)],
    "scan/eight": ["alpha1", "beta22", "gammaq", "delta9", "epsilo", "zeta_q", "eta__9", "thetaq"].map((it) =>
      literal(it),
    ),
  };
  for (const [name, literals] of Object.entries(cases)) {
    const scanner = createLiteralScanner(literals);
    const times = Array.from({ length: rounds }, () =>
      timed(() => {
        if (scanner.find(bytes, 0, lengthBytes) !== -1) throw new Error(`${name} found what is not there`);
      }),
    );
    const timing = summarize(times);
    report(name, { ...timing, gigabytesPerSecond: Number((lengthBytes / timing.p50Ms / 1e6).toFixed(1)) });
  }
  const times = Array.from({ length: rounds }, () =>
    timed(() => {
      if (countLineFeeds(bytes, 0, lengthBytes) !== Math.floor(lengthBytes / line.length))
        throw new Error("lines miscounted");
    }),
  );
  const timing = summarize(times);
  report("scan/lines", {
    ...timing,
    gigabytesPerSecond: Number((lengthBytes / timing.p50Ms / 1e6).toFixed(1)),
  });
}

/** ripgrep's count of matches in the whole tree, and how long it took. */
function ripgrep(rg: string, tree: string, text: string, ignoreCase: boolean): { count: number; ms: number } {
  const args = [
    "--no-config",
    "-F",
    "--count-matches",
    "--no-filename",
    ...(ignoreCase ? ["-i"] : []),
    text,
    tree,
  ];
  let stdout = "";
  const ms = timed(() => {
    const run = spawnSync(rg, args, { encoding: "utf8", maxBuffer: 1 << 30 });
    if (run.error) throw run.error;
    ({ stdout } = run);
  });
  return { count: stdout.split("\n").reduce((sum, line) => sum + Number(line), 0), ms };
}

async function benchEngine(tree: string, rg: string, rounds: number): Promise<void> {
  const corpus = await Corpus.list([tree]);
  await using engine = await HostBackend.open();
  const before = process.memoryUsage().rss;
  const loaded = await engine.load(corpus);
  const { contentBytes, loadMs, threads } = loaded.placement.stats;
  report("load", {
    files: corpus.fileCount,
    contentBytes,
    walkMs: Number(corpus.walkMs.toFixed(1)),
    loadMs: Number(loadMs.toFixed(1)),
    threads,
    gigabytesPerSecond: Number((contentBytes / (corpus.walkMs + loadMs) / 1e6).toFixed(2)),
    memoryPerByte: Number(((process.memoryUsage().rss - before) / contentBytes).toFixed(3)),
  });
  for (const { name, text, ignoreCase } of QUERIES) {
    const engineMs: number[] = [];
    const peerMs: number[] = [];
    let count = 0;
    let peerCount = 0;
    for (let round = 0; round < rounds; round++) {
      engineMs.push(
        timed(() => {
          const wanted = [literal(ignoreCase ? text.toLowerCase() : text, ignoreCase)];
          const ticket = engine.submit(scanPlan(wanted), { corpus: loaded, locate: true });
          if (!ticket.waitSync(60_000)) throw new Error(`${name}: no answer in a minute`);
          const hits = ticket.result();
          hits.locate();
          ({ count } = hits);
        }),
      );
      const peer = ripgrep(rg, tree, text, ignoreCase);
      peerMs.push(peer.ms);
      peerCount = peer.count;
    }
    const [own, peer] = [summarize(engineMs), summarize(peerMs)];
    const timesFaster = Number((peer.p50Ms / own.p50Ms).toFixed(1));
    report(`engine/${name}`, {
      hits: count,
      agrees: count === peerCount,
      peerHits: peerCount,
      ...own,
      peer,
      timesFaster,
    });
  }
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: "string", default: "9" }, rg: { type: "string", default: "rg" } },
});
const rounds = Number(values.rounds);
benchScan(rounds);
const [tree] = positionals;
if (tree !== undefined) await benchEngine(tree, values.rg, rounds);
