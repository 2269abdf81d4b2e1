/**
 * The device's part of a one-shot search. The files go to the device, and the kernel looks for the plan's literals.
 * Then the device is closed. Only after that, the printer reads the hits and the files on disk, and prints.
 *
 * Invariants: When `searchOnDevice` returns, no kernel runs and no signal is guarded. The hits of some files may be
 * incomplete: files that changed, that were decoded, that have a NUL, or letters that fold beyond ASCII. The host
 * searches these files again.
 */
import { nowMs, EverwarpError } from "../../base/index.ts";
import type { RawHits } from "../backend/index.ts";
import type { FoundFile, Plan } from "../contracts.ts";
import { Corpus, FILE_FLAGS, type Placement } from "../corpus/index.ts";
import {
  AskedPlan,
  type BackendChoice,
  type EngineCorpus,
  loadCorpus,
  openDevice,
  PreparedPlan,
} from "../engine/index.ts";
import type { CandidateList } from "../searcher/index.ts";
import type { GrepEngine, GrepSubject } from "./grep-engine.ts";
import type { GrepOptions } from "./options.ts";
import { type EngineReport, showsDetails } from "./printer/index.ts";
import type { DeviceHitsSurroundings } from "./device-surroundings.ts";
import { readUnchanged } from "./unchanged-file.ts";

/** How long an answer is waited for without the event loop, so that its time is told exactly. */
const EAGER_MS = 50;
/** One search for literals needs nothing that later searches would profit from. */
const ONE_SEARCH = { automata: false, index: false };
/** Empty queries that are timed; the quickest counts. */
const EMPTY_QUERIES = 8;

/**
 * Opens the device, and asks it for the plan.
 * @param isOfUse whether the device has anything to look for
 * @returns undefined where the device is of no use to this search
 * @throws what `openDevice` throws, and whatever the device fails with
 */
export async function searchOnDevice(
  options: GrepOptions,
  choice: BackendChoice,
  { plan, listFiles }: GrepSubject,
  surroundings: DeviceHitsSurroundings,
  isOfUse: boolean,
): Promise<GrepEngine | undefined> {
  const files = isOfUse ? listFiles() : []; // before there is a kernel to be stopped by a signal
  const guard = surroundings.guardKernel();
  try {
    const { backend } = await openDevice(choice);
    try {
      guard.guard(backend);
      // A device that was named must be there, even if it is of no use to this search.
      if (!isOfUse) return undefined;
      const allText = options.searcher.searcher.binaryImplicit !== "quit";
      const corpus = await surroundings.withProgress(
        `loading ${files.length.toLocaleString("en")} files`,
        loadCorpus(
          backend,
          Corpus.fromFiles(files, { allText, cwd: options.walk.cwd }),
          undefined,
          ONE_SEARCH,
        ),
      );
      const { asked, roundTripUs } = await ask(corpus, plan);
      const emptyUs = options.stats ? await emptyRoundTripUs(corpus, plan) : 0;
      const { placement } = corpus.loaded;
      return new DeviceHits(options, files, placement, asked, {
        device: backend.info.device,
        strategy: backend.info.strategy,
        corpusBytes: placement.stats.contentBytes,
        loadMs: placement.stats.loadMs,
        kernelUs: Math.max(0, roundTripUs - emptyUs),
        roundTripUs,
      });
    } finally {
      await backend.close();
    }
  } catch (error) {
    await guard.ending; // what fails because the user interrupts is no news
    throw error;
  } finally {
    guard.release();
  }
}

async function ask(corpus: EngineCorpus, plan: Plan): Promise<{ asked: AskedPlan; roundTripUs: number }> {
  const prepared = new PreparedPlan(plan);
  const beginMs = nowMs();
  const asked = AskedPlan.ask(corpus, prepared, {});
  if (!asked.waitSync(EAGER_MS)) await asked.wait();
  asked.hits(); // before the backend is closed
  return { asked, roundTripUs: (nowMs() - beginMs) * 1000 };
}

