/**
 * Makes programs that are not in memory. It uses the cheapest source that has the program, and stores the result for
 * later.
 *
 *   disk ──▶ second level ──▶ SPIR-V (the build's, another entry's, the compiler's) ──▶ driver
 *    ▲            │                                                                       │
 *    └────────────┴──────────────── in the background ────────────────────────────────────┘
 *
 * Invariants:
 * - A failure of the disk or the second level costs time, but never fails a request: a program can always be made from
 *   its source. Callers see only errors of the source itself, and these errors are never stored.
 * - A driver gets only data that it gave for exactly this pipeline. The data is checked first, and used inside a mark
 *   of the crash guard.
 * - If several processes need the same program, one makes it, and the others wait for a limited time.
 */

import { setImmediate as nextTurn } from "node:timers/promises";
import { nowMs, EverwarpError } from "../../base/index.ts";
import { structSizeBytes } from "../../spirv/index.ts";
import type { Device, ComputePipeline, PipelineData, PipelineDataKind } from "../../vulkan/index.ts";
import { Background } from "./background.ts";
import { CrashGuard, type DiskStore, explainMiss, findModule } from "../disk/index.ts";
import {
  COMPILER,
  encodeEntry,
  type Entry,
  type EntryHeader,
  type MissReason,
  partsOf,
  pipelineKeyOf,
  type Target,
} from "../entries/index.ts";
import type { CacheCounters } from "./statistics.ts";
import type { SecondLevel } from "../stores/index.ts";
import type { ModuleRewrite } from "./program-cache-options.ts";
import type { MadeProgram } from "./held-programs.ts";
import { type ExpandedSource, makeProgram, type ModuleCache, type Program } from "../sources/index.ts";
import { assertEntryPoint, resolveConstants, type ResolvedRequest } from "./program-request.ts";

/** Pruning a disk store reduces it to this share of its limit. */
const PRUNED_SHARE = 0.8;
/** How long to wait while another process makes a program, before this process makes it too. */
const OTHERS_TIMEOUT_MS = 10_000;

/** A program to be made. */
export interface Job {
  readonly id: string;
  readonly label: string | undefined;
  readonly resolved: ResolvedRequest;
  readonly expanded: ExpandedSource;
  /** For preloading: waits until no request is waiting. */
  readonly pause?: (() => Promise<void>) | undefined;
}

/** Where an entry belongs: a job, or only the entry's id if nobody requested the program yet. */
type Place = Pick<Job, "id" | "label" | "pause"> & Partial<Pick<Job, "resolved">>;

/** The parts that a maker works with. */
export interface MakerParts {
  readonly device: Device;
  readonly target: Target;
  readonly disk: DiskStore | undefined;
  readonly secondLevel: SecondLevel | undefined;
  readonly modules: ModuleCache;
  readonly counters: CacheCounters;
  readonly maxDiskBytes: number;
  readonly rewrite?: ModuleRewrite | undefined;
}

/** A pipeline made from an entry, or for a new entry. */
interface MadePipeline {
  readonly pipeline: ComputePipeline;
  /** Why the driver compiled although there was data. */
  readonly reason: MissReason | undefined;
  /** Whether the driver's data may be stored. */
  readonly isKept: boolean;
}

/** Makes the programs of one device, from the cheapest source. */
export class ProgramMaker {
  /** Work that continues after a request was answered. */
  readonly background = new Background();
  readonly guard: CrashGuard | undefined;
  /** The mechanism by which the driver gives out its data, if known. */
  driverStores: PipelineDataKind | "unknown" = "unknown";
  readonly #parts: MakerParts;

  constructor(parts: MakerParts) {
    this.#parts = parts;
    this.guard = parts.disk === undefined ? undefined : new CrashGuard(parts.disk.folder);
  }

