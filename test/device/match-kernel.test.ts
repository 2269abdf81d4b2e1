/**
 * The match kernel against the slow reference, through the device backend: random patterns in random files, lines
 * across every border, long lines, answers that fit no region, many queries in flight.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RawHits, scanPlan } from "../../src/search/backend/index.ts";
import type { LineAutomaton, Plan } from "../../src/search/contracts.ts";
import { Corpus } from "../../src/search/corpus/corpus.ts";
import { DeviceBackend } from "../../src/search/gpu/device-backend.ts";
import type { DeviceCorpus } from "../../src/search/gpu/device-corpus.ts";
import { matchShape, type MatchShape } from "../../src/search/gpu/match-shape.ts";
import {
  automatonOf,
  expectedMatches,
  type FileLine,
  linesOf,
  rowsOf,
  theAutomatonOf,
} from "../support/match-cases.ts";
import { STRATEGY_NAMES } from "../../src/residency/index.ts";
import { patientMs } from "../support/patience.ts";
import { propertyRuns } from "../support/property-runs.ts";
import { regex, text } from "../support/regex-cases.ts";
import { isValidated, testDeviceInfo, watchValidation } from "../support/vulkan.ts";

watchValidation();

const MARK = "\uFEFF";
const ANSWER_MS = patientMs(30_000);
let backend: DeviceBackend;
let shape: MatchShape;
let directory: string;
let fileNumber = 0;

beforeAll(async () => {
  directory = mkdtempSync(path.join(os.tmpdir(), "everwarp-match-"));
  backend = await DeviceBackend.open({ select: testDeviceInfo().index, validation: isValidated });
  shape = matchShape(backend.device.info, backend.profile);
});

afterAll(async () => {
  await backend?.close();
  rmSync(directory, { recursive: true, force: true });
});

async function load(contents: readonly Uint8Array[], into = backend): Promise<DeviceCorpus> {
  const files = contents.map((bytes) => {
    const file = path.join(directory, String(fileNumber++));
    writeFileSync(file, bytes);
    return { path: file, explicit: true };
  });
  return into.load(Corpus.fromFiles(files, { allText: true }));
}

const planOf = (automaton: LineAutomaton): Plan => ({ kind: "automaton", automaton, required: [] });

async function match(corpus: DeviceCorpus, automaton: LineAutomaton, maxHits?: number): Promise<RawHits> {
  const limit = maxHits === undefined ? {} : { maxHits };
  const ticket = backend.submit(planOf(automaton), { corpus, ...limit });
  await ticket.wait();
  return ticket.result();
}

/** Where the driver limits loops, the kernel leaves more to others. */
const hasLimitedLoops = (): boolean => backend.profile.loopLimit !== undefined;

/** Lines that the kernel may leave to others: those that need many steps, and where loops are limited, any. */
function mayLeave({ start, end }: FileLine): boolean {
  return hasLimitedLoops() || end - start > shape.stepsMax / 4;
}

/** Compares with the reference, but for lines that may be left; says how many lines were. */
async function compareIn(
  corpus: DeviceCorpus,
  contents: readonly Uint8Array[],
  automaton: LineAutomaton,
  about: object = {},
): Promise<number> {
  const found = rowsOf(await match(corpus, automaton));
  const left = new Set(found.undecided.map(([file, line]) => `${file}:${line}`));
  const expected = expectedMatches(contents, automaton, (file, each) => {
    const hasMark = each.line === 1 && each.start === 3;
    return hasMark || (left.has(`${file}:${each.line}`) && mayLeave(each));
  });
  expect({ ...about, ...found }).toEqual({ ...about, ...expected });
  return left.size;
}

/** The same for a corpus of its own. */
async function compare(contents: readonly Uint8Array[], automaton: LineAutomaton): Promise<number> {
  const corpus = await load(contents);
  try {
    return await compareIn(corpus, contents, automaton);
  } finally {
    await corpus.unload();
  }
}

