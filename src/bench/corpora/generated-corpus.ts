/**
 * Generated corpora. They are the same on every machine and have needles at known places, so the right answer
 * is known without a search.
 *
 *     file i = block (i mod 8) of text that looks like code, with needles written over it
 *
 *     │ slot 0 │ slot 1 │ … every 128 bytes; plant j is written into slot (j × step) mod slots, so no two overlap
 *
 * The text has no "q". Every needle begins with a "q" and has no other. So a needle is only where it was
 * planted.
 */
import { mkdtempSync, readFileSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { Corpus } from "../../search/index.ts";
import { skip } from "../measure/index.ts";
import type { Query } from "./query.ts";

/** A query, and the number of hits that it must find. */
export interface KnownQuery extends Query {
  readonly pattern: string;
  readonly hits: number;
}

/** A corpus, and queries with known answers. */
export interface GeneratedCorpus {
  readonly sizeBytes: number;
  readonly corpus: Corpus;
  /** One hit in all. */
  readonly rare: KnownQuery;
  /** Some tens of hits. */
  readonly tens: KnownQuery;
  /** As many hits as `tens`, each in another case. */
  readonly ignoreCase: KnownQuery;
  /** A hundred queries with one, two or three hits each. */
  readonly burst: readonly KnownQuery[];
  /**
   * A ten-letter word as it is typed: one query for each key. The expected hits are found by a slow scan of
   * all bytes.
   */
  typing(): readonly KnownQuery[];
}

/** Makes the corpora for the cases, each once in a run. */
export interface GeneratedCorpora extends AsyncDisposable {
  /** @throws EW_BENCH_SKIPPED where there is no room */
  ofSize(sizeBytes: number): Promise<GeneratedCorpus>;
  /** Deletes a corpus's files. */
  drop(sizeBytes: number): void;
}

const SLOT_BYTES = 128;
const BLOCK_BYTES = 1 << 20;
const BLOCK_COUNT = 8;
const HITS_OF_TENS = 40;
/** Number of queries in a burst. */
export const BURST_COUNT = 100;
/** A word of ten letters that is frequent in the text. */
const TYPED_WORD = "descriptor";

/**
 * The words of the text, the most frequent first: keywords, then some 1,900 identifiers of two parts. Their
 * frequency depends on their rank, as in source code.
 */
const WORDS = ((): string[] => {
  const keywords =
    "int return if static void const struct size_t for unsigned char else NULL case break while sizeof bool uint32_t goto".split(
      " ",
    );
  const parts =
    "buffer index value node next prev list hash table insert remove lookup find error code status flags mask shift count length offset begin end data device queue page lock state task event driver bus port frame packet header config mode".split(
      " ",
    );
  const identifiers = parts.flatMap((first) => parts.map((second) => `${first}_${second}`));
  return [...keywords, ...parts, TYPED_WORD, ...identifiers];
})();

/** The linear congruential generator of Numerical Recipes. Its high bits are good enough for text. */
function randomSource(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state >>> 8) % below;
  };
}

function textBlock(seed: number): Buffer {
  const random = randomSource(seed);
  const lines: string[] = [];
  for (let length = 0; length < BLOCK_BYTES;) {
    let line = "  ".repeat(random(4));
    for (let count = 2 + random(8); count > 0; count--) {
      // The third power of an even distribution: half of all words are among the first eighth.
      const rank = Math.floor(WORDS.length * (random(1 << 20) / (1 << 20)) ** 3);
      line += `${WORDS[rank] as string}${["(", ";", " = ", " ", " "][random(5)] as string}`;
    }
    lines.push(line);
    length += line.length + 1;
  }
  return Buffer.from(`${lines.join("\n").slice(0, BLOCK_BYTES - 1)}\n`);
}

let blocks: Buffer[] | undefined;

/**
 * Number of files. In a small corpus they are small, as in a source tree. In a large one there are few, so
 * that it is made quickly.
 */
function fileBytesOf(sizeBytes: number): number {
  return sizeBytes < 1 << 20 ? 8 << 10 : sizeBytes < 64 << 20 ? 64 << 10 : BLOCK_BYTES;
}

/** The same letters in upper or lower case, by the bits of a number. */
function inCase(text: string, bits: number): string {
  let letter = 0;
  return text.replaceAll(/[a-z]/g, (character) =>
    (bits >> (letter++ % 16)) & 1 ? character.toUpperCase() : character,
  );
}

