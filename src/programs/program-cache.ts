/**
 * Programs of one device: what any process has compiled before is not compiled again.
 *
 *   request ──▶ memory ──▶ disk ──▶ second level ──▶ SPIR-V (the build's, another entry's, the compiler's) ──▶ driver
 *                 ▲          ▲            │                                                                  │
 *                 └──────────┴────────────┴──────────────────── kept for the next one ──────────────────────┘
 *
 * Invariants:
 * - A pipeline with users is never destroyed here. Of the others, those that were not used for longest go first, when there are more than
 *   `maxPrograms` or they take more than `maxBytes`.
 * - Requests for one program that come while it is being made wait for the one that makes it; so do processes, for a while.
 * - What goes wrong with the disk or the second level costs time and never the request: a program can always be made from its source.
 *   Only the source's own errors are the caller's, and they are never kept.
 * - A driver is shown no data but what it gave for exactly this pipeline, checked, inside a mark of the crash guard.
 */

import { join } from "node:path";
import { nowMs } from "../base/clock.ts";
import { EverwarpError } from "../base/errors.ts";
import { structSizeBytes } from "../spirv/extent.ts";
import type { Device } from "../vulkan/device.ts";
import type { ComputePipeline } from "../vulkan/pipeline.ts";
import type { PipelineData, PipelineDataKind } from "../vulkan/pipeline-data.ts";
import { cacheDirectory } from "./cache/cache-folder.ts";
import { CrashGuard } from "./cache/crash-guard.ts";
import { DiskStore, type PruneAnswer, type PruneOptions } from "./cache/disk-store.ts";
import { encodeEntry, type Entry, type EntryHeader } from "./cache/entry-file.ts";
import { explainMiss, findModule } from "./cache/neighbours.ts";
import { COMPILER, type MissReason, pipelineKeyOf, type Target, targetOf } from "./cache/program-key.ts";
import { CacheCounters, type ProgramStats } from "./cache/statistics.ts";
import type { SecondLevel } from "./cache/store.ts";
import { Background, flushAtEnd, forgetAtEnd } from "./background.ts";
import type { ExpandedSource } from "./include.ts";
import { makeProgram, ModuleShelf, type Program } from "./modules.ts";
import { precompiledFolder } from "./precompiled.ts";
import {
  assertEntryPoint,
  nameOf,
  type ProgramRequest,
  RequestMemo,
  resolveConstants,
  type ResolvedRequest,
  resolveRequest,
  withVariant,
} from "./program-request.ts";

const DEFAULT_MAX_PROGRAMS = 100;
const DEFAULT_MAX_BYTES = 50 << 20;
const DEFAULT_MAX_DISK_BYTES = 1 << 30;
/** When the disk is over its limit, how much of the limit is left over. */
const PRUNED_SHARE = 0.8;
/** How long another process may take to make a program before this one makes it, too. */
const OTHERS_TIMEOUT_MS = 10_000;
/** A program's part of memory beside its SPIR-V: objects, handles, the module's description. */
const OVERHEAD_BYTES = 16 << 10;

export interface ProgramCacheOptions {
  /** Programs kept in memory; more only while more are in use. 100 if not given. */
  readonly maxPrograms?: number;
  /** Bytes of memory for them, beyond the driver's own; 50 MiB if not given. */
  readonly maxBytes?: number;
  /** Where programs are kept on disk: by default as `cacheDirectory` says; `false` for nowhere. */
  readonly directory?: string | false;
  /** Bytes on disk for one model of device, beyond which the longest unused go; 1 GiB if not given. */
  readonly maxDiskBytes?: number;
  /** Where precompiled modules lie; the package's own if not given, none if `false`. */
  readonly precompiled?: string | false;
  /** Asked when the disk has not got a program, and given what is made here. */
  readonly secondLevel?: SecondLevel | undefined;
  /** SPIR-V that caches of several devices share. */
  readonly modules?: ModuleShelf;
}

/** A pipeline in use. Let go of it once, when nothing that uses it is running. */
export interface ProgramLease extends Disposable {
  readonly pipeline: ComputePipeline;
  readonly program: Program;
  /** What the program is known by on disk. */
  readonly id: string;
  release(): void;
}

