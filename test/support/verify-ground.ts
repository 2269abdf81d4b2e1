/** Searches of which the host has to do a part, on the host's backend, with and without threads. */
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { BackendTicket, LoadedCorpus, RawHits } from "../../src/search/backend/index.ts";
import { Corpus } from "../../src/search/corpus/index.ts";
import { EngineCorpus } from "../../src/search/engine/engine-corpus.ts";
import { loadCorpus } from "../../src/search/engine/load-corpus.ts";
import type { PreparedQuery } from "../../src/search/engine/query.ts";
import { Search } from "../../src/search/engine/search.ts";
import type { SearchResult } from "../../src/search/engine/search-result.ts";
import type { HostBackend } from "../../src/search/host/index.ts";
import type { Verifier } from "../../src/search/verifier/index.ts";

const WORDS = [
  "alpha",
  "task",
  "TASK",
  "int",
  "print",
  "x.y",
  "aa",
  "aaa",
  "kk",
  "12345",
  "gämma",
  "def run(",
];
const RARE = ["ta\u{17f}k", "\u{212a}\u{212a}", "", "\t", "end \r", "abababababababababababab", "µ"];

/** So many lines that differ from file to file. */
export function linesOf(file: number, count: number): string {
  const lines: string[] = [];
  for (let index = 0; index < count; index++) {
    const at = index * 7 + file * 13;
    const rare = at % 61 === 0 ? ` ${RARE[(at / 61) % RARE.length]}` : "";
    lines.push(index % 19 === 3 ? "" : `${WORDS[at % 12]} ${WORDS[(at >> 2) % 12]}_${index % 5}${rare}`);
  }
  return lines.join("\n");
}

/** Writes a few megabytes of files, of every kind that contents can have. */
export function writeFiles(folder: string, fileCount = 240, lineCount = 300): void {
  mkdirSync(folder, { recursive: true });
  for (let file = 0; file < fileCount; file++) {
    const text = linesOf(file, lineCount);
    const name = path.join(folder, `f${String(file).padStart(4, "0")}`);
    const bytes = Buffer.from(text);
    if (file % 10 === 1) writeFileSync(name, `\u{feff}${text}\n`);
    else if (file % 40 === 2) writeFileSync(name, Buffer.from(`\u{feff}${text}\n`, "utf16le"));
    else if (file % 40 === 3) writeFileSync(name, Buffer.concat([bytes, Buffer.from([0, 10]), bytes]));
    else if (file % 40 === 4)
      writeFileSync(name, Buffer.concat([bytes, Buffer.from([0xe2, 0x28, 10]), bytes]));
    else if (file % 40 === 5) writeFileSync(name, "");
    else if (file % 40 === 6) writeFileSync(name, text.repeat(30));
    else writeFileSync(name, file % 3 === 0 ? text : `${text}\n`);
  }
}

/** Loads all files of a folder. @param isOutOfReach the host does not see what was loaded, as with a device */
export async function load(
  backend: HostBackend,
  folder: string,
  isOutOfReach = false,
): Promise<EngineCorpus> {
  const held = await loadCorpus(backend, await Corpus.list([folder], { sort: "path" }), undefined);
  if (!isOutOfReach) return held;
  return new EngineCorpus(held.corpus, askedFor(backend, held.loaded), outOfReach(held.loaded));
}

function outOfReach(loaded: LoadedCorpus): LoadedCorpus {
  const { corpus, placement } = loaded;
  return {
    corpus,
    placement,
    bytes: () => undefined,
    sharedSegments: undefined,
    signatureBytes: 0,
    unload: () => loaded.unload(),
  };
}

/** The backend, whatever stands for the corpus. */
function askedFor(backend: HostBackend, loaded: LoadedCorpus): EngineCorpus["backend"] {
  return {
    info: backend.info,
    isLost: false,
    hasOwnMemory: false,
    maxPlaceBytes: backend.maxPlaceBytes,
    load: (corpus, options) => backend.load(corpus, options),
    submit: (plan, options) => backend.submit(plan, { ...options, corpus: loaded }),
    close: () => backend.close(),
  };
}

/** A ticket that is answered. */
export function answered(hits: RawHits): BackendTicket {
  return {
    done: true,
    waitSync: () => true,
    wait: () => Promise.resolve(),
    result: () => hits,
    cancel: () => undefined,
  };
}

/** What a search is begun with. */
export interface Wishes {
  readonly verifier?: Verifier | undefined;
  readonly maxHits?: number;
  readonly isCountOnly?: boolean;
  readonly assertOpen?: () => void;
}

/** Begins a search. */
export function begin(held: EngineCorpus, query: PreparedQuery, wishes: Wishes = {}): Search {
  const { verifier, maxHits = Infinity, isCountOnly = false, assertOpen = () => undefined } = wishes;
  const search = new Search(
    {
      ...(verifier && { verifier }),
      threads: 2,
      sendPending: () => undefined,
      sendAgain: (again) => again.send(held),
      withdraw: () => undefined,
      asksAgain: () => false,
      isReopening: () => false,
      ended: () => undefined,
      assertOpen,
    },
    held,
    query,
    maxHits,
    true,
    isCountOnly,
  );
  search.send(held);
  return search;
}

/** All hits as one number, so that many are compared at once. */
export function digestOf(...results: readonly SearchResult[]): string {
  const hash = createHash("sha256");
  for (const column of ["file", "line", "column", "offset", "length"] as const)
    for (const result of results) hash.update(Float64Array.from(result[column]));
  return hash.digest("hex");
}

/** The runs of a stream. */
export async function runsOf(search: Search): Promise<SearchResult[]> {
  const runs: SearchResult[] = [];
  for await (const run of search) runs.push(run);
  return runs;
}
