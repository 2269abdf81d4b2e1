import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type LoadedCorpus, type RawHits, scanPlan } from "../backend/index.ts";
import type { Literal } from "../contracts.ts";
import { Corpus } from "../corpus/corpus.ts";
import { literalOccurrences } from "../reference/index.ts";
import { HostBackend } from "./host-backend.ts";
import { hostGround } from "../../../test/support/host-ground.ts";
import { patientMs } from "../../../test/support/patience.ts";

const { open, corpusOf: listed } = hostGround();
const corpusOf = (contents: readonly (string | Uint8Array)[]): Corpus => listed(contents, false);

const literal = (text: string, ignoreAsciiCase = false): Literal => ({
  bytes: new Uint8Array(Buffer.from(text, "latin1")),
  ignoreAsciiCase,
});

interface Hit {
  file: number;
  offset: number;
  literal: number;
  length: number;
  line: number;
  column: number;
}

/** What the engine must find: file by file, byte by byte. */
function expected(contents: readonly Uint8Array[], literals: readonly Literal[]): Hit[] {
  return contents.flatMap((content, file) =>
    literalOccurrences(literals, content, 0, content.length).map(({ position, literal: number }) => {
      const before = Buffer.from(content.subarray(0, position)).toString("latin1");
      const column = position - before.lastIndexOf("\n");
      const { length } = literals[number]!.bytes;
      return { file, offset: position, literal: number, length, line: before.split("\n").length, column };
    }),
  );
}

function hitsOf(hits: RawHits): Hit[] {
  const { line, column } = hits.locate();
  return Array.from({ length: hits.count }, (_, index) => ({
    file: hits.file[index]!,
    offset: hits.offset[index]!,
    literal: hits.literal[index]!,
    length: hits.length[index]!,
    line: line[index]!,
    column: column[index]!,
  }));
}

/** Searches twice: lines and columns found by the threads on the way, and afterwards here. */
async function search(engine: HostBackend, loaded: LoadedCorpus, literals: Literal[]): Promise<Hit[]> {
  const tickets = [true, false].map((locate) =>
    engine.submit(scanPlan(literals), { corpus: loaded, locate }),
  );
  await Promise.all(tickets.map((ticket) => ticket.wait()));
  const [located, plain] = tickets.map((ticket) => hitsOf(ticket.result()));
  expect(located).toEqual(plain);
  return plain!;
}

const text = (length: number): fc.Arbitrary<Uint8Array> =>
  fc
    .array(fc.constantFrom(0x61, 0x62, 0x41, 0x0a, 0x20, 0xff), { maxLength: length })
    .map((it) => Uint8Array.from(it));
const needle = fc
  .record({
    bytes: fc.array(fc.constantFrom(0x61, 0x62, 0x20, 0xff), { minLength: 1, maxLength: 4 }),
    fold: fc.boolean(),
  })
  .map(({ bytes, fold }): Literal => ({ bytes: Uint8Array.from(bytes), ignoreAsciiCase: fold }));

