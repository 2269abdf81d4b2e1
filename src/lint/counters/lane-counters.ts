/**
 * Counts on a device how many threads run each phase of the kernels that are made there.
 *
 *     compiled module ──▶ phases ──▶ module with counters ──▶ pipeline ──▶ launches ──▶ counters ──▶ utilisation
 *
 * Invariant: a kernel's counters lie in memory that the host can read at any time. They only grow.
 */
import path from "node:path";
import { packageRoot } from "../../base/index.ts";
import { compileExpandedWithLines, type ModuleRewrite } from "../../programs/index.ts";
import type { SpirvModule } from "../../spirv/index.ts";
import type { Device, DeviceBuffer } from "../../vulkan/index.ts";
import { Kernel, workingShare } from "../analysis/index.ts";
import { CounterLayout, readCounters } from "./counter-memory.ts";
import { withCounters } from "./instrument.ts";
import { type Phase, type PhaseSource, phasesOf } from "./phases.ts";

/** Most bytes of a kernel's counters: further workgroups are not counted. */
const MEMORY_BYTES_MAX = 32 << 20;
const WORKGROUPS_MAX = 1 << 16;
const WORKGROUP_DEFAULT = [1, 1, 1];

/** A phase as it was measured, beside what is estimated without running it. All shares are from 0 to 1. */
export interface PhaseUtilisation extends Omit<Phase, "index" | "weights"> {
  /** Threads that ran it, of all threads of the workgroup that had to wait for it. */
  readonly lanes: number;
  /** The same, as the static analysis estimates it: a single thread counts as such, all else as all threads. */
  readonly estimatedLanes: number;
  /** Threads that ran it, of the threads of the subgroups that ran it. */
  readonly subgroupLanes: number;
  /** Instructions of the workgroup's waiting time, of those of all phases but the runtime. */
  readonly share: number;
}

/** What was measured of a kernel. */
export interface Utilisation {
  /** The file or the name of the kernel. */
  readonly kernel: string;
  readonly workgroupSize: number;
  readonly subgroupSize: number;
  /** Workgroups that were counted. */
  readonly workgroups: number;
  /** Phases that ran, without the runtime: the largest share first. */
  readonly phases: readonly PhaseUtilisation[];
  /** Of all these phases together, as in a phase. Undefined where nothing ran. */
  readonly lanes: number | undefined;
  readonly estimatedLanes: number | undefined;
  /** Instructions of everwarp's own code around the kernel, of all: most of it is waiting for requests. */
  readonly runtimeShare: number;
}

interface Counted {
  readonly kernel: Kernel;
  readonly name: string;
  readonly phases: readonly Phase[];
  readonly layout: CounterLayout;
  readonly buffer: DeviceBuffer;
  readonly workgroupSize: number;
}

/** The counters of the kernels of a device. */
export class LaneCounters implements Disposable {
  readonly #device: Device;
  readonly #counted: Counted[] = [];

  constructor(device: Device) {
    this.#device = device;
  }

  /** Puts counters into a module. To be given to `SharedPrograms.rewriteOn`. */
  readonly rewrite: ModuleRewrite = async (_, source, constants) => {
    const { spirv, locate } = await compileExpandedWithLines(source);
    return this.count(spirv, {
      name: locate(1).file,
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
    const kernel = new Kernel(spirv);
    const { code } = kernel.graph;
    const phases = phasesOf(code, { locate, isRuntime });
    const workgroupSize = workgroupSizeOf(code.module, constants);
    const subgroups = Math.ceil(workgroupSize / this.#device.info.subgroupSize);
    const { recordBytes } = new CounterLayout({ phases: phases.length, subgroups, workgroups: 1 });
    const workgroups = Math.max(1, Math.min(WORKGROUPS_MAX, Math.floor(MEMORY_BYTES_MAX / recordBytes)));
    const layout = new CounterLayout({ phases: phases.length, subgroups, workgroups });
    const buffer = this.#device.createBuffer({
      role: "upload",
      sizeBytes: layout.sizeBytes,
      label: `counters of ${name}`,
    });
    new Uint8Array(buffer.host).fill(0);
    this.#counted.push({ kernel, name, phases, layout, buffer, workgroupSize });
    return withCounters(spirv, phases, layout, buffer.address);
  }

  /** What was measured up to now, of each kernel in the order in which they were made. */
  utilisation(): readonly Utilisation[] {
    return this.#counted.map((counted) => this.#utilisationOf(counted));
  }

  /** Frees the counters. Nothing that counts may be running. */
  [Symbol.dispose](): void {
    for (const { buffer } of this.#counted.splice(0)) buffer[Symbol.dispose]();
  }

  #utilisationOf({ kernel, name, phases, layout, buffer, workgroupSize }: Counted): Utilisation {
    const { subgroupSize } = this.#device.info;
    const { lanes, passes, waits, workgroups } = readCounters(layout, new BigUint64Array(buffer.host));
    const of = (list: readonly number[], { index }: Phase): number => list[index] ?? 0;
    const sum = (list: readonly number[], over: readonly Phase[]): number =>
      over.reduce((total, phase) => total + of(list, phase), 0);
    const ran = phases.filter((phase) => phase.kind !== "runtime" && of(waits, phase) > 0);
    const waited = sum(waits, ran);
    const rows = ran.map((phase): PhaseUtilisation => {
      const { index: _, weights, ...about } = phase;
      return {
        ...about,
        lanes: of(lanes, phase) / (of(waits, phase) * workgroupSize),
        estimatedLanes: estimateOf(kernel, weights, workgroupSize),
        subgroupLanes: of(lanes, phase) / (of(passes, phase) * subgroupSize),
        share: of(waits, phase) / waited,
      };
    });
    return {
      kernel: name,
      workgroupSize,
      subgroupSize,
      workgroups,
      phases: rows.toSorted((a, b) => b.share - a.share),
      lanes: waited === 0 ? undefined : sum(lanes, ran) / (waited * workgroupSize),
      estimatedLanes:
        waited === 0 ? undefined : rows.reduce((total, row) => total + row.estimatedLanes * row.share, 0),
      runtimeShare: waited === 0 ? 0 : 1 - waited / sum(waits, phases),
    };
  }
}

function estimateOf(kernel: Kernel, weights: ReadonlyMap<number, number>, threads: number): number {
  const blocks = kernel.flow.order.filter((at) => weights.has(kernel.graph.blocks[at]?.label ?? 0));
  return workingShare(kernel, blocks, (at) => kernel.lanes.isSingle(at), threads);
}

/** Threads of a workgroup of a pipeline. */
function workgroupSizeOf({ entryPoints }: SpirvModule, constants: Readonly<Record<number, number>>): number {
  const entry = entryPoints.find(({ isCompute }) => isCompute);
  return (entry?.localSize ?? WORKGROUP_DEFAULT).reduce((product, count, axis) => {
    const id = entry?.localSizeSpecIds[axis];
    return product * ((id === undefined ? undefined : constants[id]) ?? count);
  }, 1);
}

/** Whether a file is a part of what everwarp puts around kernels. Functions without lines are empty ones of it. */
function isRuntime(file: string | undefined): boolean {
  if (file === undefined) return false;
  if (file === "kernel-types.glsl") return true;
  const inside = path.relative(path.join(packageRoot(), "glsl"), path.resolve(file));
  return /^(?:kernel\.glsl|residency\.glsl|seal\.glsl|residency[\\/].*)$/.test(inside);
}
