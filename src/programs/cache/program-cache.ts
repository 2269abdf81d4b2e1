/**
 * Compiled programs of one device. A program that any process has compiled before is not compiled again.
 *
 *   request ──▶ memory (held-programs.ts) ──▶ disk, second level, SPIR-V, driver (program-maker.ts)
 *
 * Invariants: a program's key covers everything that the program is made from (entries/program-key.ts). Only one
 * request makes a program. Other requests for the same program wait for it. Opening the cache reads no entry.
 */

import { join } from "node:path";
import { callback, text, EverwarpError } from "../../base/index.ts";
import { Device } from "../../vulkan/index.ts";
import {
  assertPreloaded,
  assertRequest,
  cacheOptions,
  preloadOptions,
  pruneOptions,
  tuneOptions,
} from "./arguments.ts";
import { isSaved, saveLater } from "./background.ts";
import { cacheDirectory, DiskStore, type PruneAnswer, type PruneOptions } from "../disk/index.ts";
import { partsOf, type Target, targetOf } from "../entries/index.ts";
import { CacheCounters, type ProgramStats, statsOf } from "./statistics.ts";
import { HeldPrograms, type ProgramLease } from "./held-programs.ts";
import { ModuleCache, precompiledFolder, type Program } from "../sources/index.ts";
import {
  type PreloadAnswer,
  type PreloadOptions,
  type PreloadStep,
  runPreload,
  whenIdle,
} from "./preload.ts";
import type { ProgramCacheOptions } from "./program-cache-options.ts";
import { ProgramMaker } from "./program-maker.ts";
import { nameOf, type ProgramRequest, type ResolvedRequest, resolveRequest } from "./program-request.ts";
import { RequestMemo } from "./request-memo.ts";
import { shippedProgramsNamed } from "./shipped.ts";
import { type Benchmark, type TuneAnswer, type TuneOptions, Tuner } from "./tune.ts";

export type { ProgramLease } from "./held-programs.ts";

const DEFAULT_MAX_PROGRAMS = 100;
const DEFAULT_MAX_BYTES = 50 << 20;
const DEFAULT_MAX_DISK_BYTES = 1 << 30;

/** The compiled programs of one device, in memory and on disk. */
export class ProgramCache implements AsyncDisposable {
  /** The device of these programs. */
  readonly device: Device;
  /** @internal The target that identifies entries of this device. */
  readonly target: Target;
  /** @internal The store on disk; undefined if there is none. */
  readonly disk: DiskStore | undefined;
  /** @internal */
  readonly counters = new CacheCounters();
  /** Whether the cache opened the device. */
  readonly #ownsDevice: boolean;
  readonly #held: HeldPrograms;
  readonly #maker: ProgramMaker;
  readonly #maxPrograms: number;
  readonly #tuner = new Tuner(this);
  #memo = new RequestMemo();
  /** The numbers that were already added to stats.json. */
  #counted: Record<string, number> = {};
  /** Calls of `acquire` that have not been answered. */
  #waiting = 0;
  #isClosed = false;