describe("conformance with a naive search", () => {
  it("finds every occurrence in random corpora, with lines and columns", async () => {
    const engine = await open();
    await fc.assert(
      fc.asyncProperty(
        fc.array(text(300), { minLength: 1, maxLength: 200 }),
        fc.array(needle, { minLength: 1, maxLength: 20 }),
        async (contents, literals) => {
          const loaded = await engine.load(corpusOf(contents), { threads: 0 });
          expect(await search(engine, loaded, literals)).toEqual(expected(contents, literals));
          await loaded.unload();
        },
      ),
      { numRuns: 30 },
    );
  });

  it("finds hits at the start, at the end, and not across files", async () => {
    const engine = await open();
    const contents = [
      "needle",
      "",
      "x",
      "needl",
      "e needle\nneedle",
      "\nneedle\n",
      "needlE",
      "needle".repeat(3),
    ].map((it) => Buffer.from(it));
    const loaded = await engine.load(corpusOf(contents));
    for (const fold of [false, true]) {
      const wanted = [literal("needle", fold), literal("e", fold)];
      expect(await search(engine, loaded, wanted)).toEqual(expected(contents, wanted));
    }
  });

  it("finds hits across the units that a large file is cut into", async () => {
    const engine = await open();
    const content = Buffer.alloc(3 << 20, "abcdefgh ijklmnop\n");
    const wanted = [literal("NEEDLE"), literal("N"), literal("EEDLE")];
    for (let border = 1 << 20; border <= 2 << 20; border += 1 << 20) {
      for (let shift = -1; shift <= 1; shift++) content.write("NEEDLE", border + 200 * shift - 3 + shift);
      content.write("NEEDLE", border - 6);
      content.write("NEEDLE", border);
    }
    content.write("NEEDLE", content.length - 6);
    const loaded = await engine.load(corpusOf([Buffer.from("NEEDLE\n"), content, Buffer.from("NEEDLE")]));
    expect(loaded.placement.units.count).toBeGreaterThan(2);
    expect(await search(engine, loaded, wanted)).toEqual(
      expected([Buffer.from("NEEDLE\n"), content, Buffer.from("NEEDLE")], wanted),
    );
  });

  it("delivers 100,000 hits on one line and ten million hits in all", async () => {
    const engine = await open();
    const contents = [Buffer.alloc(100_000, "a"), Buffer.alloc(10_000_000, "ab"), Buffer.from("b\na")];
    const loaded = await engine.load(corpusOf(contents));
    const ticket = engine.submit(scanPlan([literal("a"), literal("b")]), { corpus: loaded });
    expect(ticket.waitSync(patientMs(30_000))).toBe(true);
    const hits = ticket.result();
    expect(hits.count).toBe(10_100_002);
    const { line, column } = hits.locate();
    for (const index of [0, 99_999, 100_000, 10_099_999, 10_100_000, 10_100_001]) {
      const offset =
        index < 100_000 ? index : index < 10_100_000 ? index - 100_000 : 2 * (index - 10_100_000);
      expect([hits.offset[index], column[index]]).toEqual([offset, index === 10_100_001 ? 1 : offset + 1]);
    }
    expect(line[10_100_001]).toBe(2);
    expect(line[10_099_999]).toBe(1);
    for (let index = 100_000; index < 10_100_000; index += 9973) expect(hits.literal[index]).toBe(index % 2);
  });

  it("takes more literals than one program has, and none", async () => {
    const engine = await open();
    const contents = [Buffer.from(Array.from({ length: 200 }, (_, index) => `word${index} `).join("\n"))];
    const loaded = await engine.load(corpusOf(contents));
    const words = Array.from({ length: 100 }, (_, index) => literal(`word${index}`));
    expect(await search(engine, loaded, words)).toEqual(expected(contents, words));
    expect(await search(engine, loaded, [])).toEqual([]);
  });

  it("stops early when told how many hits are enough, and says so", async () => {
    const engine = await open();
    const loaded = await engine.load(corpusOf(Array.from({ length: 1000 }, () => "hit hit hit\n")));
    const ticket = engine.submit(scanPlan([literal("hit")]), { corpus: loaded, maxHits: 1 });
    await ticket.wait();
    expect(ticket.result().truncated).toBe(true);
    expect(ticket.result().count).toBeGreaterThan(0);
    expect(ticket.result().count).toBeLessThan(3000);
  });
});

