/**
 * Counts on a device how many threads run each phase of the kernels that are made there.
 *
 *     compiled module ──▶ phases ──▶ module with counters ──▶ pipeline ──▶ launches ──▶ counters ──▶ readings
 *
 * Invariant: a kernel's counters lie in memory that the host can read at any time. They only grow.
 */
import { compileExpandedWithLines, type ModuleRewrite } from "../../programs/index.ts";
import type { SpirvModule } from "../../spirv/index.ts";
import type { Device, DeviceBuffer } from "../../vulkan/index.ts";
import { Kernel } from "../analysis/index.ts";
import type { Graph } from "../code/index.ts";
import { CounterLayout, NOTHING, readCounters, WORD_BYTES } from "./counter-memory.ts";
import { withCounters } from "./instrument.ts";
import { isRuntime, type Phase, type PhaseSource, phasesOf } from "./phases.ts";
import type { Reading } from "./utilisation.ts";

/** Most bytes of a kernel's counters: further workgroups are not counted. */
const MEMORY_BYTES_MAX = 32 << 20;
const WORKGROUPS_MAX = 1 << 16;
const WORKGROUP_DEFAULT = [1, 1, 1];
/** Places with counters, with every call of a function counted: a software driver compiles far more slowly. */
const SITES_MAX = 2_000;
const SOFTWARE_SITES_MAX = 60;

interface Counted {
  /** What is known before anything runs. */
  readonly about: Omit<Reading, "counts" | "workgroups">;
  readonly layout: CounterLayout;
  readonly buffer: DeviceBuffer;
  /** The phases that are counted. */
  readonly part: readonly Phase[];
}

/** Which kernels are counted, and which part of them. */
export interface LaneCounterOptions {
  /** Whether `rewrite` puts counters into a kernel, by the path of its file. Default: into all. */
  readonly isWanted?: (file: string) => boolean;
  /**
   * Drivers need long for a large kernel with many counters. So its phases are counted a part at a time: part 0 if not
   * given. `Reading.partCount` says how many there are.
   */
  readonly part?: number;
  /** Most places with counters in a part, unless a single phase has more. Default: as many as drivers compile well. */
  readonly maxSites?: number;
}

/** The counters of the kernels of a device. */
export class LaneCounters implements Disposable {
  readonly #device: Device;
  readonly #options: LaneCounterOptions;
  readonly #counted: Counted[] = [];

  constructor(device: Device, options: LaneCounterOptions = {}) {
    this.#device = device;
    this.#options = options;
  }

  /** Puts counters into the modules that are wanted. To be given to `SharedPrograms.rewriteWith`. */
  readonly rewrite: ModuleRewrite = async (_, source, constants) => {
    const [name = ""] = source.files;
    if (this.#options.isWanted?.(name) === false) return undefined;
    const { spirv, locate } = await compileExpandedWithLines(source);
    return this.count(spirv, {
      name,
      constants,
      locate: ({ line }) => locate(line),
    });
  };

  /**
   * Puts counters into a module.
   *
   * @param options.constants what the pipeline sets, by constant_id
   * @returns the module that is to be run on this device instead
   * @throws EW_BAD_SPIRV, EW_LINT_LIMIT, EW_OUT_OF_DEVICE_MEMORY
   */
  count(
    spirv: Uint32Array,
    options: {
      name: string;
      constants?: Readonly<Record<number, number>>;
      locate?: PhaseSource["locate"];
    },
  ): Uint32Array<ArrayBuffer> {
    const { name, constants = {}, locate = (at) => at } = options;
    const { subgroupSize, type } = this.#device.info;
    const kernel = new Kernel(spirv);
    const { graph } = kernel;
    const phases = phasesOf(graph.code, { locate, isRuntime });
    const maxSites = this.#options.maxSites ?? (type === "cpu" ? SOFTWARE_SITES_MAX : SITES_MAX);
    const parts = partsOf(graph, phases, maxSites);
    const part = parts[this.#options.part ?? 0] ?? [];
    const workgroupSize = workgroupSizeOf(graph.code.module, constants);
    const subgroups = Math.ceil(workgroupSize / subgroupSize);
    const { recordBytes } = new CounterLayout({ phases: part.length, subgroups, workgroups: 1 });
    const workgroups = Math.min(WORKGROUPS_MAX, Math.floor(MEMORY_BYTES_MAX / Math.max(1, recordBytes)));
    const layout = new CounterLayout({ phases: part.length, subgroups, workgroups });
    const buffer = this.#device.createBuffer({
      role: "upload",
      sizeBytes: Math.max(WORD_BYTES, layout.sizeBytes),
      label: `counters of ${name}`,
    });
    new Uint8Array(buffer.host).fill(0);
    const about = { name, kernel, phases, partCount: parts.length, workgroupSize, subgroupSize };
    this.#counted.push({ about, layout, buffer, part });
    return withCounters(spirv, graph, part, { layout, address: buffer.address });
  }

  /** What was counted up to now, of each kernel in the order in which they were made. */
  readings(): readonly Reading[] {
    return this.#counted.map(({ about, layout, buffer, part }): Reading => {
      const { counts, workgroups } = readCounters(layout, new BigUint64Array(buffer.host));
      return {
        ...about,
        workgroups,
        counts: new Map(part.map(({ index }, at) => [index, counts[at] ?? NOTHING])),
      };
    });
  }

  /** Frees the counters. Nothing that counts may be running. */
  [Symbol.dispose](): void {
    for (const { buffer } of this.#counted.splice(0)) buffer[Symbol.dispose]();
  }
}

/** Phases in groups that drivers can compile with their counters. A phase is not parted. */
function partsOf(
  { blocks }: Graph,
  phases: readonly Phase[],
  maxSites: number,
): readonly (readonly Phase[])[] {
  const instances = new Map<number, number>();
  for (const { label } of blocks) instances.set(label, (instances.get(label) ?? 0) + 1);
  const parts: Phase[][] = [[]];
  let sites = 0;
  for (const phase of phases) {
    const own = [...phase.counted.keys()].reduce((sum, label) => sum + (instances.get(label) ?? 0), 0);
    if (sites > 0 && sites + own > maxSites) {
      parts.push([]);
      sites = 0;
    }
    parts.at(-1)?.push(phase);
    sites += own;
  }
  return parts;
}

/** Threads of a workgroup of a pipeline. */
function workgroupSizeOf({ entryPoints }: SpirvModule, constants: Readonly<Record<number, number>>): number {
  const entry = entryPoints.find(({ isCompute }) => isCompute);
  return (entry?.localSize ?? WORKGROUP_DEFAULT).reduce((product, count, axis) => {
    const id = entry?.localSizeSpecIds[axis];
    return product * ((id === undefined ? undefined : constants[id]) ?? count);
  }, 1);
}
