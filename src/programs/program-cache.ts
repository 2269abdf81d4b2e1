/**
 * Programs in memory: each source is compiled once, each pipeline is made once per device, however many ask and
 * whenever they do.
 *
 *   request ──expand──► source key ──► module (precompiled, or compiled; kept for ever, they are small)
 *                            └─ with specialization, entry point, device ──► pipeline (counted; idle ones kept a while)
 *
 * Invariants: a pipeline with users is never destroyed here; of those without, the `maxIdlePipelines` last used are
 * kept; a failed compilation is not remembered, so that a corrected file compiles at the next try.
 */

import { createHash } from "node:crypto";
import { structSizeBytes } from "../spirv/extent.ts";
import { readSpirv, type SpirvModule } from "../spirv/module.ts";
import { EverwarpError } from "../base/errors.ts";
import type { Device } from "../vulkan/device.ts";
import type { ComputePipeline } from "../vulkan/pipeline.ts";
import { compileExpanded, prepareSource, type SourceRequest } from "./compile.ts";
import type { ExpandedSource } from "./include.ts";
import { findPrecompiled, precompiledFolder, sourceKey } from "./precompiled.ts";

/** A source with what turns it into a pipeline. */
export type ProgramRequest = SourceRequest & {
  /** Values of specialization constants: by constant_id, or by their names in the source. */
  specialization?: Readonly<Record<string | number, number>>;
  /** `main` if not given. */
  entryPoint?: string;
  /** Shown in errors and in messages of the validation layer. */
  label?: string;
};

/** A compiled source. */
export interface Program {
  /** SHA-256 of the expanded source. */
  readonly key: string;
  readonly spirv: Uint32Array;
  readonly module: SpirvModule;
  /** Where the module came from. */
  readonly origin: "precompiled" | "compiled";
}

/** A pipeline in use. Let go of it once, when nothing that uses it is running. */
export interface ProgramLease extends Disposable {
  readonly pipeline: ComputePipeline;
  readonly program: Program;
  release(): void;
}

interface PipelineEntry {
  readonly pipeline: ComputePipeline;
  users: number;
}

export interface ProgramCacheOptions {
  /** Where precompiled modules lie; the package's own if not given, none if `false`. */
  precompiled?: string | false;
  /** Pipelines without users that are kept per device; 32 if not given. */
  maxIdlePipelines?: number;
}

export class ProgramCache {
  /** How often something had to be made. */
  readonly counters = { compiled: 0, precompiled: 0, pipelinesCreated: 0 };
  readonly #programs = new Map<string, Promise<Program>>();
  /** Per device; entries in the order of their last use, oldest first. */
  readonly #pipelines = new WeakMap<Device, Map<string, PipelineEntry>>();
  readonly #precompiled: string | false;
  readonly #maxIdlePipelines: number;

  constructor(options: ProgramCacheOptions = {}) {
    this.#precompiled = options.precompiled ?? precompiledFolder();
    this.#maxIdlePipelines = options.maxIdlePipelines ?? 32;
  }

