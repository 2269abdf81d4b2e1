/** What runs of the kernels of a machine are given. */
import type { DeviceBuffer } from "../../vulkan/index.ts";
import { WasmLaunch } from "../form/index.ts";
import type { Program, StackLimits } from "../store/index.ts";
import type { Geometry } from "./geometry.ts";
import type { MemoryPart } from "./lane-memory.ts";

/** Writes a `WasmLaunch` for the instances of a part. @param leastFuel 0 where nothing is compiled */
export type LaunchWriter = (part: MemoryPart, quantum: number, leastFuel: number) => Uint32Array;

/** What a launch tells of a machine. */
export interface LaunchParts {
  readonly program: Program;
  readonly limits: StackLimits;
  readonly geometry: Geometry;
  /** Code, constants and words of the program. */
  readonly lists: readonly DeviceBuffer[];
  readonly counters: DeviceBuffer;
}

/** Writes launches of a machine. */
export function launchWriter({ program, limits, geometry, lists, counters }: LaunchParts): LaunchWriter {
  const [code, constants, words] = lists.map(({ address }) => address);
  const launch = {
    code: code!,
    constants: constants!,
    words: words!,
    counters: counters.address,
    laneShift: geometry.laneShift,
    slotsPerInstance: geometry.slotsPerInstance,
    cellsPerInstance: geometry.cellsPerInstance,
    framesAt: geometry.framesAt,
    maxDepth: limits.maxDepth,
    functionsAt: program.functionsAt,
    memoriesAt: program.memoriesAt,
    tablesAt: program.tablesAt,
    segmentsAt: program.segmentsAt,
    elementsAt: program.elementsAt,
    dataAt: program.dataAt,
    memoryCount: program.memoryMaxima.length,
    tableCount: program.tableMaxima.length,
    zeroA: 0,
    zeroB: 0,
  };
  return ({ slots, cells, instanceCount }, quantum, leastFuel) =>
    WasmLaunch.pack({
      ...launch,
      slotMemory: slots.address,
      cellMemory: cells.address,
      instanceCount,
      quantum,
      leastFuel,
    });
}