const modes = fc.record({
  caseMode: fc.constantFrom("sensitive" as const, "insensitive" as const),
  wordRegexp: fc.boolean(),
  lineRegexp: fc.boolean(),
});

/** Files of random text, some of them with lines that cross chunks and tiles, some with a mark. */
const file = fc
  .tuple(fc.constantFrom("", "", "", MARK), text, fc.constantFrom(1, 1, 3, 40))
  .map(([mark, bytes, times]) =>
    Buffer.concat([Buffer.from(mark), ...Array.from({ length: times }, () => bytes)]),
  );

describe("match", () => {
  it("finds what the reference finds, of random patterns in random files", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(regex, modes), { minLength: 8, maxLength: 8 }),
        fc.array(file, { minLength: 1, maxLength: 8 }),
        async (patterns, contents) => {
          const corpus = await load(contents);
          try {
            for (const [pattern, mode] of patterns) {
              const automaton = automatonOf(pattern, mode);
              if (automaton !== undefined) await compareIn(corpus, contents, automaton, { pattern, mode });
            }
          } finally {
            await corpus.unload();
          }
        },
      ),
      propertyRuns(4),
    );
  });

  it("finds matches over the borders of chunks, subgroups and tiles", async () => {
    const borders = [256, 512, shape.shareBytes, shape.tileBytes, 2 * shape.tileBytes];
    for (const shift of [-17, -7, -1, 0, 1]) {
      const bytes = Buffer.alloc(2 * shape.tileBytes + 700, "ab ");
      for (let at = 60; at < bytes.length; at += 61) bytes[at] = 0x0a;
      for (const border of borders) bytes.write("needle_42\n", border + shift);
      expect(await compare([bytes, bytes], theAutomatonOf(String.raw`[a-z]+_\d+`))).toBe(0);
    }
  });

  it("leaves out what lies between files and behind the last line", async () => {
    const contents = [
      "",
      "\n",
      "a",
      "a\n",
      "\n\na",
      `${MARK}a\nb\n`,
      MARK,
      "a\r\n\r\n",
      "x\0y\n",
      "",
      "last",
    ];
    const files = contents.map((content) => Buffer.from(content));
    for (const pattern of ["^$", "$", "x*", "a|", String.raw`\s*$`, "^", String.raw`\r`, "."])
      await compare(files, theAutomatonOf(pattern));
  });

  it("leaves undecided what the automaton cannot decide", async () => {
    const files = ["int é\nintß int\n é int", "plain int\n", "ßint\nint\n"].map((content) =>
      Buffer.from(content),
    );
    expect(await compare(files, theAutomatonOf(String.raw`\bint\b`))).toBe(2);
  });

  it("walks along long lines, and leaves longer ones to others", async () => {
    const long = (length: number): string => `${"ab 1 ".repeat(length / 5)}needle ${"xyz".repeat(10)}`;
    const contents = [
      `${long(1000)}\nneedle\n`,
      `${long(100_000)}\n${long(20_000)}\nneedle`,
      `a\n${long(1_000_000)}\nneedle\n`,
    ];
    const files = contents.map((content) => Buffer.from(content));
    const left = await compare(files, theAutomatonOf("needle [x-z]{30}|^needle$"));
    expect(left).toBe(hasLimitedLoops() ? 4 : 3);
    await compare(files, theAutomatonOf(String.raw`\d`));
  });

  it("gives up a line that takes too many steps, in bounded time", async () => {
    const file = Buffer.from(`${"ab".repeat(50_000)}\nab c\n`);
    // Each match looks on to the end of the line.
    const automaton = theAutomatonOf("(?:a|b).*c|a|b");
    const corpus = await load([file]);
    const { hits, undecided } = rowsOf(await match(corpus, automaton));
    expect(undecided).toEqual([[0, 1, 0]]);
    expect(hits).toEqual([[0, 2, 1, 100_001, 4]]);
    await corpus.unload();
  });
});

