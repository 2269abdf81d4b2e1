/**
 * The kernels of bit planes against the regex engine, through the device backend: random patterns in
 * random files, lines across every border, programs that are compiled and programs that are read step by step.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type LineCount, scanPlan } from "../../src/search/backend/index.ts";
import type { Matcher } from "../../src/search/contracts.ts";
import { Corpus } from "../../src/search/corpus/corpus.ts";
import { DeviceBackend } from "../../src/search/gpu/device-backend.ts";
import type { DeviceCorpus } from "../../src/search/gpu/device-corpus.ts";
import type { PlaneTrial } from "../../src/search/gpu/plane-shape.ts";
import { createMatcher, syntaxOf } from "../../src/search/matcher/index.ts";
import { compilePlanes, type PlaneProgram } from "../../src/search/planes/index.ts";
import { linesOf } from "../support/match-cases.ts";
import { propertyRuns } from "../support/property-runs.ts";
import { regex, text } from "../support/regex-cases.ts";
import { isValidated, testDeviceInfo, watchValidation } from "../support/vulkan.ts";

watchValidation();

let directory: string;
let fileNumber = 0;

beforeAll(() => {
  directory = mkdtempSync(path.join(os.tmpdir(), "everwarp-planes-"));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const open = (planeTrial: PlaneTrial): Promise<DeviceBackend> =>
  DeviceBackend.open({ select: testDeviceInfo().index, validation: isValidated, planeTrial });

async function load(backend: DeviceBackend, contents: readonly Uint8Array[]): Promise<DeviceCorpus> {
  const files = contents.map((bytes) => {
    const file = path.join(directory, String(fileNumber++));
    writeFileSync(file, bytes);
    return { path: file, explicit: true };
  });
  return backend.load(Corpus.fromFiles(files, { allText: true }));
}

async function count(
  backend: DeviceBackend,
  corpus: DeviceCorpus,
  program: PlaneProgram,
): Promise<LineCount> {
  const ticket = backend.countLines(program, corpus);
  await ticket.wait();
  return ticket.result();
}

interface Case {
  readonly matcher: Matcher;
  readonly program: PlaneProgram;
}

function caseOf(pattern: string, modes: object = {}): Case | undefined {
  let matcher: Matcher;
  try {
    matcher = createMatcher({ patterns: [pattern], allowNul: true, ...modes });
  } catch {
    return undefined;
  }
  const syntax = syntaxOf(matcher);
  const program = syntax && compilePlanes(syntax).program;
  return program && { matcher, program };
}

/** The lines that match: the sure ones, and those in doubt that the matcher takes. */
function linesIn(contents: readonly Uint8Array[], { matcher }: Case, found: LineCount): number {
  const { file, end } = found.doubts!;
  const verified = Array.from(file, (row, index) => {
    const bytes = contents[row]!;
    const start = end[index] === 0 ? 0 : Buffer.from(bytes).lastIndexOf(10, end[index]! - 1) + 1;
    return matcher.findInLine(bytes, start, end[index]!, start);
  });
  return found.lines + verified.filter((matches) => matches).length;
}

const expectedLines = (contents: readonly Uint8Array[], { matcher }: Case): number =>
  contents.reduce(
    (sum, bytes) =>
      sum + linesOf(bytes).filter(({ start, end }) => matcher.findInLine(bytes, start, end, start)).length,
    0,
  );

const modes = fc.record({
  caseMode: fc.constantFrom("sensitive" as const, "insensitive" as const),
  wordRegexp: fc.boolean(),
  lineRegexp: fc.boolean(),
});
const file = fc
  .tuple(text, fc.constantFrom(1, 1, 3, 40))
  .map(([bytes, times]) => Buffer.concat(Array.from({ length: times }, () => bytes)));

/** Spans of four words, so that lines cross their borders. */
const SMALL = { spanShift: () => 2 };
const INTERPRETED: PlaneTrial = { ...SMALL, interpretedBytesMax: Infinity };
/** A kernel for each program, from its second count on. */
const COMPILED: PlaneTrial = { ...SMALL, interpretedBytesMax: 0 };
const FOUR_WORDS: PlaneTrial = {
  ...COMPILED,
  compiled: { workgroupSize: 64, words: 4, walkMax: 8192 },
};

