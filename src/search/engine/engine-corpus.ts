/**
 * A corpus as an engine holds it: its place in a backend, and what was found out about it on the way.
 *
 * A "file" is a row of the placement here: where a file is held in parts, each part.
 *
 * Invariants: a probe is asked at most once at a time and its answer kept, as loaded contents never change;
 * `isRemoved` is set before a backend frees anything.
 */
import { EverwarpError } from "../../base/index.ts";
import { type Backend, type LoadedCorpus, scanPlan, type SubmitOptions } from "../backend/index.ts";
import { type Corpus, FILE_FLAGS, readContent } from "../corpus/index.ts";
import { RowContents } from "../verifier/index.ts";
import { ExceptionProbe } from "./exception-probe.ts";
import type { PreparedQuery } from "./query.ts";

/** A file of the corpus that a search did not look into. */
export interface SkippedFile {
  /** Index into the corpus's file table. */
  readonly file: number;
  readonly path: string;
  readonly reason: string;
}

/** See the head of this file. */
export class EngineCorpus {
  readonly corpus: Corpus;
  readonly backend: Backend;
  readonly loaded: LoadedCorpus;
  /** It was loaded with signatures. */
  readonly isIndexed: boolean;
  /** Files too large for a segment: searched by streaming, by index. */
  readonly streamed: readonly number[];
  /** Files that could not be loaded. */
  readonly skipped: readonly SkippedFile[];
  /** Some file begins with a byte order mark that is part of the content. */
  readonly hasMarks: boolean;
  /** How the backend is asked where lines and columns are wanted, and where they are not. */
  readonly located: SubmitOptions;
  readonly counted: SubmitOptions;
  /** The same corpus on the host's threads, beside a device. Its rows are the rows of this one. */
  readonly copy: EngineCorpus | undefined;
  isRemoved = false;
  /** The backend was lost. What was found before stays true; nothing more can be asked. */
  isLost = false;
  /** The backend makes something ready, and lets queries wait meanwhile. */
  isBusy = false;
  /** Queries that match more lines than bit planes can tell. */
  readonly manyLines = new WeakSet<PreparedQuery>();
  readonly #probes = new Map<string, ExceptionProbe>();

  constructor(corpus: Corpus, backend: Backend, loaded: LoadedCorpus, isIndexed = true, copy?: EngineCorpus) {
    this.isIndexed = isIndexed;
    this.copy = copy;
    this.corpus = corpus;
    this.backend = backend;
    this.loaded = loaded;
    this.located = { corpus: loaded, locate: true };
    this.counted = { corpus: loaded, locate: false };
    const { flags, errors } = loaded.placement;
    const streamed: number[] = [];
    const skipped = errors.map(({ file, message }) => this.skippedFile(file, message));
    let hasMarks = false;
    for (let file = 0; file < flags.length; file++) {
      const flag = flags[file] as number;
      if ((flag & FILE_FLAGS.OVERSIZE) !== 0) streamed.push(file);
      else if ((flag & FILE_FLAGS.SPECIAL) !== 0) skipped.push(this.skippedFile(file, "not a regular file"));
      else if ((flag & FILE_FLAGS.UTF8_MARK) !== 0) hasMarks = true;
    }
    this.streamed = streamed;
    this.skipped = skipped.sort((a, b) => a.file - b.file);
    this.hasMarks = hasMarks;
  }

  /** The file of the corpus that a row is, or is a part of. */
  fileOf(row: number): number {
    return this.loaded.placement.parts?.file[row] ?? row;
  }

  /** Says why a row was not searched. */
  skippedFile(row: number, reason: string): SkippedFile {
    return { file: this.fileOf(row), path: this.loaded.placement.files.path(row), reason };
  }

  /** Where a file's text begins in its content. */
  textStart(file: number): number {
    return this.loaded.placement.textStart(file);
  }

  /** Asks which files have one of these byte runs; the answer is kept. @throws as `Backend.submit` */
  probe(runs: readonly Uint8Array[]): ExceptionProbe {
    const key = probeKey(runs);
    const known = this.#probes.get(key);
    if (known !== undefined && !known.hasFailed) return known;
    const literals = runs.map((bytes) => ({ bytes, ignoreAsciiCase: false }));
    const probe = new ExceptionProbe(this.backend.submit(scanPlan(literals), this.counted));
    this.#probes.set(key, probe);
    return probe;
  }

  /** Is it known that no file has one of these byte runs? */
  hasNoneOf(runs: readonly Uint8Array[]): boolean {
    return this.#probes.get(probeKey(runs))?.hasFoundNone === true;
  }

  /** The contents, for this thread and others. @throws EW_CORPUS_UNKNOWN after removal */
  contents(): RowContents {
    this.assertHeld();
    const { placement, sharedSegments } = (this.copy ?? this).loaded;
    return new RowContents(placement, sharedSegments, this.corpus.allText);
  }

  /** No search may begin any more. To be called before anything is freed. */
  remove(): void {
    this.isRemoved = true;
    this.copy?.remove();
  }

  /** A file's content to show lines of; it is the caller's to know that the file has not changed. */
  shownContent(file: number): Buffer | undefined {
    return this.isRemoved
      ? readContent(this.loaded.placement, file, this.corpus.allText)?.bytes
      : this.contents().content(file)?.bytes;
  }

  /** @throws EW_CORPUS_UNKNOWN after removal */
  assertHeld(): void {
    if (!this.isRemoved) return;
    throw new EverwarpError("EW_CORPUS_UNKNOWN", "the corpus was removed from the engine", {
      remedy: "Wait for searches before removing their corpus, or add it again.",
    });
  }
}

function probeKey(runs: readonly Uint8Array[]): string {
  return runs.map((run) => run.join(".")).join(" ");
}