/** A program in memory. */
interface Held {
  readonly id: string;
  readonly pipeline: ComputePipeline;
  readonly program: Program;
  readonly bytes: number;
  users: number;
}

/** A pipeline made for an entry or to become one. */
interface MadePipeline {
  readonly pipeline: ComputePipeline;
  /** Why the driver had to make it though there was data. */
  readonly reason: MissReason | undefined;
  /** Whether what the driver made may be kept. */
  readonly isKept: boolean;
}

export class ProgramCache implements Disposable {
  readonly device: Device;
  readonly target: Target;
  /** The disk below; undefined where there is none. */
  readonly disk: DiskStore | undefined;
  readonly counters = new CacheCounters();
  readonly #modules: ModuleShelf;
  readonly #guard: CrashGuard | undefined;
  readonly #limits: Required<Pick<ProgramCacheOptions, "maxPrograms" | "maxBytes" | "maxDiskBytes">>;
  readonly #secondLevel: SecondLevel | undefined;
  readonly #memo = new RequestMemo();
  /** In the order of their last use, oldest first. */
  readonly #held = new Map<string, Held>();
  #heldBytes = 0;
  readonly #making = new Map<string, { waiting: number; readonly held: Promise<Held> }>();
  /** What goes on behind answered requests. */
  readonly #background = new Background();
  /** What was added to stats.json already. */
  #counted: Record<string, number> = {};
  #driverStores: PipelineDataKind | "unknown" = "unknown";
  #isClosed = false;

  private constructor(
    device: Device,
    target: Target,
    disk: DiskStore | undefined,
    options: ProgramCacheOptions,
  ) {
    this.device = device;
    this.target = target;
    this.disk = disk;
    this.#guard = disk === undefined ? undefined : new CrashGuard(disk.folder);
    this.#secondLevel = options.secondLevel;
    this.#limits = {
      maxPrograms: options.maxPrograms ?? DEFAULT_MAX_PROGRAMS,
      maxBytes: options.maxBytes ?? DEFAULT_MAX_BYTES,
      maxDiskBytes: options.maxDiskBytes ?? DEFAULT_MAX_DISK_BYTES,
    };
    this.#modules =
      options.modules ??
      new ModuleShelf(options.precompiled ?? precompiledFolder(), this.#limits.maxPrograms);
  }

  /** Opens the cache of a device. Reads the manifest on disk, where there is one, and no entry. */
  static async open(device: Device, options: ProgramCacheOptions = {}): Promise<ProgramCache> {
    const target = targetOf(device);
    const directory = directoryOf(options);
    const disk = directory === undefined ? undefined : await DiskStore.open(join(directory, target.folder));
    const cache = new ProgramCache(device, target, disk, options);
    if (disk !== undefined) flushAtEnd(cache);
    return cache;
  }

  /**
   * A pipeline, shared with all who ask for the same.
   *
   * @throws EW_COMPILE, EW_PATH_NOT_FOUND, EW_BAD_ARGUMENT for an unknown entry point or specialization constant,
   * EW_VULKAN when the driver refuses the kernel, EW_CLOSED
   */
  async acquire(request: ProgramRequest): Promise<ProgramLease> {
    this.#assertOpen();
    const known = this.#memo.find(request);
    const held = known === undefined ? undefined : this.#held.get(this.#idOf(known));
    if (held !== undefined) {
      this.counters.memoryHits++;
      return this.#lease(held);
    }
    return this.#find(withVariant(request, request.variants?.[0]), request);
  }

  /**
   * A pipeline that is in memory, at once; undefined when it is not, and `acquire` has to be asked.
   *
   * @throws EW_CLOSED
   */
  acquireHeld(id: string): ProgramLease | undefined {
    this.#assertOpen();
    const held = this.#held.get(id);
    if (held === undefined) return undefined;
    this.counters.memoryHits++;
    return this.#lease(held);
  }

  /**
   * The module of a source, without a pipeline.
   *
   * @throws EW_COMPILE, EW_PATH_NOT_FOUND
   */
  async program(request: ProgramRequest): Promise<Program> {
    const { resolved, expanded } = resolveRequest(request);
    return this.#moduleOf(resolved, expanded);
  }