const tiers = [
  ["step by step", "interpreted", INTERPRETED],
  ["with kernels of their own", "compiled", COMPILED],
  ["with kernels of their own, four words at a time", "compiled", FOUR_WORDS],
] as const;

/** A program that is counted so often has a kernel of its own, or will not get one. */
const COUNTS_MAX = 10_000;

/** Counts until the program has run as it is to run. */
async function countIn(
  backend: DeviceBackend,
  corpus: DeviceCorpus,
  each: Case,
  tier: string,
): Promise<LineCount> {
  for (let counts = 0; counts < COUNTS_MAX; counts++) {
    const found = await count(backend, corpus, each.program);
    if (found.tier === tier) return found;
    await new Promise(setImmediate);
  }
  throw new Error(`no count was ${tier}, of ${COUNTS_MAX}`);
}

describe("programs over bit planes on a device", () => {
  it.each(tiers)("find what the regex engine finds, in random files, %s", async (_, tier, trial) => {
    const backend = await open(trial);
    let programs = 0;
    const checkAll = async (patterns: [string, object][], contents: Uint8Array[]): Promise<void> => {
      const corpus = await load(backend, contents);
      for (const [pattern, how] of patterns) {
        const each = caseOf(pattern, how);
        if (each === undefined || corpus.segments.length === 0) continue;
        const found = await countIn(backend, corpus, each, tier);
        programs++;
        expect(linesIn(contents, each, found)).toBe(expectedLines(contents, each));
      }
      await corpus.unload();
    };
    const pairs = fc.array(fc.tuple(regex, modes), { minLength: 6, maxLength: 6 });
    const files = fc.array(file, { minLength: 1, maxLength: 5 });
    try {
      await fc.assert(
        fc.asyncProperty(pairs, files, checkAll),
        propertyRuns(tier === "interpreted" ? 12 : 4),
      );
      expect(programs).toBeGreaterThan(0);
    } finally {
      await backend.close();
    }
  });

  it.each(tiers)("take lines across every border, %s", async (_, tier, trial) => {
    const backend = await open(trial);
    try {
      // The needle ends at every place of words, spans and tiles, in lines of many lengths.
      const lines = Array.from(
        { length: 1200 },
        (__, index) => `${"x".repeat((index * 7) % 150)} ab12 ${"y".repeat((index * 3) % 70)}`,
      );
      const long = `${"z".repeat(9000)} ab12 ${"z".repeat(5000)}`;
      const contents = [
        Buffer.from(lines.join("\n")),
        Buffer.from(`${long}\nab12\n${long}`),
        Buffer.from("ab12\r\n\r\nab1\r\n"),
        Buffer.from([0x61, 0x62, 0x31, 0x32, 0xff, 10, 0xc3, 10]),
        Buffer.alloc(0),
      ];
      const corpus = await load(backend, contents);
      for (const pattern of [
        "b1",
        "ab12 y{3,}$",
        "^x{140,}",
        "z ab12 z",
        "[0-9]{2}",
        "ab12.$",
        "x{40,60} a",
      ]) {
        const each = caseOf(pattern)!;
        const found = await countIn(backend, corpus, each, tier);
        expect([pattern, linesIn(contents, each, found)]).toEqual([pattern, expectedLines(contents, each)]);
      }
    } finally {
      await backend.close();
    }
  });

  // A software driver makes no pipeline while a kernel stays on its only queue.
  it("get kernels of their own while the kernel of searches stays", async () => {
    const backend = await open(COMPILED);
    try {
      const contents = [Buffer.from("one ab12\nab34\n")];
      const corpus = await load(backend, contents);
      for (const pattern of ["b1", "[0-9]{2}", "^ab", "ab..$", "e a"]) {
        const scan = backend.submit(scanPlan([{ bytes: Buffer.from("ab"), ignoreAsciiCase: false }]), {
          corpus,
        });
        await scan.wait();
        const each = caseOf(pattern)!;
        const found = await countIn(backend, corpus, each, "compiled");
        expect([pattern, linesIn(contents, each, found)]).toEqual([pattern, expectedLines(contents, each)]);
      }
    } finally {
      await backend.close();
    }
  });
});