  private constructor(
    device: Device,
    target: Target,
    disk: DiskStore | undefined,
    options: ProgramCacheOptions,
  ) {
    this.#ownsDevice = options.device !== device;
    const { maxPrograms = DEFAULT_MAX_PROGRAMS, maxBytes = DEFAULT_MAX_BYTES } = options;
    this.device = device;
    this.target = target;
    this.disk = disk;
    this.#maxPrograms = maxPrograms;
    this.#held = new HeldPrograms({ maxPrograms, maxBytes });
    this.#maker = new ProgramMaker({
      device,
      target,
      disk,
      secondLevel: options.secondLevel,
      modules: options.modules ?? new ModuleCache(options.precompiled ?? precompiledFolder(), maxPrograms),
      counters: this.counters,
      maxDiskBytes: options.maxDiskBytes ?? DEFAULT_MAX_DISK_BYTES,
      rewrite: options.rewrite,
    });
  }

  /**
   * Opens the cache of a device. Reads the manifest on disk if there is one, and no entry.
   *
   * @throws EW_BAD_ARGUMENT, and the errors of `Device.open` if no open device is given
   */
  static async open(given: ProgramCacheOptions = {}): Promise<ProgramCache> {
    const options = cacheOptions(given);
    const { device: asked = "auto" } = options;
    const device = typeof asked === "object" ? asked : Device.open({ select: asked, queuesToLease: 0 });
    try {
      const target = targetOf(device);
      const directory = directoryOf(options);
      const disk = directory === undefined ? undefined : await DiskStore.open(join(directory, target.folder));
      return new ProgramCache(device, target, disk, options);
    } catch (error) {
      if (device !== asked) device.close();
      throw error;
    }
  }

  /**
   * Gives a pipeline. Equal requests share one pipeline.
   *
   * @throws EW_COMPILE, EW_PATH_NOT_FOUND, EW_BAD_ARGUMENT for an unknown entry point or specialization constant,
   * EW_VULKAN if the driver refuses the kernel, EW_CLOSED
   */
  async acquire(request: ProgramRequest): Promise<ProgramLease> {
    this.#assertOpen();
    assertRequest("request", request);
    const known = this.#memo.find(request);
    const held = known === undefined ? undefined : this.acquireHeld(this.#idOf(known));
    if (held !== undefined) return held;
    this.#waiting++;
    try {
      return await this.#find(request);
    } finally {
      this.#waiting--;
    }
  }

  /**
   * Gives a pipeline at once if it is in memory. Otherwise undefined: call `acquire` instead.
   *
   * @throws EW_CLOSED
   */
  acquireHeld(id: string): ProgramLease | undefined {
    this.#assertOpen();
    text("id", id);
    const lease = this.#held.lease(id);
    if (lease !== undefined) this.counters.memoryHits++;
    return lease;
  }

  /**
   * Gives the SPIR-V module of a source, without a pipeline.
   *
   * @throws EW_COMPILE, EW_PATH_NOT_FOUND
   */
  async program(request: ProgramRequest): Promise<Program> {
    assertRequest("request", request);
    const { resolved, expanded } = resolveRequest(request);
    return this.#maker.moduleOf(resolved, expanded);
  }

  /**
   * Measures once which variant of a request is the best on this device. From then on `acquire` takes that variant, in
   * this process and in later ones.
   *
   * @throws EW_BAD_ARGUMENT for a request without variants; if all variants fail, the error of the first variant
   */
  async tune(request: ProgramRequest, benchmark: Benchmark, options?: TuneOptions): Promise<TuneAnswer> {
    this.#assertOpen();
    assertRequest("request", request);
    callback("benchmark", benchmark);
    const answer = await this.#tuner.tune(request, benchmark, tuneOptions(options));
    // A remembered request may resolve to another variant from now on.
    this.#memo = new RequestMemo();
    return answer;
  }

  /**
   * Makes programs before they are requested. Calls of `acquire` go first. The programs stay in memory within its
   * limits.
   *
   * @param what requests, and names of shipped kernels ("search/scan"). A name means every form of the kernel that was
   * used on this device before, or the plain form if none was. Default: all programs that were used on this device
   * before, the last used first
   * @throws EW_BAD_ARGUMENT for an unknown name. Failures of single programs are in the answer
   */
  async preload(
    what?: readonly (string | ProgramRequest)[],
    options: PreloadOptions = {},
  ): Promise<PreloadAnswer> {
    this.#assertOpen();
    assertPreloaded("what", what);
    const how = preloadOptions(options);
    const stored = await this.#storedIds();
    const steps =
      what === undefined
        ? stored.map((id) => this.#storedStep(id))
        : what.flatMap((each) => this.#stepsOf(each, stored));
    return runPreload(steps, () => this.#waiting > 0, how);
  }

  /** Counts of what the cache did so far, and of what it holds. */
  stats(): ProgramStats {
    return statsOf({
      counters: this.counters,
      held: this.#held,
      disk: this.disk,
      crashesFound: this.#maker.guard?.crashesFound ?? 0,
      driverStores: this.#maker.driverStores,
    });
  }

  /**
   * Removes entries from disk by age and size. Programs in memory stay. Without a disk store, the answer is all zeros.
   */
  async prune(given: PruneOptions): Promise<PruneAnswer> {
    const options = pruneOptions(given);
    await this.#maker.background.settled();
    return (await this.disk?.prune(options)) ?? { removed: 0, removedBytes: 0, kept: 0, keptBytes: 0 };
  }

  /** Destroys all pipelines that nobody uses. */
  trim(): void {
    this.#held.trim();
  }

  /** Waits until every kept program, the manifest and the statistics are on disk. */
  async flush(): Promise<void> {
    await this.#maker.background.settled();
    const { disk } = this;
    if (disk === undefined) return;
    await disk.saveManifestIfNeeded();
    const numbers = this.counters.flat();
    const grown = Object.entries(numbers).map(
      ([name, value]) => [name, value - (this.#counted[name] ?? 0)] as const,
    );
    const news = grown.filter(([, growth]) => growth !== 0);
    if (news.length === 0) return;
    this.#counted = numbers;
    await disk.addStats(Object.fromEntries(news));
  }

  /** Whether `flush` has work to do. */
  get isUnsaved(): boolean {
    if (this.#maker.background.isBusy || this.disk?.isChanged === true) return true;
    return Object.entries(this.counters.flat()).some(([name, value]) => value !== (this.#counted[name] ?? 0));
  }

  /**
   * Saves everything that is not on disk, and destroys the pipelines that nobody uses. A pipeline in use is destroyed
   * when its lease is released. If the cache opened the device, the device is closed, and all pipelines are destroyed
   * at once.
   */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#held.close();
    await this.flush();
    isSaved(this);
    if (this.#ownsDevice) this.device.close();
  }

  /** Like `close`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #assertOpen(): void {
    if (!this.#isClosed) return;
    throw new EverwarpError("EW_CLOSED", `the program cache of ${this.device.info.name} was closed`, {
      remedy: "Open it again before use.",
    });
  }

  #idOf({ moduleId, variantId }: ResolvedRequest): string {
    return `${moduleId}.${variantId}.${this.target.id}`;
  }

  /** @param isAhead true for preloading: nobody waits for the program */
  async #find(asked: ProgramRequest, isAhead = false): Promise<ProgramLease> {
    const request = asked.variants === undefined ? asked : await this.#tuner.choose(asked);
    const { resolved, expanded } = resolveRequest(request);
    const id = this.#idOf(resolved);
    this.#memo.keep(asked, expanded, resolved);
    const held = this.acquireHeld(id);
    if (held !== undefined) return held;
    const { lease, isFirst } = await this.#held.leaseMade(id, () =>
      this.#maker.make({
        id,
        resolved,
        expanded,
        label: nameOf(request),
        pause: isAhead ? () => this.#pause(id) : undefined,
      }),
    );
    if (!isFirst) this.counters.memoryHits++;
    if (this.disk !== undefined) saveLater(this);
    return lease;
  }

  /** Waits while requests are waiting, unless one of them waits for this program. */
  #pause(id: string): Promise<void> {
    return whenIdle(() => this.#waiting > 0 && this.#held.waitingFor(id) <= 1);
  }

  /** Entries of this device and driver, the last used first, up to the memory limit. */
  async #storedIds(): Promise<string[]> {
    const { disk, target } = this;
    const ids = (await disk?.ids()) ?? [];
    const lastUse = (id: string): number => disk?.manifest.rows.get(id)?.lastUseMs ?? 0;
    return ids
      .filter((id) => partsOf(id).target === target.id)
      .toSorted((a, b) => lastUse(b) - lastUse(a))
      .slice(0, this.#maxPrograms);
  }

  #stepsOf(what: string | ProgramRequest, stored: readonly string[]): PreloadStep[] {
    if (typeof what === "object") return [this.#requestStep(nameOf(what) ?? "(source text)", what)];
    return shippedProgramsNamed(what).flatMap(({ name, request }) => {
      const { moduleId } = resolveRequest(request).resolved;
      const used = stored.filter((id) => partsOf(id).module === moduleId);
      return used.length > 0 ? used.map((id) => this.#storedStep(id)) : [this.#requestStep(name, request)];
    });
  }

  #requestStep(name: string, request: ProgramRequest): PreloadStep {
    return {
      name,
      run: async () => {
        // Not `acquire`, because nobody waits for this program.
        (await this.#find(request, true)).release();
        return true;
      },
    };
  }

  #storedStep(id: string): PreloadStep {
    return {
      name: this.disk?.manifest.rows.get(id)?.name ?? id,
      run: async () => {
        if (this.#held.has(id)) return true;
        const made = await this.#held.leaseIfMade(id, () =>
          this.#maker.makeStored(id, () => this.#pause(id)),
        );
        made?.release();
        return made !== undefined;
      },
    };
  }
}

function directoryOf({ directory }: ProgramCacheOptions): string | undefined {
  if (directory === false) return undefined;
  return directory ?? cacheDirectory();
}