  /**
   * Makes a program from the cheapest source.
   *
   * @throws EW_COMPILE, EW_BAD_ARGUMENT, EW_VULKAN
   */
  async make(job: Job): Promise<MadeProgram> {
    const { id, resolved } = job;
    const { disk } = this.#parts;
    const found = await this.#fromDisk(job);
    if (typeof found === "object") return found;
    const far = await this.#fromSecondLevel(job);
    if (far !== undefined) return far;
    const reason =
      found ?? (disk === undefined ? "never-seen" : await explainMiss(disk, id, resolved.nameKey));
    if (disk === undefined || !this.#isWorthWaiting(job)) return this.#build(job, reason, undefined);
    const lock = await disk.takeBuildLock(id);
    if (lock.state === "impossible") return this.#build(job, reason, undefined);
    // Another process may be making the program, or may have made it since the last look at the disk.
    if (lock.state === "busy") await disk.whenUnlocked(id, OTHERS_TIMEOUT_MS);
    const end = lock.state === "taken" ? lock.end : undefined;
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

  /** Makes the program of an entry on disk that nobody requested yet; undefined if the entry is gone. */
  async makeStored(id: string, pause: () => Promise<void>): Promise<MadeProgram | undefined> {
    const found = await this.#fromDisk({ id, label: undefined, pause });
    return typeof found === "object" ? found : undefined;
  }

  /** The SPIR-V module of a source. @throws EW_COMPILE */
  moduleOf({ moduleId, sourceKey }: ResolvedRequest, expanded: ExpandedSource): Promise<Program> {
    const { counters, disk, modules } = this.#parts;
    return modules.get(moduleId, sourceKey, expanded, {
      elsewhere: async () => (disk === undefined ? undefined : findModule(disk, moduleId)),
      onCompiled: (compileMs) => {
        counters.compilations++;
        counters.compileMs += compileMs;
      },
    });
  }

  /** Whether waiting for another process would save work. */
  #isWorthWaiting({ resolved }: Job): boolean {
    return this.driverStores !== "none" || !this.#parts.modules.hasPrecompiled(resolved.sourceKey);
  }

  /** @returns the program, or the reason for a miss; undefined if there is no entry */
  async #fromDisk(place: Place): Promise<MadeProgram | MissReason | undefined> {
    const { disk } = this.#parts;
    if (disk === undefined) return undefined;
    const startMs = nowMs();
    const answer = await disk.read(place.id);
    if (answer.state === "absent") return undefined;
    if (answer.state === "unreadable") return "unreadable";
    if (answer.state === "bad") return "corrupted";
    const objection = this.#objectionTo(answer.entry, place);
    if (objection !== undefined) {
      await disk.quarantine(place.id, objection);
      return "corrupted";
    }
    const readMs = nowMs() - startMs;
    await place.pause?.();
    const held = this.#fromEntry(answer.entry, place, nowMs() - readMs, "disk");
    this.background.run(() => disk.noteUse(place.id));
    return held;
  }