/** What a query costs that has nothing to look at. */
async function emptyRoundTripUs({ backend }: EngineCorpus, plan: Plan): Promise<number> {
  const empty = await loadCorpus(backend, Corpus.fromFiles([]), undefined, ONE_SEARCH);
  let bestUs = Infinity;
  for (let count = 0; count < EMPTY_QUERIES; count++)
    bestUs = Math.min(bestUs, (await ask(empty, plan)).roundTripUs);
  return bestUs;
}

const NO_BYTES = Buffer.alloc(0);
const NO_HITS: CandidateList = { offsets: [], from: 0, to: 0, exact: true };

/** Serves what the device has found, file by file. */
class DeviceHits implements GrepEngine {
  readonly #files: readonly FoundFile[];
  readonly #placement: Placement;
  readonly #hits: RawHits;
  readonly #exceptions: ReadonlySet<number>;
  readonly #isExact: boolean;
  readonly #report: EngineReport;
  /** Files without a hit print nothing, so they need not be read. */
  readonly #isSilentWithoutHit: boolean;
  readonly #endsAtNul: boolean;
  readonly #isOnePiece: boolean;
  readonly #directory: string | undefined;
  /** The row of the file that is expected next: files are asked for in order. */
  #nextRow = 0;
  #nextHit = 0;

  constructor(
    options: GrepOptions,
    files: readonly FoundFile[],
    placement: Placement,
    asked: AskedPlan,
    report: EngineReport,
  ) {
    const { searcher, printer } = options.searcher;
    this.#files = files;
    this.#placement = placement;
    this.#hits = asked.hits() as RawHits;
    this.#exceptions = new Set(asked.exceptions());
    this.#isExact = asked.plan.kind === "literals";
    this.#report = report;
    this.#isSilentWithoutHit = !showsDetails(printer) && !searcher.invertMatch && !searcher.passthru;
    this.#endsAtNul = searcher.binaryImplicit === "quit";
    this.#isOnePiece = searcher.asOnePiece;
    this.#directory = searcher.directory;
  }

  find(file: FoundFile): { bytes: Buffer; hits: CandidateList | undefined } | undefined {
    const index = this.#nextRow++;
    const { parts } = this.#placement;
    if (this.#files[parts?.file[index] ?? index] !== file) {
      throw new EverwarpError(
        "EW_INTERNAL",
        `${file.path} is not the file that was loaded as number ${index}`,
        {
          remedy: "Please report this.",
        },
      );
    }
    const hits = this.#hitsOf(index);
    if (this.#placement.isPart(index)) {
      // A file in parts is searched as if there were no device.
      while (parts?.file[this.#nextRow] === parts?.file[index]) this.#hitsOf(this.#nextRow++);
      return undefined;
    }
    const flags = this.#placement.flags[index] as number;
    if ((flags & FILE_FLAGS.LOADED) === 0 || (flags & FILE_FLAGS.TRANSCODED) !== 0) return undefined;
    if (file.explicit && file.path === "-") return undefined;
    if (this.#exceptions.has(index)) return undefined;
    const isSilent = hits.from === hits.to && this.#isSilentWithoutHit;
    const isBinary = (flags & FILE_FLAGS.BINARY) !== 0;
    // Of a file that was cut at its NUL, it is only known that there is nothing before.
    if (isBinary && !(isSilent && this.#endsAtNul && !this.#isOnePiece)) return undefined;
    if (isSilent) return { bytes: NO_BYTES, hits: NO_HITS };
    const bytes = readUnchanged(file, this.#placement, index, this.#directory);
    return bytes && { bytes, hits };
  }

  report(): EngineReport {
    return this.#report;
  }

  /** The run of hits of the next row. */
  #hitsOf(index: number): CandidateList {
    const { file, offset, count } = this.#hits;
    const from = this.#nextHit;
    let to = from;
    while (to < count && file[to] === index) to++;
    this.#nextHit = to;
    return { offsets: offset, from, to, exact: this.#isExact };
  }
}