describe("many at a time", () => {
  it("answers concurrent queries on ten corpora, each with its own hits", async () => {
    const engine = await open();
    const contents = Array.from({ length: 10 }, (_, corpus) =>
      Array.from({ length: 150 }, (_, file) =>
        Buffer.from(`corpus${corpus} file${file}\n`.repeat(1 + (file % 7))),
      ),
    );
    const loaded = await Promise.all(contents.map((it) => engine.load(corpusOf(it))));
    const queries = Array.from({ length: 100 }, (_, index) => {
      const corpus = index % 10;
      const wanted = [
        literal(`corpus${corpus}`),
        literal(`file${index % 150}\n`.trimEnd()),
        literal("corpus1"),
      ];
      return { corpus, wanted, ticket: engine.submit(scanPlan(wanted), { corpus: loaded[corpus]! }) };
    });
    // In an order of their own, some blocking, some not.
    for (const { corpus, wanted, ticket } of queries.toReversed()) {
      if (corpus % 2 === 0) await ticket.wait();
      else expect(ticket.waitSync(patientMs(10_000))).toBe(true);
      expect(hitsOf(ticket.result())).toEqual(expected(contents[corpus]!, wanted));
    }
  });

  // A word that a query is done, read while large answers of the same query are taken, must not have it taken a
  // second time.
  it("answers each of far more queries than there are slots once, answers that partly fit and partly are sent", async () => {
    const engine = await open({ maxInFlight: 8 });
    const filler = "-".repeat(99) + "\n";
    const contents = Array.from(
      { length: 6 },
      (_, file) =>
        filler.repeat(4_000) +
        (file % 2 === 0 ? "many\n".repeat(2_000) : "many few\n") +
        filler.repeat(4_000),
    );
    const loaded = await engine.load(corpusOf(contents));
    const wanted = [
      { literals: [literal("many")], count: 3 * 2_000 + 3 },
      { literals: [literal("few")], count: 3 },
      { literals: [literal("many"), literal("few")], count: 3 * 2_000 + 6 },
    ];
    const counts: Promise<number>[] = [];
    for (let query = 0; query < 1_500; query++) {
      const { literals } = wanted[query % wanted.length]!;
      for (;;) {
        try {
          const ticket = engine.submit(scanPlan(literals), { corpus: loaded, locate: query % 2 === 0 });
          counts.push(ticket.wait().then(() => ticket.result().count));
          break;
        } catch (error) {
          if ((error as { code?: string }).code !== "EW_QUEUE_FULL") throw error;
          if (query % 5 === 0) await new Promise(setImmediate);
        }
      }
    }
    const answers = await Promise.all(counts);
    expect(answers).toEqual(answers.map((_, query) => wanted[query % wanted.length]!.count));
  });

  it("works with one thread", async () => {
    const engine = await open({ threads: 1 });
    const contents = [Buffer.from("one\ntwo\nthree two")];
    const loaded = await engine.load(corpusOf(contents));
    expect(await search(engine, loaded, [literal("two")])).toEqual(expected(contents, [literal("two")]));
  });

  it("refuses what does not fit: a full queue, a query too large, a corpus it does not know", async () => {
    const engine = await open({ maxInFlight: 2 });
    const other = await open({ threads: 1 });
    const loaded = await engine.load(corpusOf(Array.from({ length: 200 }, () => Buffer.alloc(60_000, "ab"))));
    const first = [
      engine.submit(scanPlan([literal("ab")]), { corpus: loaded }),
      engine.submit(scanPlan([literal("ba")]), { corpus: loaded }),
    ];
    expect(() => engine.submit(scanPlan([literal("ab")]), { corpus: loaded })).toThrow(
      expect.objectContaining({ code: "EW_QUEUE_FULL" }),
    );
    await Promise.all(first.map((ticket) => ticket.wait()));
    expect(first.map((ticket) => ticket.result().count)).toEqual([200 * 30_000, 200 * 29_999]);
    const large = [literal("x".repeat(70_000))];
    expect(() => engine.submit(scanPlan(large), { corpus: loaded })).toThrow(
      expect.objectContaining({ code: "EW_REQUEST_TOO_LARGE" }),
    );
    expect(() => other.submit(scanPlan([literal("ab")]), { corpus: loaded })).toThrow(
      expect.objectContaining({ code: "EW_CORPUS_UNKNOWN" }),
    );
    const after = engine.submit(scanPlan([literal("bab")]), { corpus: loaded });
    await after.wait();
    expect(after.result().count).toBe(200 * 29_999);
    await loaded.unload();
    expect(() => engine.submit(scanPlan([literal("ab")]), { corpus: loaded })).toThrow(
      expect.objectContaining({ code: "EW_CORPUS_UNKNOWN" }),
    );
  });
});