  async #fromSecondLevel(job: Job): Promise<MadeProgram | undefined> {
    const startMs = nowMs();
    const answer = await this.#parts.secondLevel?.get(job.id);
    if (answer === undefined) return undefined;
    const { counters, disk } = this.#parts;
    if (this.#objectionTo(answer.entry, job) !== undefined) {
      counters.remoteRefused++;
      return undefined;
    }
    // Store the entry first. If the driver crashes on it, the crash guard's mark refers to an existing entry.
    if (disk !== undefined) await this.#publish(disk, answer.entry, answer.bytes);
    return this.#fromEntry(answer.entry, job, startMs, "remote");
  }

  /** @returns what is wrong with an intact entry for this request; undefined if nothing is */
  #objectionTo({ header, spirv }: Entry, { resolved }: Place): string | undefined {
    if (resolved !== undefined && header.entryPoint !== resolved.entryPoint)
      return `its entry point is ${header.entryPoint}`;
    if (header.compiler !== COMPILER) return `its compiler is ${header.compiler}`;
    const expected = pipelineKeyOf({ ...header, spirv, targetId: this.#parts.target.id });
    return header.pipelineKey === expected ? undefined : "its pipeline key is not that of its contents";
  }

  /** Makes the pipeline of an entry that was read from disk or from the second level. */
  #fromEntry(entry: Entry, place: Place, startMs: number, origin: "disk" | "remote"): MadeProgram {
    const { header } = entry;
    const { counters } = this.#parts;
    const spirv = entry.spirv.slice(); // a copy, so that the rest of the file can be collected
    const key = partsOf(header.id).module;
    const program = makeProgram({ key, spirv, origin, compileMs: header.compileMs });
    const made = this.#makePipeline(
      { ...place, label: place.label ?? header.name },
      program,
      header,
      entry.data,
    );
    const { pipeline, reason } = made;
    const elapsedMs = nowMs() - startMs;
    counters.loadMs += elapsedMs - pipeline.driverMs;
    if (reason === undefined) {
      counters[origin === "disk" ? "diskHits" : "remoteHits"]++;
      if (pipeline.origin === "data") counters.driverHits++;
      counters.savedMs += Math.max(0, header.compileMs + header.driverMs - elapsedMs);
    } else counters.misses[reason]++;
    // The entry's data was missing, refused or suspect. Store the data that the driver has made now.
    if (pipeline.origin === "spirv")
      this.#keep(place.id, { ...header, driverMs: pipeline.driverMs }, made, program, entry);
    return { pipeline, program };
  }

  /** Makes a program that no store has. @param end ends the build lock of this program */
  async #build(job: Job, reason: MissReason, end: (() => Promise<void>) | undefined): Promise<MadeProgram> {
    const { resolved, expanded, id } = job;
    await job.pause?.();
    const program = await this.moduleOf(resolved, expanded);
    await job.pause?.();
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
    const changed = await this.#parts.rewrite?.(program.spirv, expanded, constants);
    const made = this.#makePipeline(
      job,
      changed === undefined ? program : { spirv: changed },
      parts,
      undefined,
    );
    this.#parts.counters.misses[reason]++;
    const header: EntryHeader = {
      id,
      name: resolved.name,
      nameKey: resolved.nameKey,
      target: this.#parts.target.info,
      compiler: COMPILER,
      ...parts,
      pipelineKey: pipelineKeyOf({
        ...parts,
        spirv: program.spirv,
        compiler: COMPILER,
        targetId: this.#parts.target.id,
      }),
      createdAtMs: Date.now(),
      compileMs: program.compileMs,
      driverMs: made.pipeline.driverMs,
    };
    this.#keep(id, header, made, program, undefined, end);
    return { pipeline: made.pipeline, program };
  }

  #makePipeline(
    { id, label }: Place,
    program: Pick<Program, "spirv">,
    parts: Pick<EntryHeader, "entryPoint" | "constants" | "pushConstantBytes">,
    data: PipelineData | undefined,
  ): MadePipeline {
    const { counters } = this.#parts;
    const verdict = this.guard?.judge(id) ?? "good";
    const isKept =
      verdict !== "condemned" && (this.#parts.disk !== undefined || this.#parts.secondLevel !== undefined);
    const make = (pipelineData?: PipelineData): ComputePipeline =>
      this.#parts.device.createComputePipeline({
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

  /**
   * Makes a pipeline inside a mark of the crash guard. Undefined without a disk store: there is no place for a mark.
   */
  #guarded(id: string, make: () => ComputePipeline): ComputePipeline | undefined {
    return this.guard?.guarded(id, make)?.value;
  }

  /**
   * Stores a program on disk and in the second level, in the background.
   *
   * @param there the entry that exists already
   */
  #keep(
    id: string,
    header: EntryHeader,
    { pipeline, isKept }: MadePipeline,
    { spirv }: Program,
    there: Entry | undefined,
    end?: () => Promise<void>,
  ): void {
    const { disk } = this.#parts;
    // Extract now, because the pipeline may be destroyed later. Everything else can wait until the request is answered.
    const data = isKept ? this.#extract(pipeline) : undefined;
    const isNews = there === undefined || !areEqual(there.data, data);
    const use = there?.use ?? { uses: 0, lastUseMs: header.createdAtMs };
    const entry: Entry = { header, spirv, data, use };
    const store = async (): Promise<void> => {
      try {
        await nextTurn();
        if (isNews) {
          const bytes = encodeEntry(entry, use);
          if (disk !== undefined) await this.#publish(disk, entry, bytes);
          this.#parts.secondLevel?.put(id, bytes);
        }
        if (data !== undefined) this.guard?.rebuilt(id);
      } finally {
        await end?.();
      }
    };
    this.background.run(store, () => {
      if (isNews) disk?.publishAtExit(id, encodeEntry(entry, use));
      if (data !== undefined) this.guard?.rebuilt(id);
    });
  }

  /** The driver's data for a pipeline; undefined if the pipeline was destroyed first. */
  #extract(pipeline: ComputePipeline): PipelineData | undefined {
    try {
      const data = pipeline.extractData();
      this.driverStores = data?.kind ?? "none";
      return data;
    } catch (error) {
      if (error instanceof EverwarpError) return undefined;
      throw error;
    }
  }

  async #publish(disk: DiskStore, entry: Entry, bytes: Uint8Array): Promise<void> {
    if (await disk.publish(entry, bytes)) this.#parts.counters.stored++;
    const { maxDiskBytes } = this.#parts;
    let total = 0;
    for (const row of disk.manifest.rows.values()) total += row.bytes;
    if (total > maxDiskBytes) await disk.prune({ maxBytes: maxDiskBytes * PRUNED_SHARE });
  }
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
