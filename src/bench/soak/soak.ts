/**
 * `soak`: a kernel with state under random load for minutes, compared with its reference. Every answer must
 * be right, nothing lost, nothing done twice, and memory must not grow.
 *
 *     ┌─▶ chapter (chapter.ts) ─▶ chapter ─▶ … ─▶ checkpoint to a file, stop
 *     │                                             ├ restore the file from the middle of the last chapter:
 *     │                                             │ what was in flight is performed
 *     │                                             └ read memory; a lost device is closed, and another opened
 *     └── restore, with another strategy and other limits ◀┘
 */
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { EverwarpError } from "../../base/index.ts";
import {
  type DeviceProfile,
  type KernelOptions,
  type ProfiledDevice,
  ResidentKernel,
  STRATEGY_NAMES,
  type StrategyName,
} from "../../residency/index.ts";
import type { Device } from "../../vulkan/index.ts";
import { type BenchCase, type BenchContext, reportError, reportSamples } from "../context/index.ts";
import { expectResult } from "../measure/index.ts";
import { openGround } from "../residency/index.ts";
import { type ChapterResult, SoakChapter, type SoakCounts, type SoakedKernel } from "./chapter.ts";
import { DATA_WORDS, Operation, type Report, soakKernel, SoakReference } from "./kernel.ts";
import { SoakMemory } from "./memory.ts";
import { Random } from "./random.ts";

const MINUTES = 1;
const TELL_INTERVAL_MS = 10_000;
/** Chapters between two stops, at most. */
const CHAPTERS_MAX = 6;
const SAMPLES_MAX = 100_000;

/** The case `soak`. */
export const soak: BenchCase = {
  name: "soak",
  summary:
    "random load on a kernel that is parked, restored and lost, against its reference (--minutes M, --seed N)",
  limitMs: Infinity,
  async run(context) {
    const { seed = Math.floor(Math.random() * 1e9), minutes = MINUTES } = context.options;
    const key = { case: context.caseName, subject: `seed ${seed}`, contender: "ResidentKernel" };
    let profiled: ProfiledDevice;
    try {
      profiled = await openGround(context);
    } catch (error) {
      return reportError(context, key, error);
    }
    const folder = await mkdtemp(path.join(os.tmpdir(), "everwarp-soak-"));
    const run = new Soak(context, profiled, seed, folder);
    try {
      await run.run(minutes * 60_000);
      const facts = { ...run.facts, minutes };
      reportSamples(context, key, run.samplesUs, { expected: "the reference's answers, each once", facts });
    } catch (error) {
      context.signal.throwIfAborted();
      const told = run.facts;
      context.reporter.progress(`soak: failed after ${JSON.stringify(told)}`);
      reportError(context, key, failureOf(error, seed));
    } finally {
      await run.close();
      await rm(folder, { recursive: true, force: true });
    }
  },
};

/** Every error that ends a soak is a failure, even one that elsewhere means that the machine lacks something. */
function failureOf(error: unknown, seed: number): unknown {
  if (!(error instanceof EverwarpError)) return error;
  const code = error.code === "EW_BENCH_WRONG_RESULT" ? "" : ` [${error.code}]`;
  return new EverwarpError("EW_BENCH_WRONG_RESULT", `${error.message}${code} (--seed ${seed})`, {
    cause: error,
  });
}