describe("tables", () => {
  it("of every size are read alike", async () => {
    const words = Array.from({ length: 400 }, (_, index) => `w${(index * 7919) % 10_000}`);
    const lines = words.map((word, index) => `${index} ${word} é日 ${word}x Ωmega ${"y".repeat(index % 70)}`);
    const file = Buffer.from(`${lines.join("\n")}\n`);
    const patterns = [
      "w[0-9]+",
      words.join("|"),
      String.raw`\w{30,}`,
      String.raw`\pL+\d`,
      String.raw`[^\x00-\x7f]+`,
      "(?:w1|Ω)\\w*",
    ];
    for (const pattern of patterns) await compare([file], theAutomatonOf(pattern));
  });

  it("that are more than there are slots wait for each other", async () => {
    const file = Buffer.from(Array.from({ length: 300 }, (_, index) => `word_${index}_end\n`).join(""));
    const corpus = await load([file]);
    const automata = Array.from({ length: 30 }, (_, index) => theAutomatonOf(`d_${index}[0-9]*_e`));
    const asked = Array.from({ length: 300 }, (_, index) => automata[(index * 7) % 30] as LineAutomaton);
    const tickets = asked.map((automaton) => backend.submit(planOf(automaton), { corpus }));
    await Promise.all(tickets.map((ticket) => ticket.wait()));
    for (const [index, automaton] of asked.entries())
      expect(rowsOf((tickets[index] as (typeof tickets)[number]).result())).toEqual(
        expectedMatches([file], automaton),
      );
    await corpus.unload();
  });
});

describe("answers", () => {
  it("that fit no region are asked for range by range", async () => {
    const lineCount = 40_000;
    const corpus = await load([Buffer.from("eeeeeeeeeeeeeeeeeeeeeeeeeeeeee\n".repeat(lineCount))]);
    const automaton = theAutomatonOf("e");
    const hits = await match(corpus, automaton);
    if (!hasLimitedLoops()) expect(hits.undecided.count).toBe(0);
    expect(hits.count).toBe(30 * (lineCount - hits.undecided.count)); // more than the spill region holds
    const { line, column } = hits.locate();
    for (let index = 0; index < hits.count; index++) {
      const offset = hits.offset[index] as number;
      const place = [Math.floor(offset / 31) + 1, (offset % 31) + 1];
      const isBehind = index === 0 || offset > (hits.offset[index - 1] as number);
      if (line[index] !== place[0] || column[index] !== place[1] || hits.length[index] !== 1 || !isBehind)
        throw new Error(`hit ${index} at ${offset}`);
    }
    const few = await match(corpus, automaton, 10);
    expect(few.truncated).toBe(true);
    expect(few.count).toBeGreaterThanOrEqual(10);
    await corpus.unload();
  });

  it("come from several segments, in the order of files", async () => {
    const large = Buffer.from(`${"some text of a line\n".repeat(300_000)}last 12345\n`); // 6 MB: two fill a segment
    const small = Buffer.from("first 12345\n");
    expect(await compare([large, small, large, small, large], theAutomatonOf(String.raw`\d{5}$`))).toBe(0);
  });
});