  /**
   * The module of a source.
   *
   * @throws EW_COMPILE, EW_PATH_NOT_FOUND
   */
  program(request: SourceRequest): Promise<Program> {
    const expanded = prepareSource(request);
    const key = sourceKey(expanded.text);
    let program = this.#programs.get(key);
    if (program === undefined) {
      program = this.#make(key, expanded);
      this.#programs.set(key, program);
      program.catch(() => this.#programs.delete(key));
    }
    return program;
  }

  /**
   * A pipeline on a device, shared with all who ask for the same.
   *
   * @throws EW_COMPILE, EW_PATH_NOT_FOUND, EW_BAD_ARGUMENT for an unknown entry point or specialization constant,
   * EW_VULKAN when the driver refuses the kernel
   */
  async acquire(device: Device, request: ProgramRequest): Promise<ProgramLease> {
    const program = await this.program(request);
    // From here on nothing waits: who asks for the same in the meantime finds the entry made.
    const entryPoint = request.entryPoint ?? "main";
    const specialization = resolveSpecialization(program.module, request);
    const key = createHash("sha256")
      .update(JSON.stringify([program.key, entryPoint, Object.entries(specialization)]))
      .digest("hex");
    const entries = this.#entriesOf(device);
    let entry = entries.get(key);
    if (entry === undefined) {
      assertEntryPoint(program.module, entryPoint, request);
      const { pushConstants } = program.module;
      const pipeline = device.createComputePipeline({
        spirv: program.spirv,
        entryPoint,
        specialization,
        pushConstantBytes:
          pushConstants === undefined ? 0 : roundUpTo4(structSizeBytes(program.module, pushConstants)),
        label: nameOf(request),
      });
      this.counters.pipelinesCreated++;
      entry = { pipeline, users: 0 };
    }
    entry.users++;
    entries.delete(key);
    entries.set(key, entry); // now the last used
    this.#evict(entries);
    return this.#lease(entry, program, entries);
  }

  /** Destroys the pipelines of a device that nobody uses. */
  trim(device: Device): void {
    this.#evict(this.#entriesOf(device), 0);
  }

  #lease(entry: PipelineEntry, program: Program, entries: Map<string, PipelineEntry>): ProgramLease {
    let isReleased = false;
    const release = (): void => {
      if (isReleased) return;
      isReleased = true;
      entry.users--;
      this.#evict(entries);
    };
    return { pipeline: entry.pipeline, program, release, [Symbol.dispose]: release };
  }

  #entriesOf(device: Device): Map<string, PipelineEntry> {
    let entries = this.#pipelines.get(device);
    if (entries === undefined) {
      entries = new Map();
      this.#pipelines.set(device, entries);
    }
    return entries;
  }

  #evict(entries: Map<string, PipelineEntry>, keep = this.#maxIdlePipelines): void {
    const idle = [...entries].filter(([, { users }]) => users === 0);
    for (const [key, { pipeline }] of idle.slice(0, Math.max(0, idle.length - keep))) {
      entries.delete(key);
      pipeline[Symbol.dispose]();
    }
  }

  async #make(key: string, expanded: ExpandedSource): Promise<Program> {
    const found = this.#precompiled === false ? undefined : findPrecompiled(key, this.#precompiled);
    const spirv = found ?? (await compileExpanded(expanded));
    this.counters[found === undefined ? "compiled" : "precompiled"]++;
    return { key, spirv, module: readSpirv(spirv), origin: found === undefined ? "compiled" : "precompiled" };
  }
}

function roundUpTo4(value: number): number {
  return Math.ceil(value / 4) * 4;
}

function nameOf(request: ProgramRequest): string | undefined {
  return request.label ?? ("file" in request ? request.file : request.name);
}

function assertEntryPoint(module: SpirvModule, entryPoint: string, request: ProgramRequest): void {
  if (module.entryPoints.some(({ name, isCompute }) => isCompute && name === entryPoint)) return;
  const names = module.entryPoints.map(({ name }) => name).join(", ");
  throw new EverwarpError(
    "EW_BAD_ARGUMENT",
    `${nameOf(request) ?? "the kernel"} has no entry point ${entryPoint}`,
    {
      remedy: `It has ${names}.`,
    },
  );
}

/** Constants by constant_id, in its order. */
function resolveSpecialization(module: SpirvModule, request: ProgramRequest): Record<number, number> {
  const known = module.specConstants;
  const resolved: Record<number, number> = {};
  for (const [name, value] of Object.entries(request.specialization ?? {})) {
    const constant = known.find(({ specId, name: own }) => own === name || String(specId) === name);
    if (constant === undefined) {
      const list = known.map(({ specId, name: own }) => `${own} (${specId})`).join(", ");
      throw new EverwarpError(
        "EW_BAD_ARGUMENT",
        `${nameOf(request) ?? "the kernel"} has no specialization constant ${name}`,
        { remedy: known.length === 0 ? "It has none at all." : `It has ${list}.` },
      );
    }
    resolved[constant.specId] = value;
  }
  return resolved;
}
