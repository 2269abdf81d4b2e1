/** Automata on the host's threads, against the reference: corpora of all shapes, and what goes on at the same time. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hostGround } from "../../../test/support/host-ground.ts";
import { patientMs, until } from "../../../test/support/patience.ts";
import { propertyRuns } from "../../../test/support/property-runs.ts";
import { regex, text } from "../../../test/support/regex-cases.ts";
import { compileAutomaton } from "../automaton/index.ts";
import { compileFilter } from "../bitstream/index.ts";
import type { LoadedCorpus, RawHits } from "../backend/index.ts";
import type { LineAutomaton, Literal, Plan } from "../contracts.ts";
import type { Corpus } from "../corpus/index.ts";
import { createMatcher, syntaxOf } from "../matcher/index.ts";
import { lineMatches } from "../reference/index.ts";
import { ALL_ROWS } from "../signature/index.ts";
import type { HostBackend } from "./host-backend.ts";
import { WORK_AREA_BYTES } from "./host-sink.ts";

const LIMITS = { maxNfaStates: 20_000, maxUnicodeNfaStates: 20_000, maxStates: 2000, maxSteps: 200_000 };
const LINE_FEED = 10;
const MARK = Buffer.from([0xef, 0xbb, 0xbf]);

const { open, corpusOf: listed } = hostGround();
const corpusOf = (contents: readonly (string | Uint8Array)[]): Corpus => listed(contents, true);

type AutomatonPlan = Plan & { kind: "automaton" };

function planOf(pattern: string, required: readonly string[] = []): AutomatonPlan {
  const syntax = syntaxOf(createMatcher({ patterns: [pattern], allowNul: true }));
  const automaton = syntax && compileAutomaton(syntax, LIMITS);
  if (automaton === undefined) throw new Error(`no automaton for ${pattern}`);
  const literals = required.map((it): Literal => ({ bytes: Buffer.from(it), ignoreAsciiCase: false }));
  return { kind: "automaton", automaton, required: literals, filter: syntax && compileFilter(syntax) };
}

interface Answer {
  /** File, offset, length, line, column. */
  readonly hits: number[][];
  /** File, line, offset. */
  readonly undecided: number[][];
}

/** What the threads must find. */
function expected(contents: readonly Uint8Array[], automaton: LineAutomaton): Answer {
  const answer: Answer = { hits: [], undecided: [] };
  for (const [file, content] of contents.entries()) {
    const hasMark = MARK.equals(content.subarray(0, 3));
    for (let line = 1, start = hasMark ? 3 : 0; start < content.length; line++) {
      const feed = content.indexOf(LINE_FEED, start);
      const end = feed < 0 ? content.length : feed;
      const matches = lineMatches(automaton, content, start, end);
      if (matches === undefined) answer.undecided.push([file, line, start]);
      for (const match of matches ?? []) {
        if (match.start === content.length) continue;
        answer.hits.push([file, match.start, match.end - match.start, line, match.start - start + 1]);
      }
      start = end + 1;
    }
  }
  return answer;
}

function answerOf(hits: RawHits): Answer {
  const { line, column } = hits.locate();
  const { file, offset, length, literal, undecided } = hits;
  expect(literal).toEqual(new Uint32Array(hits.count));
  return {
    hits: Array.from({ length: hits.count }, (_, index) =>
      [file, offset, length, line, column].map((words) => words[index]!),
    ),
    undecided: Array.from({ length: undecided.count }, (_, index) =>
      [undecided.file, undecided.line, undecided.offset].map((words) => words[index]!),
    ),
  };
}

/** Matches twice: lines and columns found by the threads on the way, and afterwards here. */
async function matchTwice(engine: HostBackend, loaded: LoadedCorpus, plan: Plan): Promise<Answer> {
  const tickets = [true, false].map((locate) => engine.submit(plan, { corpus: loaded, locate }));
  await Promise.all(tickets.map((ticket) => ticket.wait()));
  const [located, plain] = tickets.map((ticket) => answerOf(ticket.result()));
  expect(located).toEqual(plain);
  return plain!;
}