describe("queries", () => {
  it("of both kinds are answered, whoever waits", async () => {
    const file = Buffer.from(Array.from({ length: 300 }, (_, index) => `word_${index}_end\n`).join(""));
    const corpus = await load([file]);
    const automaton = theAutomatonOf("_1[0-9]*_");
    const literal = { bytes: Buffer.from("_1"), ignoreAsciiCase: false };
    const expected = expectedMatches([file], automaton);
    const tickets = Array.from({ length: 60 }, (_, index) =>
      backend.submit(index % 3 === 0 ? planOf(automaton) : scanPlan([literal]), { corpus }),
    );
    // The last one first, and blocking: all others are answered on the way.
    expect((tickets.at(-1) as (typeof tickets)[number]).waitSync(ANSWER_MS)).toBe(true);
    for (const [index, ticket] of tickets.entries()) {
      await ticket.wait();
      if (index % 3 === 0) expect(rowsOf(ticket.result())).toEqual(expected);
      else expect(ticket.result().count).toBe(expected.hits.length);
    }
    await corpus.unload();
  });

  it("are called off, and others go on", async () => {
    const corpus = await load([Buffer.from("eeeeeeeeee\n".repeat(200_000))]);
    const automaton = theAutomatonOf("e");
    const tickets = Array.from({ length: 6 }, () => backend.submit(planOf(automaton), { corpus }));
    for (const ticket of tickets) ticket.cancel();
    expect((await match(corpus, theAutomatonOf("^e{3}"))).count).toBe(200_000);
    await corpus.unload();
  });

  it("wait for the kernel's launch, for loads and for unloads", async () => {
    const fresh = await DeviceBackend.open({ select: testDeviceInfo().index, validation: isValidated });
    try {
      const corpus = await load([Buffer.from("abc\n")], fresh);
      const first = fresh.submit(planOf(theAutomatonOf("b+")), { corpus });
      const loading = load([Buffer.from("abb\n")], fresh);
      const second = fresh.submit(planOf(theAutomatonOf("c")), { corpus });
      const other = await loading;
      await Promise.all([first.wait(), second.wait()]);
      expect([first.result().count, second.result().count]).toEqual([1, 1]);
      const third = fresh.submit(planOf(theAutomatonOf("b+")), { corpus: other });
      expect(third.waitSync(ANSWER_MS)).toBe(true);
      expect(rowsOf(third.result()).hits).toEqual([[0, 1, 2, 1, 2]]);
    } finally {
      await fresh.close();
    }
  });

  it("for what is too large for the device are refused", async () => {
    const corpus = await load([Buffer.from("abc\n")]);
    const automaton = theAutomatonOf("b");
    const stateCount = 30_000;
    const forward = {
      ...automaton.forward,
      stateCount,
      next: new Uint16Array(stateCount * automaton.classCount),
    };
    const huge = { ...automaton, forward, reverse: { ...forward, stateCount: 33_000 } };
    expect(() => backend.submit(planOf(huge), { corpus })).toThrow(
      expect.objectContaining({ code: "EW_REQUEST_TOO_LARGE" }),
    );
    await corpus.unload();
  });
});

describe("beside the scan kernel", () => {
  it.each(STRATEGY_NAMES)("with the strategy %s, both are answered in their turns", async (strategy) => {
    const { persistent, loopLimit } = backend.profile;
    const stays = !["dispatch", "redispatch", "batch"].includes(strategy);
    if ((strategy === "persistent" && !persistent.allowed) || (stays && loopLimit !== undefined)) return;
    const options = { select: testDeviceInfo().index, validation: isValidated, strategy };
    const other = await DeviceBackend.open(options);
    try {
      const file = Buffer.from("int a = 12;\nint b;\nlong c = 345;\n".repeat(500));
      let corpus = await load([file], other);
      const automaton = theAutomatonOf("[0-9]+;$");
      const literal = { bytes: Buffer.from("int"), ignoreAsciiCase: false };
      const ask = (index: number) =>
        other.submit(index % 4 === 1 ? planOf(automaton) : scanPlan([literal]), { corpus });
      for (let round = 0; round < 3; round++) {
        const tickets = Array.from({ length: 24 }, (_, index) => ask(index));
        await Promise.all(tickets.map((ticket) => ticket.wait()));
        for (const ticket of tickets) expect(ticket.result().count).toBe(1000);
        for (let index = 0; index < 6; index++) {
          const ticket = ask(index);
          expect(ticket.waitSync(ANSWER_MS)).toBe(true);
          expect(ticket.result().count).toBe(1000);
        }
        await corpus.unload();
        corpus = await load([file], other);
      }
      expect(other.isLost).toBe(false);
    } finally {
      await other.close();
    }
  });
});

it("the reference tells lines as files have them", () => {
  expect(linesOf(Buffer.from(`${MARK}a\n\nb`))).toEqual([
    { line: 1, start: 3, end: 4 },
    { line: 2, start: 5, end: 5 },
    { line: 3, start: 6, end: 7 },
  ]);
});