/** Writes the files, with the needles at their places. */
function writeFiles(folder: string, sizeBytes: number, plants: readonly string[]): void {
  blocks ??= Array.from({ length: BLOCK_COUNT }, (_, index) => textBlock(index + 1));
  const fileBytes = fileBytesOf(sizeBytes);
  const slotCount = sizeBytes / SLOT_BYTES;
  const step = coprimeStep(slotCount);
  const byFile = new Map<number, { offset: number; text: string }[]>();
  for (const [index, text] of plants.entries()) {
    const at = ((index * step) % slotCount) * SLOT_BYTES;
    const file = Math.floor(at / fileBytes);
    const list = byFile.get(file) ?? [];
    list.push({ offset: (at % fileBytes) + 16, text });
    byFile.set(file, list);
  }
  for (let file = 0; file * fileBytes < sizeBytes; file++) {
    const block = blocks[file % BLOCK_COUNT] as Buffer;
    const from = ((file * fileBytes) / BLOCK_COUNT) % (BLOCK_BYTES - fileBytes + 1);
    const bytes = Buffer.from(block.subarray(from, from + fileBytes));
    for (const { offset, text } of byFile.get(file) ?? []) bytes.write(text, offset, "latin1");
    bytes[fileBytes - 1] = 10;
    writeFileSync(path.join(folder, `file-${String(file).padStart(5, "0")}.c`), bytes);
  }
}

/**
 * A step that visits every slot before it returns to the first: near the golden section, and coprime to
 * `count`.
 */
function coprimeStep(count: number): number {
  const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b));
  let step = Math.floor(count * 0.618) | 1;
  while (divisor(count, step) !== 1) step += 2;
  return step;
}

/** Counts occurrences, overlapping ones too, byte by byte. */
function countSlowly(bytes: Uint8Array, needle: Uint8Array): number {
  let count = 0;
  for (let at = 0; at + needle.length <= bytes.length; at++) {
    let length = 0;
    while (length < needle.length && bytes[at + length] === needle[length]) length++;
    if (length === needle.length) count++;
  }
  return count;
}

/** A file system in memory if it has room, else the folder for temporary files. */
function roomiest(sizeBytes: number): string {
  for (const folder of ["/dev/shm", os.tmpdir()]) {
    try {
      const { bavail, bsize } = statfsSync(folder);
      if (bavail * bsize > 1.2 * sizeBytes) return folder;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }
  throw skip(`no room for ${sizeBytes} bytes in /dev/shm or ${os.tmpdir()}`);
}

/** Makes corpora in temporary folders. Disposing deletes them. */
export function generatedCorpora(): GeneratedCorpora {
  const made = new Map<number, { folder: string; corpus: Promise<GeneratedCorpus> }>();
  const drop = (sizeBytes: number): void => {
    const entry = made.get(sizeBytes);
    if (entry !== undefined) rmSync(entry.folder, { recursive: true, force: true });
    made.delete(sizeBytes);
  };
  return {
    ofSize(sizeBytes) {
      let entry = made.get(sizeBytes);
      if (entry === undefined) {
        const folder = mkdtempSync(path.join(roomiest(sizeBytes), "everwarp-bench-"));
        entry = { folder, corpus: generate(folder, sizeBytes) };
        made.set(sizeBytes, entry);
      }
      return entry.corpus;
    },
    drop,
    async [Symbol.asyncDispose]() {
      for (const sizeBytes of made.keys()) drop(sizeBytes);
    },
  };
}

async function generate(folder: string, sizeBytes: number): Promise<GeneratedCorpus> {
  const query = (pattern: string, hits: number, more: Partial<KnownQuery> = {}): KnownQuery => ({
    pattern,
    ignoreCase: false,
    hits,
    ...more,
  });
  const rare = query("quartz_beacon", 1);
  const tens = query("quince_marker", HITS_OF_TENS);
  const ignoreCase = query("quiver_anchor", HITS_OF_TENS, { ignoreCase: true });
  const burst = Array.from({ length: BURST_COUNT }, (_, index) =>
    query(`quest_${String(index).padStart(3, "0")}_end`, 1 + (index % 3)),
  );
  const plants = [rare.pattern];
  for (let index = 0; index < HITS_OF_TENS; index++) {
    plants.push(tens.pattern, inCase(ignoreCase.pattern, index * 97 + 1));
  }
  for (const { pattern, hits } of burst) for (let index = 0; index < hits; index++) plants.push(pattern);
  writeFiles(folder, sizeBytes, plants);
  const corpus = await Corpus.list([folder]);
  let typed: KnownQuery[] | undefined;
  return {
    sizeBytes,
    corpus,
    rare,
    tens,
    ignoreCase,
    burst,
    typing: () => (typed ??= countTyped(corpus)),
  };
}

function countTyped(corpus: Corpus): KnownQuery[] {
  const files = Array.from({ length: corpus.fileCount }, (_, file) =>
    readFileSync(corpus.files.openPath(file)),
  );
  return Array.from(TYPED_WORD, (_, key) => {
    const pattern = TYPED_WORD.slice(0, key + 1);
    const needle = Buffer.from(pattern);
    const hits = files.reduce((sum, bytes) => sum + countSlowly(bytes, needle), 0);
    return { pattern, ignoreCase: false, hits };
  });
}