/** Matches with a filter, which may decide lines that the automaton cannot, and without one. */
async function match(engine: HostBackend, loaded: LoadedCorpus, plan: AutomatonPlan): Promise<Answer> {
  const answer = await matchTwice(engine, loaded, { ...plan, filter: undefined });
  const filtered = await matchTwice(engine, loaded, plan);
  expect(filtered.hits).toEqual(answer.hits);
  const undecided = new Set(answer.undecided.map((line) => line.join()));
  expect(filtered.undecided.filter((line) => !undecided.has(line.join()))).toEqual([]);
  return answer;
}

const marked = fc.oneof(
  { weight: 4, arbitrary: text },
  text.map((bytes) => Buffer.concat([MARK, bytes])),
  text.map((bytes) => Buffer.from(bytes.toString("latin1").replaceAll("\n", "\r\n"), "latin1")),
);

describe("a match on threads", () => {
  it("finds what the reference finds in random corpora", async () => {
    const engine = await open();
    await fc.assert(
      fc.asyncProperty(
        fc.array(marked, { minLength: 1, maxLength: 100 }),
        fc.array(regex, { minLength: 1, maxLength: 3 }),
        async (contents, patterns) => {
          const loaded = await engine.load(corpusOf(contents), { threads: 0 });
          for (const pattern of patterns) {
            let plan;
            try {
              plan = planOf(pattern);
            } catch {
              continue; // refused, or too large
            }
            expect(await match(engine, loaded, plan)).toEqual(expected(contents, plan.automaton));
          }
          await loaded.unload();
        },
      ),
      propertyRuns(15),
    );
  });

  it("finds what lies in several segments", async () => {
    const engine = await open({ segmentBytes: 2 * WORK_AREA_BYTES + 3 * (1 << 20) });
    const contents = Array.from({ length: 10 }, (_, file) =>
      Buffer.from(`${`filler ${"line ".repeat(150)}é\n`.repeat(1000)}needle ${file}\n${"x\n".repeat(file)}`),
    );
    const loaded = await engine.load(corpusOf(contents));
    expect(new Set(loaded.placement.segment).size).toBeGreaterThan(2);
    for (const plan of [
      planOf("needle [0-9]+"),
      planOf("needle [0-9]+", ["needle "]),
      planOf(String.raw`e \d`),
    ])
      expect(await match(engine, loaded, plan)).toEqual(expected(contents, plan.automaton));
  });

  it("gives each line to the unit it begins in, with its number in the file", async () => {
    const engine = await open();
    const large = Buffer.alloc(3 << 20, "abcdefgh ijklmnop\n");
    for (let border = 1 << 20; border <= 2 << 20; border += 1 << 20) {
      large.write("\nNEEDLE 12 NEEDLE 3\n", border - 10);
      large.write("\nNEEDLE 4", border - 300);
      large.write("NEEDLE 5", border + 300);
    }
    large.write("\n", (2 << 20) - 1);
    large.write("NEEDLE 6", large.length - 8);
    // A line of more than a unit, and one of several.
    const long = Buffer.alloc(4 << 20, "word NEEDLE ");
    for (const feed of [100, (1 << 20) + 200, (3 << 20) - 1, (3 << 20) + 7]) long[feed] = LINE_FEED;
    const contents = [Buffer.from("NEEDLE 1\n"), large, long, Buffer.from("NEEDLE 2")];
    const loaded = await engine.load(corpusOf(contents));
    expect(loaded.placement.units.count).toBeGreaterThan(6);
    for (const plan of [
      planOf(String.raw`NEEDLE \d+`),
      planOf(String.raw`NEEDLE \d+`, ["NEEDLE"]),
      planOf(String.raw`^\w+$`),
      planOf(String.raw`(word )?NEEDLE $`),
    ])
      expect(await match(engine, loaded, plan)).toEqual(expected(contents, plan.automaton));
  });

  it("searches only lines that have a required literal, wherever candidates are cut", async () => {
    const engine = await open();
    const filler = "-".repeat(200);
    const lines = Array.from({ length: 30_000 }, (_, line) =>
      line % 3 === 0 ? `key key key value ${line}` : `value ${line} ${filler}`,
    );
    const contents = [Buffer.from(lines.join("\n")), Buffer.from("key value 7\nvalue 8\n")];
    const loaded = await engine.load(corpusOf(contents));
    const plan = { ...planOf(String.raw`value \d+`, ["key", "never"]), filter: undefined };
    const all = planOf(String.raw`key.*value \d+`);
    const { hits } = await match(engine, loaded, plan);
    const wanted = expected(contents, all.automaton).hits.map(([file, , , line]) => [file, line]);
    expect(hits.map(([file, , , line]) => [file, line])).toEqual(wanted);
  });

  it.each([
    { name: "all rows", signatureRowMask: ALL_ROWS },
    { name: "16 rows", signatureRowMask: 15 },
  ])("passes over blocks without a required literal, with signatures of $name", async (options) => {
    const engine = await open(options);
    const rare = Buffer.alloc(600_000, "some other words and 12\n");
    // Over the borders of blocks, some of them in lines that begin in an earlier block.
    for (let border = 2048; border < rare.length; border += 2048 * 7)
      rare.write("needle 42 ", border - ((border / 2048) % 12));
    rare.write("\n", 0);
    const close = Buffer.alloc(500_000, "a needle 7, a needle, no needl\n");
    const line = Buffer.alloc(200_000, "xyz ");
    line.write("needle 9", 150_000);
    const contents = [
      rare,
      Buffer.from("needle 1"),
      close,
      line,
      Buffer.concat([MARK, Buffer.from("needle 3\n")]),
    ];
    const loaded = await engine.load(corpusOf(contents));
    await until(() => loaded.isSigned);
    const plan = { ...planOf(String.raw`needle \d+`, ["needle", "never there"]), filter: undefined };
    const wanted = expected(contents, plan.automaton);
    expect(wanted.hits.length).toBeGreaterThan(16_000);
    expect(await match(engine, loaded, plan)).toEqual(wanted);
    const absent = { ...planOf(String.raw`absent\d`, ["absent"]), filter: undefined };
    expect(await match(engine, loaded, absent)).toEqual({ hits: [], undecided: [] });
  });

  it("tells of lines that the automaton cannot decide, and of no match in them", async () => {
    const engine = await open();
    const line = "int int é int éint int\n";
    const contents = [
      Buffer.from(`a int b\n${line}`.repeat(800)),
      Buffer.from(`éint\nint`),
      Buffer.from(line),
    ];
    const large = Buffer.alloc(3 << 20, `${"x ".repeat(300)} int\n${line}`);
    const loaded = await engine.load(corpusOf([...contents, large]));
    const plan = planOf(String.raw`\bint\b`, ["int"]);
    for (const required of [plan.required, []]) {
      const answer = await match(engine, loaded, { ...plan, required });
      expect(answer).toEqual(expected([...contents, large], plan.automaton));
      expect(answer.undecided.length).toBeGreaterThan(800);
    }
  });

  it("answers with millions of matches, and with none", async () => {
    const engine = await open();
    const contents = [Buffer.alloc(3_000_000, "ab\n"), Buffer.alloc(1_000_000, "a"), Buffer.from("")];
    const loaded = await engine.load(corpusOf(contents));
    const ticket = engine.submit(planOf("a"), { corpus: loaded });
    expect(ticket.waitSync(patientMs(30_000))).toBe(true);
    const hits = ticket.result();
    expect(hits.count).toBe(2_000_000);
    expect(hits.undecided.count).toBe(0);
    for (let index = 0; index < 2_000_000; index += 9973) {
      const inFirst = index < 1_000_000;
      expect(hits.offset[index]).toBe(inFirst ? 3 * index : index - 1_000_000);
      expect(hits.locate().line[index]).toBe(inFirst ? index + 1 : 1);
    }
    expect(await match(engine, loaded, planOf("c+"))).toEqual({ hits: [], undecided: [] });
  });
});