class Soak {
  /** Round trips of answered requests: all of them, or a random choice. */
  readonly samplesUs: number[] = [];
  readonly #context: BenchContext;
  readonly #random: Random;
  readonly #choice = new Random(1);
  readonly #folder: string;
  readonly #memory = new SoakMemory();
  readonly #counts: SoakCounts = {
    requests: 0,
    answered: 0,
    refused: 0,
    expired: 0,
    neverPerformed: 0,
    checkpoints: 0,
    files: 0,
    faults: 0,
    dutyChanges: 0,
  };
  #device: Device;
  #profile: DeviceProfile;
  #kernel: SoakedKernel | undefined;
  #reference = new SoakReference();
  #serial = 0;
  #sampleCount = 0;
  #chapters = 0;
  #restores = 0;
  #forks = 0;
  #recoveries = 0;
  #relaunches = 0;

  constructor(context: BenchContext, { device, profile }: ProfiledDevice, seed: number, folder: string) {
    this.#context = context;
    this.#device = device;
    this.#profile = profile;
    this.#random = new Random(seed);
    this.#folder = folder;
  }

  /** What has been done so far. */
  get facts(): Record<string, number> {
    const { warmMiB, endMiB } = this.#memory.figures;
    return {
      ...this.#counts,
      chapters: this.#chapters,
      restores: this.#restores,
      "restores from the middle": this.#forks,
      recoveries: this.#recoveries,
      relaunches: this.#relaunches,
      "MiB after warming up": warmMiB,
      "MiB in the end": endMiB,
    };
  }

  /** @throws EW_BENCH_WRONG_RESULT, or what no part of it may throw */
  async run(durationMs: number): Promise<void> {
    const { signal, reporter } = this.#context;
    const begin = performance.now();
    let told = begin;
    for (let isFirst = true; isFirst || performance.now() - begin < durationMs; isFirst = false) {
      const kernel = await this.#open(isFirst);
      this.#kernel = kernel;
      let last: ChapterResult | undefined;
      for (let count = 1 + this.#random.below(CHAPTERS_MAX); count > 0; count--) {
        last = await this.#chapter(kernel);
        signal.throwIfAborted();
        const now = performance.now();
        if (now - told >= TELL_INTERVAL_MS) {
          told = now;
          reporter.progress(`soak: ${Math.round((now - begin) / 1000)} s: ${JSON.stringify(this.facts)}`);
        }
        if (now - begin >= durationMs) break;
      }
      await this.#stop(kernel);
      if (last?.hasFile === true) await this.#fork(last);
      this.#memory.read(this.#device);
      if (this.#device.isLost) await this.#reopen();
    }
    this.#memory.judge();
  }

  async close(): Promise<void> {
    // After a failure, it may not stop properly. Only the failure counts.
    await this.#kernel?.close({ timeoutMs: 1_000 }).catch(() => undefined);
    this.#device.close();
  }

  get #mainFile(): string {
    return path.join(this.#folder, "main.ckpt");
  }

  get #middleFile(): string {
    return path.join(this.#folder, "middle.ckpt");
  }

  async #open(isFirst: boolean): Promise<SoakedKernel> {
    const options = this.#options();
    if (isFirst || this.#random.percent(10)) {
      this.#reference = new SoakReference();
      return ResidentKernel.open({ device: this.#device, ...options });
    }
    this.#restores++;
    const kernel = await ResidentKernel.restore({ file: this.#mainFile, device: this.#device, ...options });
    expectResult("requests in flight when all was quiet", kernel.restored.length, 0);
    return kernel;
  }

  #options(): KernelOptions<typeof soakKernel.request, typeof soakKernel.response> {
    const random = this.#random;
    const { strategy: only } = this.#context.options;
    const allowed = STRATEGY_NAMES.filter(
      (name) => name !== "persistent" || this.#profile.persistent.allowed,
    );
    const strategy: StrategyName = only ?? random.of(allowed);
    const maxInFlight = random.of([4, 16, 64, 256]);
    const leaseMs = random.of([undefined, 3, 50]);
    return {
      ...soakKernel,
      strategy,
      maxInFlight,
      maxPending: random.of([16, 1024]),
      maxAttempts: 5,
      maxTraceEntries: random.of([0, 100]),
      idle: {
        ...(random.percent(50) ? { parkAfterMs: random.of([0.5, 5]) } : {}),
        ...(random.percent(50) ? { dozeAfterMs: random.of([0.2, 2]) } : {}),
      },
      ...(leaseMs === undefined ? {} : { leaseMs }),
      // A small journal fills again and again, and each time a checkpoint is taken.
      ...(random.percent(40) ? { checkpoint: { maxJournalBytes: maxInFlight * 4096 } } : {}),
    };
  }

  async #chapter(kernel: SoakedKernel): Promise<ChapterResult> {
    const result = await new SoakChapter({
      kernel,
      random: this.#random,
      counts: this.#counts,
      reference: this.#reference,
      nextSerial: () => ++this.#serial,
      onAnswer: (timeUs) => this.#sample(timeUs),
      file: this.#middleFile,
    }).run();
    this.#reference = result.reference;
    this.#chapters++;
    return result;
  }

  /** Keeps each sample with the same chance (reservoir sampling, Vitter's algorithm R). */
  #sample(timeUs: number): void {
    const at =
      this.#sampleCount < SAMPLES_MAX ? this.#sampleCount : this.#choice.below(this.#sampleCount + 1);
    this.#sampleCount++;
    if (at < SAMPLES_MAX) this.samplesUs[at] = timeUs;
  }

  async #stop(kernel: SoakedKernel): Promise<void> {
    await kernel.checkpoint(this.#mainFile);
    this.#counts.checkpoints++;
    this.#counts.files++;
    await kernel.close();
    this.#kernel = undefined;
    const { recoveries, relaunches } = kernel.stats();
    this.#recoveries += recoveries;
    this.#relaunches += relaunches;
  }

  /**
   * Another kernel continues from the middle of a chapter, with the requests that were in flight then and no
   * others.
   */
  async #fork({ ledger }: ChapterResult): Promise<void> {
    this.#forks++;
    const device = this.#device.isLost ? this.#device.replace() : this.#device;
    await using kernel = await ResidentKernel.restore({ file: this.#middleFile, device, ...this.#options() });
    const reports: Report[] = [];
    for (const result of await Promise.allSettled(kernel.restored)) {
      if (result.status === "fulfilled") reports.push(result.value);
      else if (!(result.reason instanceof EverwarpError && result.reason.code === "EW_KERNEL_FAULT"))
        throw result.reason;
    }
    const { sum: count } = await kernel.call({
      operation: Operation.LOOK_UP,
      serial: 0,
      cell: 0,
      amount: 0,
      slices: 0,
      data: Array.from({ length: DATA_WORDS }, () => 0),
    });
    ledger.judgeFork(reports, count);
  }

  async #reopen(): Promise<void> {
    this.#device.close();
    ({ device: this.#device, profile: this.#profile } = await openGround(this.#context));
  }
}