  /** What was done so far, and what is held. */
  stats(): ProgramStats {
    const { counters, disk } = this;
    const rows = [...(disk?.manifest.rows.values() ?? [])];
    return {
      hits: {
        memory: counters.memoryHits,
        disk: counters.diskHits,
        remote: counters.remoteHits,
        driver: counters.driverHits,
      },
      misses: { ...counters.misses },
      missCount: Object.values(counters.misses).reduce((sum, count) => sum + count, 0),
      compilations: counters.compilations,
      compileMs: counters.compileMs,
      pipelines: { fromData: counters.pipelinesFromData, fromSpirv: counters.pipelinesFromSpirv },
      driverMs: counters.driverMs,
      loadMs: counters.loadMs,
      savedMs: counters.savedMs,
      stored: counters.stored,
      remoteFailures: counters.remoteFailures,
      memory: {
        programs: this.#held.size,
        referenced: [...this.#held.values()].filter(({ users }) => users > 0).length,
        bytes: this.#heldBytes,
        evictions: counters.evictions,
      },
      disk: {
        state: disk === undefined ? "off" : "open",
        folder: disk?.folder,
        entries: rows.length,
        bytes: rows.reduce((sum, { bytes }) => sum + bytes, 0),
        readFailures: disk?.troubles.reads ?? 0,
        writeFailures: disk?.troubles.writes ?? 0,
        quarantined: disk?.troubles.quarantined ?? 0,
        crashesFound: this.#guard?.crashesFound ?? 0,
        lastTrouble: disk?.troubles.last,
      },
      driverStores: this.#driverStores,
    };
  }

  /** Removes entries from disk by age and size; programs in memory stay. Zeros where there is no disk. */
  async prune(options: PruneOptions): Promise<PruneAnswer> {
    await this.#background.settled();
    return (await this.disk?.prune(options)) ?? { removed: 0, removedBytes: 0, kept: 0, keptBytes: 0 };
  }

  /** Destroys the pipelines that nobody uses. */
  trim(): void {
    this.#evict(0, 0);
  }

  /** Waits until all is on disk that is to be there, with the manifest and the statistics. */
  async flush(): Promise<void> {
    await this.#background.settled();
    const { disk } = this;
    if (disk === undefined) return;
    if (disk.isChanged) await disk.saveManifest();
    const numbers = this.counters.flat();
    const grown = Object.entries(numbers).map(
      ([name, value]) => [name, value - (this.#counted[name] ?? 0)] as const,
    );
    const news = grown.filter(([, growth]) => growth !== 0);
    if (news.length === 0) return;
    this.#counted = numbers;
    await disk.addStats(Object.fromEntries(news));
  }

  /** Whether `flush` has something to do. */
  get isUnsaved(): boolean {
    if (this.#background.isBusy || this.disk?.isChanged === true) return true;
    return Object.entries(this.counters.flat()).some(([name, value]) => value !== (this.#counted[name] ?? 0));
  }

  /** Flushes, and destroys the pipelines that nobody uses; those in use go when they are released. */
  async close(): Promise<void> {
    this[Symbol.dispose]();
    await this.flush();
    forgetAtEnd(this);
  }

  /** As `close`, but leaves it to the end of the process to bring to disk what is not there yet. */
  [Symbol.dispose](): void {
    this.#isClosed = true;
    this.trim();
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

  /** @param isCounted whether `users` has this one already */
  #lease(held: Held, isCounted = false): ProgramLease {
    if (!isCounted) held.users++;
    this.#held.delete(held.id);
    this.#held.set(held.id, held); // now the last used
    let isReleased = false;
    const release = (): void => {
      if (isReleased) return;
      isReleased = true;
      held.users--;
      if (this.#isClosed) this.trim();
      else this.#evict();
    };
    this.#evict();
    return {
      pipeline: held.pipeline,
      program: held.program,
      id: held.id,
      release,
      [Symbol.dispose]: release,
    };
  }

  /** Lets go of what was not used for longest until the rest is within the limits; what is in use stays. */
  #evict(maxPrograms = this.#limits.maxPrograms, maxBytes = this.#limits.maxBytes): void {
    if (this.#held.size <= maxPrograms && this.#heldBytes <= maxBytes) return;
    for (const [id, { users, pipeline, bytes }] of this.#held) {
      if (users > 0) continue;
      this.#held.delete(id);
      this.#heldBytes -= bytes;
      this.counters.evictions++;
      pipeline[Symbol.dispose]();
      if (this.#held.size <= maxPrograms && this.#heldBytes <= maxBytes) return;
    }
  }

  /** @param asked the request as it came, to be remembered */
  async #find(request: ProgramRequest, asked: ProgramRequest): Promise<ProgramLease> {
    const { resolved, expanded } = resolveRequest(request);
    const id = this.#idOf(resolved);
    this.#memo.keep(asked, expanded, resolved);
    const held = this.#held.get(id);
    if (held !== undefined) {
      this.counters.memoryHits++;
      return this.#lease(held);
    }
    let making = this.#making.get(id);
    if (making === undefined) {
      making = { waiting: 0, held: this.#make({ id, resolved, expanded, label: nameOf(request) }) };
      this.#making.set(id, making);
    } else this.counters.memoryHits++;
    making.waiting++;
    try {
      return this.#lease(await making.held, true);
    } finally {
      this.#making.delete(id);
    }
  }

  /** The rest of the chain, for what is not in memory. */
  async #make(job: Job): Promise<Held> {
    const { id, resolved } = job;
    // First of all let the caller be counted: what it waits for is not to be evicted before it comes back.
    await Promise.resolve();
    if (this.disk === undefined && this.#secondLevel === undefined) {
      return this.#build(job, "never-seen", undefined);
    }
    const found = await this.#fromDisk(job);
    if (typeof found === "object") return found;
    const far = await this.#fromSecondLevel(job);
    if (far !== undefined) return far;
    const { disk } = this;
    const reason =
      found ?? (this.disk === undefined ? "never-seen" : await explainMiss(this.disk, id, resolved.nameKey));
    if (disk === undefined || !this.#isWorthWaiting(job)) return this.#build(job, reason, undefined);
    const turn = await disk.takeTurn(id);
    if (turn.state === "impossible") return this.#build(job, reason, undefined);
    // Another process may have made it since it was looked for.
    if (turn.state === "busy") await disk.turnIsOver(id, OTHERS_TIMEOUT_MS);
    const end = turn.state === "taken" ? turn.end : undefined;
    try {
      const now = await this.#fromDisk(job);
      if (typeof now === "object") {
        await end?.();
        return now;
      }
      return await this.#build(job, reason, end);
    } catch (error) {
      await end?.();
      throw error;
    }
  }

  /** Whether it saves anything to let another process make it. */
  #isWorthWaiting({ resolved }: Job): boolean {
    return this.#driverStores !== "none" || !this.#modules.hasPrecompiled(resolved.sourceKey);
  }

  /** @returns the program, or why it is none; undefined when nothing is there */
  async #fromDisk(job: Job): Promise<Held | MissReason | undefined> {
    const { disk } = this;
    if (disk === undefined) return undefined;
    const startMs = nowMs();
    const answer = await disk.read(job.id);
    if (answer.state === "absent") return undefined;
    if (answer.state === "unreadable") return "unreadable";
    if (answer.state === "bad") return "corrupted";
    const objection = this.#objectionTo(answer.entry, job);
    if (objection !== undefined) {
      await disk.quarantine(job.id, objection);
      return "corrupted";
    }
    const held = this.#holdEntry(answer.entry, job, startMs, "disk");
    this.#background.run(() => disk.noteUse(job.id));
    return held;
  }

  async #fromSecondLevel(job: Job): Promise<Held | undefined> {
    const startMs = nowMs();
    const answer = await this.#secondLevel?.get(job.id);
    if (answer === undefined || this.#objectionTo(answer.entry, job) !== undefined) return undefined;
    const { disk } = this;
    // First to disk: whatever comes of it in the driver, the mark is for an entry that is there.
    if (disk !== undefined) await this.#publish(disk, answer.entry, answer.bytes);
    return this.#holdEntry(answer.entry, job, startMs, "remote");
  }

  /** @returns what is wrong with a whole entry for this request */
  #objectionTo({ header, spirv }: Entry, { resolved }: Job): string | undefined {
    if (header.entryPoint !== resolved.entryPoint) return `its entry point is ${header.entryPoint}`;
    if (header.compiler !== COMPILER) return `its compiler is ${header.compiler}`;
    const expected = pipelineKeyOf({ ...header, spirv, targetId: this.target.id });
    return header.pipelineKey === expected ? undefined : "its pipeline key is not that of its contents";
  }

  /** Makes the pipeline of an entry that was read. */
  #holdEntry(entry: Entry, job: Job, startMs: number, origin: "disk" | "remote"): Held {
    const { header } = entry;
    const { counters } = this;
    const spirv = entry.spirv.slice(); // lets go of the rest of the file
    const program = makeProgram({ key: job.resolved.sourceKey, spirv, origin, compileMs: header.compileMs });
    const made = this.#makePipeline(job, program, header, entry.data);
    const { pipeline, reason } = made;
    const elapsedMs = nowMs() - startMs;
    counters.loadMs += elapsedMs - pipeline.driverMs;
    if (reason === undefined) {
      counters[origin === "disk" ? "diskHits" : "remoteHits"]++;
      if (pipeline.origin === "data") counters.driverHits++;
      counters.savedMs += Math.max(0, header.compileMs + header.driverMs - elapsedMs);
    } else counters.misses[reason]++;
    // Data that was lost, refused or suspect is replaced by what the driver has made now.
    if (pipeline.origin === "spirv")
      this.#keep(job, { ...header, driverMs: pipeline.driverMs }, made, program, entry);
    return this.#hold(job, made, program);
  }

  /** Makes a program that is nowhere. @param end of the turn that was taken for it */
  async #build(job: Job, reason: MissReason, end: (() => Promise<void>) | undefined): Promise<Held> {
    const { resolved, expanded, id } = job;
    const program = await this.#moduleOf(resolved, expanded);
    const kernel = job.label ?? "the kernel";
    const constants = resolveConstants(program.module, resolved.constants, kernel);
    assertEntryPoint(program.module, resolved.entryPoint, kernel);
    const { pushConstants } = program.module;
    const parts = {
      entryPoint: resolved.entryPoint,
      constants,
      pushConstantBytes:
        pushConstants === undefined ? 0 : roundUpTo4(structSizeBytes(program.module, pushConstants)),
    };
    const made = this.#makePipeline(job, program, parts, undefined);
    this.counters.misses[reason]++;
    const header: EntryHeader = {
      id,
      name: resolved.name,
      nameKey: resolved.nameKey,
      target: this.target.info,
      compiler: COMPILER,
      ...parts,
      pipelineKey: pipelineKeyOf({
        ...parts,
        spirv: program.spirv,
        compiler: COMPILER,
        targetId: this.target.id,
      }),
      createdAtMs: Date.now(),
      compileMs: program.compileMs,
      driverMs: made.pipeline.driverMs,
    };
    this.#keep(job, header, made, program, undefined, end);
    return this.#hold(job, made, program);
  }

  #makePipeline(
    { id, label }: Job,
    program: Program,
    parts: Pick<EntryHeader, "entryPoint" | "constants" | "pushConstantBytes">,
    data: PipelineData | undefined,
  ): MadePipeline {
    const { counters } = this;
    const verdict = this.#guard?.judge(id) ?? "good";
    const isKept = verdict !== "condemned" && (this.disk !== undefined || this.#secondLevel !== undefined);
    const make = (pipelineData?: PipelineData): ComputePipeline =>
      this.device.createComputePipeline({
        spirv: program.spirv,
        entryPoint: parts.entryPoint,
        specialization: parts.constants,
        pushConstantBytes: parts.pushConstantBytes,
        pipelineData,
        captureData: isKept,
        label,
      });
    const isTried = data !== undefined && verdict === "good";
    const pipeline = (isTried ? this.#guarded(id, () => make(data)) : undefined) ?? make();
    counters[pipeline.origin === "data" ? "pipelinesFromData" : "pipelinesFromSpirv"]++;
    counters.driverMs += pipeline.driverMs;
    if (data === undefined || pipeline.origin === "data") return { pipeline, reason: undefined, isKept };
    return { pipeline, reason: isTried ? "driver-refused" : "driver-crashed", isKept };
  }

  /** With data from a second level and no disk there is nothing to mark, and so no data is used. */
  #guarded(id: string, make: () => ComputePipeline): ComputePipeline | undefined {
    return this.#guard?.guarded(id, make)?.value;
  }

  /**
   * Brings what was made to disk and to the second level, behind the request.
   *
   * @param there the entry that there is already
   */
  #keep(
    { id }: Job,
    header: EntryHeader,
    { pipeline, isKept }: MadePipeline,
    { spirv }: Program,
    there: Entry | undefined,
    end?: () => Promise<void>,
  ): void {
    const { disk } = this;
    this.#background.run(async () => {
      try {
        const data = isKept ? this.#extract(pipeline) : undefined;
        if (there === undefined || !areEqual(there.data, data)) {
          const use = there?.use ?? { uses: 0, lastUseMs: header.createdAtMs };
          const entry: Entry = { header, spirv, data, use };
          const bytes = encodeEntry(entry, use);
          if (disk !== undefined) await this.#publish(disk, entry, bytes);
          this.#secondLevel?.put(id, bytes);
        }
        if (data !== undefined) this.#guard?.rebuilt(id);
      } finally {
        await end?.();
      }
    });
  }

