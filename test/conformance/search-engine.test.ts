/** One suite, every backend: a search engine finds what ripgrep finds, and keeps what it promises. */
import { appendFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Corpus, type Query, SearchEngine } from "../../src/index.ts";
import { Dir } from "../support/cli.ts";
import { engineKinds, withoutAutomaton } from "../support/search-engines.ts";
import { type Hit, resultHits, ripgrepHits } from "../support/search-oracle.ts";
import { patientMs } from "../support/patience.ts";

const kinds = await engineKinds();

/** All files below a directory, with paths as ripgrep prints them. */
const everything = (dir: Dir): Promise<Corpus> =>
  Corpus.list(["./"], {
    cwd: dir.path,
    hidden: true,
    noIgnoreDot: true,
    noIgnoreVcs: true,
    noIgnoreGlobal: true,
    noIgnoreExclude: true,
    noIgnoreParent: true,
  });

const words = [
  "a",
  "aa",
  "ab",
  "abab",
  "k",
  "K",
  "sk",
  "task",
  "TASK",
  "ma\u017f",
  "\u212a",
  "x.y",
  " ",
  "é",
  "foo_bar",
];
const content = fc
  .array(
    fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom(...words) },
      fc.constantFrom("\n", "\r\n", "\n\n", "\t"),
    ),
    {
      maxLength: 60,
    },
  )
  .map((parts) => parts.join(""));
const marked = fc.tuple(fc.boolean(), content).map(([hasMark, text]) => (hasMark ? "\ufeff" : "") + text);
const tree = fc.array(fc.oneof({ weight: 6, arbitrary: content }, marked), { minLength: 1, maxLength: 6 });

const literals = ["a", "aa", "aba", "abab", "k", "task", "sk", "S", "é", "x.y", "o_b", "q", ""];
const regexes = ["a+b", "\\bk", "[ak]s?k", "^a", "a$", "^$", "k|task", "(?i)mas", "\\w+", "a\\s", ".*"];
const several = [
  ["a", "ab"],
  ["ab", "ba", "b"],
  ["task", "k", "foo"],
  ["aa", "x.y"],
];
const pattern = fc.constantFrom<string | string[]>(...literals, ...regexes, ...several, ...words);
const query: fc.Arbitrary<Query> = fc.record(
  {
    pattern,
    fixedStrings: fc.boolean(),
    ignoreCase: fc.boolean(),
    smartCase: fc.boolean(),
    wordRegexp: fc.boolean(),
    lineRegexp: fc.constantFrom(false, false, true),
  },
  { requiredKeys: ["pattern"] },
);