describe("many matches at a time", () => {
  it("answers each of many more patterns than are kept, beside scans of the same corpus", async () => {
    const engine = await open({ maxInFlight: 64 });
    const contents = Array.from({ length: 40 }, (_, file) => Buffer.from(`a${file} b${file * 7}\nc${file}`));
    const loaded = await engine.load(corpusOf(contents));
    const plans = Array.from({ length: 150 }, (_, index) => planOf(`[abc]${index}`));
    for (let first = 0; first < plans.length; first += 50) {
      const asked = [...plans.slice(first, first + 50), plans[0]!];
      const tickets = asked.map((plan) => engine.submit(plan, { corpus: loaded, locate: true }));
      const literals = [{ bytes: Buffer.from("b7"), ignoreAsciiCase: false }];
      const scan = engine.submit({ kind: "literals", literals, foldExceptions: [] }, { corpus: loaded });
      await Promise.all([...tickets, scan].map((ticket) => ticket.wait()));
      for (const [index, ticket] of tickets.entries())
        expect(answerOf(ticket.result())).toEqual(expected(contents, asked[index]!.automaton));
      expect(scan.result().count).toBe(3);
    }
  });

  it("stops early when told how many matches are enough, and when nobody wants them", async () => {
    const engine = await open();
    const loaded = await engine.load(corpusOf(Array.from({ length: 500 }, () => Buffer.alloc(36_000, "ab"))));
    const few = engine.submit(planOf("(ab){3}"), { corpus: loaded, maxHits: 1 });
    await few.wait();
    expect(few.result().truncated).toBe(true);
    expect(few.result().count).toBeLessThan(500 * 6000);
    const cancelled = engine.submit(planOf("a"), { corpus: loaded });
    cancelled.cancel();
    await cancelled.wait();
    expect(cancelled.result().count).toBe(0);
    const after = engine.submit(planOf("(ab)+$"), { corpus: loaded });
    await after.wait();
    expect(after.result().count).toBe(500);
  });

  it("ends matches in flight with EW_CLOSED", async () => {
    const engine = await open();
    const loaded = await engine.load(corpusOf(Array.from({ length: 300 }, () => Buffer.alloc(60_000, "ab"))));
    const tickets = Array.from({ length: 20 }, () => engine.submit(planOf("a*b"), { corpus: loaded }));
    const waits = tickets.map((ticket) =>
      ticket.wait().then(
        () => "answered",
        (error: { code: string }) => error.code,
      ),
    );
    await engine.close();
    expect(await Promise.all(waits)).toContain("EW_CLOSED");
  });

  it("refuses tables that do not fit", async () => {
    const engine = await open();
    const loaded = await engine.load(corpusOf(["text"]));
    const { automaton } = planOf("text");
    const stateCount = 60_000;
    const { forward } = automaton;
    const next = new Uint16Array(stateCount * automaton.classCount);
    next.set(forward.next);
    const large: LineAutomaton = { ...automaton, forward: { ...forward, stateCount, next } };
    expect(() =>
      engine.submit({ kind: "automaton", automaton: large, required: [] }, { corpus: loaded }),
    ).not.toThrow();
    const larger: LineAutomaton = { ...large, classCount: 256 };
    expect(() =>
      engine.submit({ kind: "automaton", automaton: larger, required: [] }, { corpus: loaded }),
    ).toThrow(expect.objectContaining({ code: "EW_REQUEST_TOO_LARGE" }));
  });
});
