/** `search/lines`: how fast the lines of a regex are counted, by the bit planes of a device. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Corpus, type LineTotal, SearchEngine } from "../../search/index.ts";
import { listDevices } from "../../vulkan/index.ts";
import {
  type BenchCase,
  type BenchContext,
  assertTimeLeft,
  deviceSelection,
  limitsOf,
  reportError,
  reportSamples,
} from "../context/index.ts";
import { expectResult, measure, skip } from "../measure/index.ts";
import { findRipgrep, runProcess } from "../processes/index.ts";

const GPU_BYTES = 1 << 30;
const SOFTWARE_BYTES = 7 << 20;
const TIMEOUT_MS = 30_000;
/** How long a kernel may take to be compiled behind the first answer. */
const COMPILE_MS = 5_000;
/** Copies of the lines that match, which the generated text has few of. */
const NEEDLE_COPIES = 500;

/** Patterns, each with a line that matches and one that almost does. */
const PATTERNS: readonly (readonly [pattern: string, match: string, near: string])[] = [
  ["[A-Z]{3,}_[A-Z]{3,}", "x = ABC_DEFG;", "x = ABC_DE;"],
  ["[0-9]{6,}", "id 1234567", "id 12345"],
  [String.raw`\w{30,}`, `a_${"b9".repeat(14)} c`, `a_${"b9".repeat(13)} c`],
  ["[aeiou]{5}", "aeiouxx", "aeioxu"],
  [String.raw`\bint\b`, "for (int i)", "print(integer)"],
  [String.raw`\w+@\w+\.com`, "mail to me@host.com", "mail to me@host.org"],
  [String.raw`"[^"]*\\n[^"]*"`, String.raw`puts("a\nb");`, String.raw`puts("a") \n "b;`],
  ["if .* else .* for .* in", "[a if b else c for d in e]", "[a if b else c in d for]"],
  [String.raw`\s+$`, "trailing  ", "none"],
  ["(?i)warning.{0,20}deprecat", "Warning: it is deprecated", `warning ${"x".repeat(30)} deprecated`],
];

const NOTE = `\
A time is from the call until the count of lines is there. "first ms" is the first answer to a pattern that was never
seen, with the planes made before. Then a kernel is compiled for it, and that is what the samples are of.`;

/** The case `search/lines`. */
export const searchLines: BenchCase = {
  name: "search/lines",
  summary: "the lines of ten regexes are counted on 1 GiB by a device's bit planes, and checked against rg",
  limitMs: 60_000,
  async run(context) {
    context.reporter.note(context.caseName, NOTE);
    const folder = mkdtempSync(path.join(os.tmpdir(), "everwarp-lines-"));
    try {
      await measureLines(context, folder);
    } catch (error) {
      reportError(context, { case: context.caseName, subject: "all", contender: "planes" }, error);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

async function measureLines(context: BenchContext, folder: string): Promise<void> {
  const { device, strategy = "auto" } = context.options;
  if (device === "cpu") throw skip("only devices have bit planes");
  await using engine = await SearchEngine.open({ device: deviceSelection(device), strategy });
  const isSoftware = listDevices().some(({ name, type }) => name === engine.info.device && type === "cpu");
  const { corpus: generated } = await context.corpora.ofSize(isSoftware ? SOFTWARE_BYTES : GPU_BYTES);
  const needles = PATTERNS.flatMap(([, match, near]) => [match, near]).join("\n");
  writeFileSync(path.join(folder, "needles"), `${needles}\n`.repeat(NEEDLE_COPIES));
  const folders = [path.dirname(generated.files.openPath(0).toString()), folder];
  const corpus = await Corpus.list(folders);
  await engine.addCorpus(corpus);
  const beginMs = performance.now();
  const { plan, reason } = await engine.countLines({ pattern: "zqx[0-9]{3}" });
  if (plan !== "planes") throw skip(`lines are not counted by planes: ${reason}`);
  const madeMs = performance.now() - beginMs;
  const { contentBytes, planeBytes } = engine.stats();
  context.reporter.progress(
    `${context.caseName}: ${contentBytes} bytes on ${engine.info.device}; ` +
      `${planeBytes} bytes of planes and the first answer took ${madeMs.toFixed(1)} ms`,
  );
  for (const [pattern] of PATTERNS) {
    const key = { case: context.caseName, subject: pattern, contender: "planes" };
    try {
      assertTimeLeft(context);
      await measurePattern(context, engine, pattern, expectedLines(folders, pattern));
    } catch (error) {
      reportError(context, key, error);
    }
  }
}

async function measurePattern(
  context: BenchContext,
  engine: SearchEngine,
  pattern: string,
  lines: number,
): Promise<void> {
  let total: LineTotal | undefined;
  const run = (): void => void (total = engine.countLinesSync({ pattern }, { timeoutMs: TIMEOUT_MS }));
  const check = (): void => expectResult(`lines of ${pattern}, by rg`, total?.lines, lines);
  const beginMs = performance.now();
  run();
  const firstMs = performance.now() - beginMs;
  check();
  const firstTier = total?.tier ?? total?.plan;
  for (const endMs = performance.now() + COMPILE_MS; performance.now() < endMs;) {
    await sleep(5);
    if ((await engine.countLines({ pattern })).tier === "compiled") break;
  }
  const samples: number[] = [];
  const limits = limitsOf(context, { minSamples: 20, maxSamples: 2000, budgetMs: 500 });
  await measure({ run, check }, samples, limits, context.signal);
  const { contentBytes } = engine.stats();
  const row = reportSamples(
    context,
    { case: context.caseName, subject: pattern, contender: "planes" },
    samples,
    {
      expected: `${lines} lines, as rg counts them`,
      bytes: contentBytes,
      facts: {
        lines,
        tier: total?.tier ?? `${total?.plan}: ${total?.reason}`,
        "first ms": firstMs.toFixed(2),
        "first tier": firstTier ?? "none",
      },
    },
  );
  const rate = (us: number): string => (contentBytes / us / 1e6).toFixed(2);
  context.reporter.progress(
    `${context.caseName}: ${pattern}: ${rate(row.timing.p50Us)} TB/s (${row.timing.p50Us.toFixed(0)} µs), ` +
      `${total?.tier}; first ${firstMs.toFixed(2)} ms, ${firstTier}`,
  );
}

/** Matching lines by ripgrep. */
function expectedLines(folders: readonly string[], pattern: string): number {
  const { stdout } = runProcess([
    findRipgrep(),
    "--no-config",
    "-c",
    "--no-filename",
    "-e",
    pattern,
    ...folders,
  ]);
  return stdout
    .toString("utf8")
    .split("\n")
    .reduce((sum, count) => sum + Number(count), 0);
}