describe("ends", () => {
  it("ends queries in flight with EW_CLOSED when it closes, and refuses new ones", async () => {
    const engine = await open();
    const loaded = await engine.load(corpusOf(Array.from({ length: 300 }, () => Buffer.alloc(60_000, "ab"))));
    const tickets = Array.from({ length: 20 }, () =>
      engine.submit(scanPlan([literal("a"), literal("b")]), { corpus: loaded }),
    );
    const waits = tickets.map((ticket) =>
      ticket.wait().then(
        () => "answered",
        (error: { code: string }) => error.code,
      ),
    );
    await engine.close();
    expect(await Promise.all(waits)).toContain("EW_CLOSED");
    expect(() => tickets.at(-1)!.waitSync(patientMs(1000))).toThrow(
      expect.objectContaining({ code: "EW_CLOSED" }),
    );
    expect(() => engine.submit(scanPlan([literal("a")]), { corpus: loaded })).toThrow(
      expect.objectContaining({ code: "EW_CLOSED" }),
    );
    await expect(engine.load(loaded.corpus)).rejects.toMatchObject({ code: "EW_CLOSED" });
  });

  it("refuses lines and contents of a corpus that was unloaded, and keeps those that were asked for before", async () => {
    const engine = await open();
    const loaded = await engine.load(corpusOf(["a\nneedle", ""]));
    const [early, late] = [
      engine.submit(scanPlan([literal("needle")]), { corpus: loaded }),
      engine.submit(scanPlan([literal("needle")]), { corpus: loaded }),
    ];
    await Promise.all([early.wait(), late.wait()]);
    expect(Buffer.from(loaded.bytes(0)!).toString()).toBe("a\nneedle");
    expect(loaded.bytes(1)).toHaveLength(0);
    const places = early.result().locate();
    await loaded.unload();
    expect(early.result().locate()).toBe(places);
    expect(places.line).toEqual(Uint32Array.of(2));
    expect(late.result().offset).toEqual(Uint32Array.of(2));
    expect(() => late.result().locate()).toThrow(expect.objectContaining({ code: "EW_CORPUS_UNKNOWN" }));
    expect(() => loaded.bytes(0)).toThrow(expect.objectContaining({ code: "EW_CORPUS_UNKNOWN" }));
  });

  /** A corpus whose placement lies about a segment: the thread that reaches it fails. */
  async function poisoned(engine: HostBackend): Promise<LoadedCorpus> {
    const corpus = corpusOf(["some text"]);
    const loadInto: Corpus["loadInto"] = async (sink, options) => {
      const placement = await Corpus.prototype.loadInto.call(corpus, sink, options);
      placement.units.segment[0] = 9;
      return placement;
    };
    return engine.load(Object.create(corpus, { loadInto: { value: loadInto } }) as Corpus);
  }

  it("fails every ticket with EW_WORKER_DIED when a thread dies, blocked or not, and hangs nowhere", async () => {
    for (const blocking of [true, false]) {
      const engine = await open();
      const ticket = engine.submit(scanPlan([literal("some")]), { corpus: await poisoned(engine) });
      if (blocking)
        expect(() => ticket.waitSync(patientMs(10_000))).toThrow(
          expect.objectContaining({ code: "EW_WORKER_DIED" }),
        );
      else await expect(ticket.wait()).rejects.toMatchObject({ code: "EW_WORKER_DIED" });
      expect(() => ticket.done).toThrow(expect.objectContaining({ code: "EW_WORKER_DIED" }));
      const other = corpusOf(["other"]);
      await expect(engine.load(other)).rejects.toMatchObject({ code: "EW_WORKER_DIED" });
      await engine.close();
    }
  });

  it("leaves no thread behind after twenty engines", async () => {
    const corpus = corpusOf(["needle"]);
    const handles = (): number =>
      process.getActiveResourcesInfo().filter((it) => it === "MessagePort" || it === "Worker").length;
    const before = handles();
    for (let round = 0; round < 20; round++) {
      const engine = await HostBackend.open({ threads: 2 });
      const loaded: LoadedCorpus = await engine.load(corpus);
      const ticket = engine.submit(scanPlan([literal("needle")]), { corpus: loaded });
      await ticket.wait();
      expect(ticket.result().count).toBe(1);
      await engine.close();
    }
    expect(handles()).toBe(before);
  });
});
