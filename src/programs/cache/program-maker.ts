/**
 * Makes programs that are not in memory: from the cheapest place that has them, and kept for the next one.
 *
 *   disk ──▶ second level ──▶ SPIR-V (the build's, another entry's, the compiler's) ──▶ driver
 *    ▲            │                                                                       │
 *    └────────────┴─────────────────── behind the request ───────────────────────────────┘
 *
 * Invariants:
 * - What goes wrong with the disk or the second level costs time and never the request: a program can always be made
 *   from its source. Only the source's own errors are the caller's, and they are never kept.
 * - A driver is shown no data but what it gave for exactly this pipeline, checked, inside a mark of the crash guard.
 * - Processes that want the same program at once wait for the one that makes it, for a while.
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
import type { MadeProgram } from "./held-programs.ts";
import { type ExpandedSource, makeProgram, type ModuleCache, type Program } from "../sources/index.ts";
import { assertEntryPoint, resolveConstants, type ResolvedRequest } from "./program-request.ts";

/** When the disk is over its limit, how much of the limit is left over. */
const PRUNED_SHARE = 0.8;
/** How long another process may take to make a program before this one makes it, too. */
const OTHERS_TIMEOUT_MS = 10_000;

/** A program to be made. */
export interface Job {
  readonly id: string;
  readonly label: string | undefined;
  readonly resolved: ResolvedRequest;
  readonly expanded: ExpandedSource;
  /** Of what is made ahead of time: waits until nobody waits for another program. */
  readonly pause?: (() => Promise<void>) | undefined;
}

/** Where an entry goes: what a job says, or the entry alone when nobody asked for it yet. */
type Place = Pick<Job, "id" | "label" | "pause"> & Partial<Pick<Job, "resolved">>;

/** What a maker works with. */
export interface MakerParts {
  readonly device: Device;
  readonly target: Target;
  readonly disk: DiskStore | undefined;
  readonly secondLevel: SecondLevel | undefined;
  readonly modules: ModuleCache;
  readonly counters: CacheCounters;
  readonly maxDiskBytes: number;
}

/** A pipeline made for an entry or to become one. */
interface MadePipeline {
  readonly pipeline: ComputePipeline;
  /** Why the driver had to make it though there was data. */
  readonly reason: MissReason | undefined;
  /** Whether what the driver made may be kept. */
  readonly isKept: boolean;
}

/** Makes the programs of one device, from wherever they can be had. */
export class ProgramMaker {
  /** What goes on behind answered requests. */
  readonly background = new Background();
  readonly guard: CrashGuard | undefined;
  /** By what means the driver lets its work be kept, as far as that is known. */
  driverStores: PipelineDataKind | "unknown" = "unknown";
  readonly #parts: MakerParts;

  constructor(parts: MakerParts) {
    this.#parts = parts;
    this.guard = parts.disk === undefined ? undefined : new CrashGuard(parts.disk.folder);
  }

  /**
   * Makes a program, from wherever it can be had.
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
    // Another process may have made it since it was looked for.
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

  /** Makes the program of an entry on disk, for which nobody has asked yet; undefined when there is none any more. */
  async makeStored(id: string, pause: () => Promise<void>): Promise<MadeProgram | undefined> {
    const found = await this.#fromDisk({ id, label: undefined, pause });
    return typeof found === "object" ? found : undefined;
  }

  /** The module of a source. @throws EW_COMPILE */
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

  /** Whether it saves anything to let another process make it. */
  #isWorthWaiting({ resolved }: Job): boolean {
    return this.driverStores !== "none" || !this.#parts.modules.hasPrecompiled(resolved.sourceKey);
  }

  /** @returns the program, or why it is none; undefined when nothing is there */
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
    // First to disk: whatever comes of it in the driver, the mark is for an entry that is there.
    if (disk !== undefined) await this.#publish(disk, answer.entry, answer.bytes);
    return this.#fromEntry(answer.entry, job, startMs, "remote");
  }

  /** @returns what is wrong with a whole entry for this request */
  #objectionTo({ header, spirv }: Entry, { resolved }: Place): string | undefined {
    if (resolved !== undefined && header.entryPoint !== resolved.entryPoint)
      return `its entry point is ${header.entryPoint}`;
    if (header.compiler !== COMPILER) return `its compiler is ${header.compiler}`;
    const expected = pipelineKeyOf({ ...header, spirv, targetId: this.#parts.target.id });
    return header.pipelineKey === expected ? undefined : "its pipeline key is not that of its contents";
  }

  /** Makes the pipeline of an entry that was read. */
  #fromEntry(entry: Entry, place: Place, startMs: number, origin: "disk" | "remote"): MadeProgram {
    const { header } = entry;
    const { counters } = this.#parts;
    const spirv = entry.spirv.slice(); // lets go of the rest of the file
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
    // Data that was lost, refused or suspect is replaced by what the driver has made now.
    if (pipeline.origin === "spirv")
      this.#keep(place.id, { ...header, driverMs: pipeline.driverMs }, made, program, entry);
    return { pipeline, program };
  }

  /** Makes a program that is nowhere. @param end ends the build lock that was taken for it */
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
    const made = this.#makePipeline(job, program, parts, undefined);
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
    program: Program,
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

  /** With data from a second level and no disk there is nothing to mark, and so no data is used. */
  #guarded(id: string, make: () => ComputePipeline): ComputePipeline | undefined {
    return this.guard?.guarded(id, make)?.value;
  }

  /**
   * Brings what was made to disk and to the second level, behind the request.
   *
   * @param there the entry that there is already
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
    // At once: the pipeline may be gone later. All else can wait until the request is answered.
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

  /** What the driver gave for a pipeline; nothing when that went before it could be asked. */
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