  /** What the driver gave for a pipeline; nothing when that went before it could be asked. */
  #extract(pipeline: ComputePipeline): PipelineData | undefined {
    try {
      const data = pipeline.extractData();
      this.#driverStores = data?.kind ?? "none";
      return data;
    } catch (error) {
      if (error instanceof EverwarpError) return undefined;
      throw error;
    }
  }

  async #publish(disk: DiskStore, entry: Entry, bytes: Uint8Array): Promise<void> {
    if (await disk.publish(entry, bytes)) this.counters.stored++;
    const { maxDiskBytes } = this.#limits;
    let total = 0;
    for (const row of disk.manifest.rows.values()) total += row.bytes;
    if (total > maxDiskBytes) await disk.prune({ maxBytes: maxDiskBytes * PRUNED_SHARE });
  }

  #hold({ id }: Job, { pipeline }: MadePipeline, program: Program): Held {
    // Those who wait for it use it from now on.
    const users = this.#making.get(id)?.waiting ?? 0;
    const held: Held = { id, pipeline, program, bytes: program.spirv.byteLength + OVERHEAD_BYTES, users };
    this.#held.set(id, held);
    this.#heldBytes += held.bytes;
    return held;
  }

  /** @throws EW_COMPILE */
  async #moduleOf({ moduleId, sourceKey }: ResolvedRequest, expanded: ExpandedSource): Promise<Program> {
    const { disk } = this;
    const program = await this.#modules.get(moduleId, sourceKey, expanded, {
      elsewhere: async () => (disk === undefined ? undefined : findModule(disk, moduleId)),
      onCompiled: (compileMs) => {
        this.counters.compilations++;
        this.counters.compileMs += compileMs;
      },
    });
    return program;
  }
}

/** What goes down the chain. */
interface Job {
  readonly id: string;
  readonly resolved: ResolvedRequest;
  readonly expanded: ExpandedSource;
  readonly label: string | undefined;
}

function directoryOf({ directory }: ProgramCacheOptions): string | undefined {
  if (directory === false) return undefined;
  return directory ?? cacheDirectory();
}

function roundUpTo4(value: number): number {
  return Math.ceil(value / 4) * 4;
}

function areEqual(a: PipelineData | undefined, b: PipelineData | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  const [ours, theirs] = [partsOfData(a), partsOfData(b)];
  return (
    a.kind === b.kind &&
    ours.length === theirs.length &&
    ours.every((part, index) => Buffer.compare(part, theirs[index] ?? new Uint8Array()) === 0)
  );
}

function partsOfData({ keys = [], bytes }: PipelineData): readonly Uint8Array[] {
  return [...keys, ...bytes];
}
