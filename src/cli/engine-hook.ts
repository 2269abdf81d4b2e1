/**
 * The GPU's part of one `everwarp search`: the files go to the device, the kernel looks for the plan's literals, the device is closed,
 * and only then anything is printed, from the files on disk and the hits.
 *
 * Invariants: when `openEngine` returns, no kernel runs and no signal handler is left; a file whose hits may not be the whole truth
 * (changed, decoded, with a NUL, with letters that fold beyond ASCII) is searched as if there were no engine.
 */
import { closeSync, fstatSync, openSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { nowMs, EverwarpError, isDeviceFailure } from "../base/index.ts";
import { assertNoStrategy, mayFallBack } from "../engine/index.ts";
import type { StrategyName } from "../residency/index.ts";
import {
  type Backend,
  type BackendTicket,
  type LoadedCorpus,
  type RawHits,
  type FoundFile,
  type Literal,
  type Plan,
  Corpus,
  FILE_FLAGS,
  type Placement,
  loadedStamp,
  sameStamp,
  stampOf,
  type BackendChoice,
  openDevice,
  scanPlan,
  showsDetails,
  type EngineReport,
  type GrepEngine,
  type GrepOptions,
  type GrepSubject,
  type CandidateList,
  readDescriptor,
  systemErrorText,
} from "../search/index.ts";
import { whyNoHardware } from "../vulkan/index.ts";
import { type Environment, deviceHint, isHintDue, withProgress } from "./terminal/index.ts";

/**
 * Files from which on a device is opened for a single search when the choice is ours: opening one takes some 0.3 s, in which the
 * host searches more than these. Whoever names a device or a strategy gets it.
 */
const DEVICE_FILES_MIN = 2_000;
/** How long an answer is waited for without the event loop, so that its time is told exactly. */
const EAGER_MS = 50;
/** How long the kernel has to stop when the user interrupts. */
const STOP_TIMEOUT_MS = 2_000;
/** Empty queries that are timed; the quickest counts. */
const EMPTY_QUERIES = 8;

/**
 * Searches on a device, where one is asked for or there is a hardware one.
 * @param deviceFilesMin fewer files are the host's, where the choice is ours
 * @returns undefined where the host is to search
 * @throws EW_NO_VULKAN, EW_NO_DEVICE, EW_DEVICE_FORBIDDEN, EW_DRIVER_TOO_OLD, EW_STRATEGY_UNSUPPORTED and whatever the device fails with,
 * where it was insisted on
 */
export async function openEngine(
  args: GrepOptions,
  environment: Environment,
  subject: GrepSubject,
  deviceFilesMin: number = DEVICE_FILES_MIN,
): Promise<GrepEngine | undefined> {
  const choice = choiceOf(args);
  const useHost = (reason: string): undefined => {
    assertNoStrategy(choice, reason);
    const hint = deviceHint({
      device: args.engine.device,
      stderrIsTerminal: args.messages && environment.stderrIsTerminal,
      reason,
    });
    if (hint !== undefined && isHintDue(environment.env)) environment.writeError(hint);
    return undefined;
  };
  if (choice.device === "cpu") {
    assertNoStrategy(choice, "the host engine runs threads, not a kernel");
    return undefined;
  }
  const isLeftToUs = mayFallBack(choice);
  const reason = choice.device === "auto" ? whyNoHardware(environment.env) : undefined;
  if (reason !== undefined) return useHost(reason);
  if (isLeftToUs && !isWorthwhile(args, subject.plan)) return undefined;
  if (isLeftToUs && subject.listFiles().length < deviceFilesMin) return undefined;
  try {
    return await searchOnDevice(args, choice, subject, environment);
  } catch (error) {
    if (!isLeftToUs || !isDeviceFailure(error)) throw error;
    return useHost(error.message);
  }
}

function choiceOf({ engine }: GrepOptions): BackendChoice {
  const { device, strategy, persistent } = engine;
  return {
    device: /^\d+$/.test(device) ? Number(device) : device,
    persistent,
    ...(strategy === undefined ? {} : { strategy: strategy as StrategyName }),
  };
}

/** Is there anything for a device to look for, in files that can be loaded? */
function isWorthwhile({ paths, searcher }: GrepOptions, plan: Plan): boolean {
  const hasLiterals = plan.kind === "literals" || plan.kind === "filter";
  const { encoding } = searcher.searcher;
  const isOnlyStdin = paths.length === 1 && paths[0] === "-";
  return hasLiterals && (encoding === "auto" || encoding === "none") && !isOnlyStdin;
}

async function searchOnDevice(
  args: GrepOptions,
  choice: BackendChoice,
  { plan, listFiles }: GrepSubject,
  environment: Environment,
): Promise<GrepEngine | undefined> {
  const mayHelp = isWorthwhile(args, plan);
  const files = mayHelp ? listFiles() : []; // before there is a kernel to be stopped by a signal
  const signals = new SignalGuard();
  try {
    const { backend } = await openDevice(choice);
    try {
      signals.guard(backend);
      // A device that was named must be there, even if it is of no use to this search.
      if (!mayHelp || plan.kind === "whole" || plan.kind === "nothing") return undefined;
      const allText = args.searcher.searcher.binaryImplicit !== "quit";
      const loaded = await withProgress(
        { ...environment, stderrIsTerminal: args.messages && environment.stderrIsTerminal },
        `loading ${files.length.toLocaleString("en")} files`,
        backend.load(Corpus.fromFiles(files, { allText })),
      );
      const answer = await ask(backend, loaded, plan.literals);
      const exceptions = await exceptionFiles(backend, loaded, plan.foldExceptions);
      const emptyUs = args.stats ? await emptyRoundTripUs(backend, plan.literals) : 0;
      const { stats } = loaded.placement;
      return new DeviceAnswer(
        args,
        files,
        loaded.placement,
        answer.hits,
        exceptions,
        plan.kind === "literals",
        {
          device: backend.info.device,
          strategy: backend.info.strategy,
          corpusBytes: stats.contentBytes,
          loadMs: stats.loadMs,
          kernelUs: Math.max(0, answer.roundTripUs - emptyUs),
          roundTripUs: answer.roundTripUs,
        },
      );
    } finally {
      await backend.close();
    }
  } catch (error) {
    await signals.ending; // what fails because the user interrupts is no news
    throw error;
  } finally {
    signals.release();
  }
}

async function ask(
  backend: Backend,
  loaded: LoadedCorpus,
  literals: readonly Literal[],
): Promise<{ hits: RawHits; roundTripUs: number }> {
  const beginMs = nowMs();
  const ticket: BackendTicket = backend.submit(scanPlan(literals), { corpus: loaded });
  if (!ticket.waitSync(EAGER_MS)) await ticket.wait();
  return { hits: ticket.result(), roundTripUs: (nowMs() - beginMs) * 1000 };
}

/** Files in which ASCII folding is not all there is to ignoring case. */
async function exceptionFiles(
  backend: Backend,
  loaded: LoadedCorpus,
  runs: readonly Uint8Array[],
): Promise<ReadonlySet<number>> {
  if (runs.length === 0) return new Set();
  const literals = runs.map((bytes) => ({ bytes, ignoreAsciiCase: false }));
  return new Set((await ask(backend, loaded, literals)).hits.file);
}

/** What a query costs that has nothing to look at. */
async function emptyRoundTripUs(backend: Backend, literals: readonly Literal[]): Promise<number> {
  const empty = await backend.load(Corpus.fromFiles([]));
  let bestUs = Infinity;
  for (let count = 0; count < EMPTY_QUERIES; count++)
    bestUs = Math.min(bestUs, (await ask(backend, empty, literals)).roundTripUs);
  return bestUs;
}

const NO_BYTES = Buffer.alloc(0);
const NO_HITS: CandidateList = { offsets: [], from: 0, to: 0, exact: true };

/** Serves what the device has found, file by file. */
class DeviceAnswer implements GrepEngine {
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
  /** Where the next file is expected: files are asked for in order. */
  #nextFile = 0;
  #nextHit = 0;

  constructor(
    args: GrepOptions,
    files: readonly FoundFile[],
    placement: Placement,
    hits: RawHits,
    exceptions: ReadonlySet<number>,
    isExact: boolean,
    report: EngineReport,
  ) {
    const { searcher, printer } = args.searcher;
    this.#files = files;
    this.#placement = placement;
    this.#hits = hits;
    this.#exceptions = exceptions;
    this.#isExact = isExact;
    this.#report = report;
    this.#isSilentWithoutHit = !showsDetails(printer) && !searcher.invertMatch && !searcher.passthru;
    this.#endsAtNul = searcher.binaryImplicit === "quit";
    this.#isOnePiece = searcher.asOnePiece;
  }

  find(file: FoundFile): { bytes: Buffer; hits: CandidateList | undefined } | undefined {
    const index = this.#nextFile++;
    if (this.#files[index] !== file) {
      throw new EverwarpError(
        "EW_INTERNAL",
        `${file.path} is not the file that was loaded as number ${index}`,
        {
          remedy: "Please report this.",
        },
      );
    }
    const hits = this.#hitsOf(index);
    const flags = this.#placement.flags[index] as number;
    if ((flags & FILE_FLAGS.LOADED) === 0 || (flags & FILE_FLAGS.TRANSCODED) !== 0) return undefined;
    if (file.explicit && file.path === "-") return undefined;
    if (this.#exceptions.has(index)) return undefined;
    const isSilent = hits.from === hits.to && this.#isSilentWithoutHit;
    const isBinary = (flags & FILE_FLAGS.BINARY) !== 0;
    // Of a file that was cut at its NUL, it is only known that there is nothing before.
    if (isBinary && !(isSilent && this.#endsAtNul && !this.#isOnePiece)) return undefined;
    if (isSilent) return { bytes: NO_BYTES, hits: NO_HITS };
    const bytes = readUnchanged(file, this.#placement, index);
    return bytes && { bytes, hits };
  }

  report(): EngineReport {
    return this.#report;
  }

  /** The run of hits of the next file. */
  #hitsOf(index: number): CandidateList {
    const { file, offset, count } = this.#hits;
    const from = this.#nextHit;
    let to = from;
    while (to < count && file[to] === index) to++;
    this.#nextHit = to;
    return { offsets: offset, from, to, exact: this.#isExact };
  }
}

/** A file's bytes as they are; undefined where it is not the file that was loaded, or cannot be read. */
function readUnchanged(file: FoundFile, placement: Placement, index: number): Buffer | undefined {
  let descriptor = -1;
  try {
    descriptor = openSync(file.pathBytes ?? file.path, "r");
    const stats = fstatSync(descriptor);
    if (!stats.isFile() || !sameStamp(stampOf(stats), loadedStamp(placement, index))) return undefined;
    const bytes = Buffer.allocUnsafeSlow(stats.size);
    let length = 0;
    while (length < bytes.length) {
      const count = readDescriptor(descriptor, bytes, length, bytes.length - length);
      if (count === 0) return undefined; // it was cut just now
      length += count;
    }
    // Files of /proc tell a size of 0 and have content.
    return length === placement.length[index] ? bytes : undefined;
  } catch (error) {
    if (systemErrorText(error) === undefined) throw error;
    return undefined; // the search opens it itself, and tells what is wrong with it
  } finally {
    if (descriptor !== -1) closeSync(descriptor);
  }
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** While a device is open, a signal first stops the kernel and then ends the process as it would have without us. */
class SignalGuard {
  /** Set with the first signal; resolves long after the process should be gone. */
  ending: Promise<void> | undefined;
  #backend: Backend | undefined;
  #received: NodeJS.Signals | undefined;
  readonly #onSignal = (signal: NodeJS.Signals): void => {
    this.#received ??= signal;
    // A device that is being opened has no kernel yet that could be stopped.
    if (this.#backend !== undefined) this.ending ??= this.#end(this.#backend, this.#received);
  };

  constructor() {
    for (const signal of SIGNALS) process.on(signal, this.#onSignal);
  }

  /** From now on there is a kernel to stop. */
  guard(backend: Backend): void {
    this.#backend = backend;
    if (this.#received !== undefined) this.ending ??= this.#end(backend, this.#received);
  }

  release(): void {
    for (const signal of SIGNALS) process.off(signal, this.#onSignal);
    // It came while there was nothing to stop.
    if (this.#received !== undefined && this.ending === undefined) process.kill(process.pid, this.#received);
  }

  async #end(backend: Backend, signal: NodeJS.Signals): Promise<void> {
    try {
      await Promise.race([backend.close(), sleep(STOP_TIMEOUT_MS)]);
    } finally {
      for (const each of SIGNALS) process.off(each, this.#onSignal);
      process.kill(process.pid, signal);
    }
    await sleep(STOP_TIMEOUT_MS);
  }
}