for (const { name, options, missing, isDevice, isTextHeld } of kinds) {
  describe.skipIf(missing !== undefined)(
    missing === undefined ? name : `${name} (skipped: ${missing})`,
    () => {
      let engine: SearchEngine;
      const dirs: Dir[] = [];
      const directory = (): Dir => {
        const dir = new Dir("engine");
        dirs.push(dir);
        return dir;
      };
      /** Loads a directory for the length of a test. */
      async function holding<T>(dir: Dir, body: (corpus: Corpus) => Promise<T>): Promise<T> {
        const corpus = await everything(dir);
        await engine.addCorpus(corpus);
        try {
          return await body(corpus);
        } finally {
          await engine.removeCorpus(corpus);
        }
      }

      beforeAll(async () => {
        engine = await SearchEngine.open(options);
      });
      afterAll(async () => {
        await engine.close();
        for (const dir of dirs) dir.remove();
      });

      it("finds what ripgrep finds", async () => {
        await fc.assert(
          fc.asyncProperty(
            tree,
            fc.array(query, { minLength: 1, maxLength: isDevice ? 4 : 8 }),
            async (contents, queries) => {
              const dir = directory();
              contents.forEach((text, index) => dir.file(`${index % 2}/f${index}`, text));
              await holding(dir, async (corpus) => {
                const searches = queries.map((each) => engine.submit({ ...each, corpus }));
                for (const [index, each] of queries.entries()) {
                  const found = resultHits(await (searches[index] as (typeof searches)[0]).wait());
                  expect(found, JSON.stringify(each)).toEqual(ripgrepHits(dir.path, each));
                }
              });
              dir.remove();
            },
          ),
          { numRuns: isDevice ? 12 : 40 },
        );
      });

      it("delivers 100,000 hits on one line, and hits at the very begin and end of files", async () => {
        const dir = directory()
          .file("long", `${"ab".repeat(100_000)}\n`)
          .file("edge", "needle and needle")
          .file("only", "needle")
          .file("empty", "")
          .file("last", "x\nneedle");
        await holding(dir, async (corpus) => {
          const many = await engine.search({ pattern: "ab", corpus });
          expect(many.count).toBe(100_000);
          expect(many.fileCount).toBe(1);
          expect(many.truncated).toBe(false);
          expect([...many.offset.subarray(-3)]).toEqual([199_994, 199_996, 199_998]);
          expect(many.line.every((line) => line === 1)).toBe(true);
          expect(many.column.at(-1)).toBe(199_999);
          const needles = await engine.search({ pattern: "needle", corpus });
          expect(resultHits(needles)).toEqual(ripgrepHits(dir.path, { pattern: "needle" }));
          const lines = Array.from({ length: needles.count }, (_, index) => needles.lineText(index));
          expect(lines.sort()).toEqual(["needle", "needle", "needle and needle", "needle and needle"]);
        });
      });

      it("keeps what overlaps apart as ripgrep does, however many there are", async () => {
        const dir = directory().file("a", `${"a".repeat(20_001)}\nbaaab\n`);
        await holding(dir, async (corpus) => {
          for (const each of ["aa", "aaa", ["aab", "aa"], ["baa", "aa", "ab"]]) {
            const found = await engine.search({ pattern: each, corpus });
            expect(resultHits(found), JSON.stringify(each)).toEqual(ripgrepHits(dir.path, { pattern: each }));
          }
        });
      });

      it("searches several corpora side by side, each query one of them", async () => {
        const one = directory().file("f", "apple\n");
        const two = directory().file("f", "apple pear apple\n");
        await holding(one, (first) =>
          holding(two, async (second) => {
            const counts = await Promise.all(
              [first, second, undefined].map((corpus) =>
                engine.search({ pattern: "apple", ...(corpus && { corpus }) }),
              ),
            );
            expect(counts.map(({ count }) => count)).toEqual([1, 2, 1]);
            expect(engine.corpora).toEqual([first, second]);
          }),
        );
        expect(() => engine.submit({ pattern: "apple" })).toThrow(
          expect.objectContaining({ code: "EW_CORPUS_UNKNOWN" }),
        );
      });

      it("takes 500 queries at once, answered in any order", async () => {
        const dir = directory().file(
          "f",
          Array.from({ length: 500 }, (_, index) => `word${index};\n`).join(""),
        );
        await holding(dir, async (corpus) => {
          const searches = Array.from({ length: 500 }, (_, index) =>
            engine.submit({ pattern: `word${index};`, corpus }),
          );
          const results = await Promise.all(searches.toReversed().map((search) => search.wait()));
          expect(results.map((result) => [result.count, result.line[0]])).toEqual(
            Array.from({ length: 500 }, (_, index) => [1, 500 - index]),
          );
          const waited = isDevice ? 20 : 300;
          const again = Array.from({ length: waited }, (_, index) =>
            engine.submit({ pattern: `word${index};`, corpus }),
          );
          expect(again.map((search) => search.waitSync({ timeoutMs: patientMs(20_000) }).line[0])).toEqual(
            Array.from({ length: waited }, (_, index) => index + 1),
          );
        });
      });

      it("answers more queries than any queue has slots once each, answers that fit and answers that do not", async () => {
        // A software device is slow: there it has less to look at, and fewer answers that are asked for again.
        const filler = `${"-".repeat(99)}\n`.repeat(isDevice ? 10 : 1_000);
        const dir = directory();
        for (let file = 0; file < 6; file++)
          dir.file(`f${file}`, filler + (file % 2 === 0 ? "many\n".repeat(2_000) : "many few\n") + filler);
        const many = { pattern: "many", count: 3 * 2_000 + 3 };
        const few = { pattern: "few", count: 3 };
        const both = { pattern: ["many", "few"], count: many.count + few.count };
        const wanted = Array.from({ length: 400 }, (_, index) => {
          if (isDevice) return index % 40 === 0 ? many : few;
          return [many, few, both][index % 3]!;
        });
        await holding(dir, async (corpus) => {
          for (let round = 0; round < (isDevice ? 1 : 2); round++) {
            const answers = wanted.map(async ({ pattern }, index) => {
              const { count, file, offset } = await engine.search({
                pattern,
                corpus,
                locate: index % 3 === 0,
              });
              const places = new Set(Array.from(offset, (at, hit) => `${file[hit]}:${at}`));
              return places.size === count ? count : `${count} hits at ${places.size} places`;
            });
            expect(await Promise.all(answers)).toEqual(wanted.map(({ count }) => count));
          }
        });
      });

      it("gives no more hits than wanted, and says whether there are more", async () => {
        const dir = directory().file("f", "aa b\n".repeat(1000)).file("g", "\u017faa s b\n");
        await holding(dir, async (corpus) => {
          for (const each of [
            { pattern: "b" },
            { pattern: "a" },
            { pattern: "aa" },
            { pattern: "S", ignoreCase: true },
            { pattern: "b$" },
            { pattern: ["a b", "s b"] },
            { pattern: "a b", locate: false },
          ]) {
            const all = await engine.search({ ...each, corpus });
            for (const maxHits of [1, all.count - 1, all.count, all.count + 1].filter((count) => count > 0)) {
              const some = await engine.search({ ...each, corpus, maxHits });
              expect([some.count, some.truncated]).toEqual([
                Math.min(maxHits, all.count),
                maxHits < all.count,
              ]);
              const known = new Set(resultHits(all).map(String));
              expect(resultHits(some).every((hit) => known.has(String(hit)))).toBe(true);
            }
          }
          expect(() => engine.submit({ pattern: "b", corpus, maxHits: 0 })).toThrow(/maxHits/);
        });
      });

      it("answers sooner or throws EW_TIMEOUT, after which the search goes on", async () => {
        const dir = directory().file("f", "abc\n".repeat(2000));
        await holding(dir, async (corpus) => {
          const search = engine.submit({ pattern: "abc", corpus });
          expect(() => {
            for (;;) engine.submit({ pattern: "b+c", corpus }).waitSync({ timeoutMs: 0 });
          }).toThrow(expect.objectContaining({ code: "EW_TIMEOUT" }));
          expect(search.waitSync({ timeoutMs: patientMs(20_000) }).count).toBe(2000);
          expect(search.done).toBe(true);
          expect(search.waitSync({ timeoutMs: 0 })).toBe(await search.wait());
          const polled = engine.submit({ pattern: "^a", corpus });
          while (!polled.done) await new Promise(setImmediate);
          expect(polled.waitSync({ timeoutMs: 0 }).count).toBe(2000);
        });
      });

      it("finds literals that are too long for a queue slot", async () => {
        const long = "0123456789".repeat(500);
        const dir = directory().file("f", `x${long}y\n${long.slice(1)}\n`);
        await holding(dir, async (corpus) => {
          for (const length of [208, 209, 1024, 1025, 5000]) {
            const each = { pattern: long.slice(0, length) };
            const found = await engine.search({ ...each, corpus });
            expect(resultHits(found), `${length} bytes`).toEqual(ripgrepHits(dir.path, each));
          }
        });
      });

      it("reads UTF-16, and of a binary file what comes before its first NUL", async () => {
        const dir = directory()
          .file("utf16", Buffer.from("\ufeffone\nünd needle\n", "utf16le"))
          .file("binary", "needle\n\0needle\n")
          .file("dirty", Buffer.from([0xff, 0xfe, 0x20, 0x41, 0x0a]));
        await holding(dir, async (corpus) => {
          for (const each of ["needle", "n[e]{2}dle", ".*needle"]) {
            const found = resultHits(await engine.search({ pattern: each, corpus }));
            const inUtf16 = ripgrepHits(dir.path, { pattern: each }).filter(([path]) => path === "./utf16");
            expect(found).toEqual([["./binary", 1, 1, 0, 6] satisfies Hit, ...inUtf16]);
          }
          const shown = await engine.search({ pattern: "ünd", corpus });
          expect(shown.lineText(0)).toBe("ünd needle");
        });
      });

      it("notices files that changed or vanished before it shows their lines", async () => {
        const dir = directory()
          .file("stays", "needle 1\n")
          .file("grows", "needle 2\n")
          .file("goes", "needle 3\n");
        await holding(dir, async (corpus) => {
          const before = await engine.search({ pattern: "needle", corpus });
          expect(before.count).toBe(3);
          appendFileSync(join(dir.path, "grows"), "needle 4\n");
          rmSync(join(dir.path, "goes"));
          const shown = Array.from({ length: 3 }, (_, index) => {
            try {
              return before.lineText(index);
            } catch (error) {
              return (error as { code: string }).code;
            }
          });
          expect(shown.sort()).toEqual(["EW_FILE_CHANGED", "EW_FILE_CHANGED", "needle 1"]);
          expect(() => before.lineText(3)).toThrow(expect.objectContaining({ code: "EW_BAD_ARGUMENT" }));
          expect((await engine.search({ pattern: "needle [0-9]", corpus })).changedFiles).toEqual([]);
          // Where a device alone has the contents, what is on disk now is searched, and said to be.
          const regex = await engine.search({ pattern: withoutAutomaton("needle [0-9]"), corpus });
          expect(regex.changedFiles.map((file) => corpus.files.path(file)).sort()).toEqual(
            isTextHeld ? [] : ["./goes", "./grows"],
          );
          expect(regex.count).toBe(3);
          if (!isTextHeld) {
            expect(resultHits(regex)).toEqual(ripgrepHits(dir.path, { pattern: "needle [0-9]" }));
            expect(Array.from({ length: 3 }, (_, index) => regex.lineText(index)).sort()).toEqual([
              "needle 1",
              "needle 2",
              "needle 4",
            ]);
          }
        });
      });

      it("streams a file that no memory holds, and tells of files it could not read", async () => {
        const dir = directory()
          .file("huge", `${"needle in a haystack\n".repeat(5000)}`)
          .file("small", "needle\n");
        truncateSync(join(dir.path, "huge"), 5 * 2 ** 30); // the rest is a hole: it costs no disk
        await holding(dir, async (corpus) => {
          const found = await engine.search({ pattern: "needle", corpus });
          const theirs = ripgrepHits(dir.path, { pattern: "needle" });
          expect(theirs.length).toBeGreaterThan(1000);
          expect(resultHits(found)).toEqual(theirs);
          const index = found.file.findIndex((_, at) => found.path(at) === "./huge" && found.line[at] === 7);
          expect(found.lineText(index)).toBe("needle in a haystack");
          expect(found.skippedFiles).toEqual([]);
          rmSync(join(dir.path, "huge"));
          const after = await engine.search({ pattern: "needle", corpus });
          expect(after.count).toBe(1);
          expect(after.skippedFiles).toMatchObject([
            { path: "./huge", reason: "No such file or directory (os error 2)" },
          ]);
        });
      });

      it("gives up a corpus, and refuses what it does not hold", async () => {
        const corpus = await everything(directory().file("f", "needle\n"));
        await engine.addCorpus(corpus);
        await engine.addCorpus(corpus);
        const result = await engine.search({ pattern: "needle", corpus });
        const late = engine.submit({ pattern: withoutAutomaton("^n"), corpus });
        await engine.removeCorpus(corpus);
        const unknown = expect.objectContaining({ code: "EW_CORPUS_UNKNOWN" }) as Error;
        expect(resultHits(result)).toEqual([["./f", 1, 1, 0, 6]]);
        await expect(late.wait()).rejects.toThrow(unknown);
        await expect(late.wait()).rejects.toThrow(unknown);
        expect(() => engine.submit({ pattern: "needle", corpus })).toThrow(unknown);
        await expect(engine.removeCorpus(corpus)).rejects.toThrow(unknown);
        expect(() => engine.submit({ pattern: "(" })).toThrow(unknown);
      });

      it("searches a corpus of nothing, and says what is wrong with a pattern", async () => {
        const dir = directory().file("empty", "");
        await holding(dir, async (corpus) => {
          for (const each of ["a", "^", "a|b", ""])
            expect((await engine.search({ pattern: each, corpus })).count).toBe(0);
          expect((await engine.search({ pattern: [], corpus })).count).toBe(0);
          expect(() => engine.submit({ pattern: "(", corpus })).toThrow(
            expect.objectContaining({ code: "EW_BAD_PATTERN" }),
          );
          for (const wrong of [undefined, 7, null, [7]])
            expect(() => engine.submit({ pattern: wrong as unknown as string, corpus })).toThrow(
              expect.objectContaining({ code: "EW_BAD_ARGUMENT" }),
            );
        });
      });

      it("ends searches in flight when it is closed, and leaves the others their results", async () => {
        const dir = directory().file("f", "needle\n".repeat(3000));
        const corpus = await everything(dir);
        const closing = await SearchEngine.open({ ...options, corpus });
        const answered = await closing.search({ pattern: "needle", ignoreCase: true });
        const searches = ["needle", "n.e", "^", "^n"].map((each) => closing.submit({ pattern: each }));
        const ends = Promise.allSettled(searches.map((search) => search.wait()));
        await closing.close();
        await closing.close();
        for (const end of await ends) {
          if (end.status === "rejected") expect(end.reason).toMatchObject({ code: "EW_CLOSED" });
          else expect(end.value.count).toBe(3000);
        }
        expect(answered.count).toBe(3000);
        expect(answered.line.at(-1)).toBe(3000);
        expect(answered.lineText(0)).toBe("needle");
        const closed = expect.objectContaining({ code: "EW_CLOSED" }) as Error;
        expect(() => closing.submit({ pattern: "needle" })).toThrow(closed);
        await expect(closing.addCorpus(corpus)).rejects.toThrow(closed);
        writeFileSync(join(dir.path, "f"), "");
      });
    },
  );
}
