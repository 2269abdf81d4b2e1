/** Where the parts of an instance lie, and how many instances a device has room for. */
import { EverwarpError } from "../../base/index.ts";
import type { Program, StackLimits } from "../store/index.ts";
import type { Device } from "../../vulkan/index.ts";

/** The places of `machine.schema.ts`, for a program. */
export interface Geometry {
  readonly instanceCount: number;
  /** Neighbours are `1 << laneShift` instances. */
  readonly laneShift: number;
  readonly slotsPerInstance: number;
  readonly cellsPerInstance: number;
  /** The first slot of the frames, behind the globals. */
  readonly framesAt: number;
  /** The first slot of the registers, behind the frames. */
  readonly registersAt: number;
  /** Bytes of the slots of all instances. */
  readonly slotBytes: number;
  /** Bytes of the cells of all instances. */
  readonly cellBytes: number;
}

/**
 * Places instances.
 * @param subgroupSize threads that run together: so many instances are neighbours, or fewer if there are fewer
 */
export function placeInstances(
  program: Program,
  { stackSlots, maxDepth }: StackLimits,
  instanceCount: number,
  subgroupSize: number,
): Geometry {
  const laneShift = Math.min(Math.log2(subgroupSize), Math.ceil(Math.log2(instanceCount)));
  const framesAt = program.globalSlots;
  const registersAt = framesAt + maxDepth;
  // A module without globals and locals needs none, and no buffer is empty.
  const slotsPerInstance = Math.max(1, registersAt + stackSlots);
  const { cellsPerInstance } = program;
  const lanes = Math.ceil(instanceCount / 2 ** laneShift) * 2 ** laneShift;
  return {
    instanceCount,
    laneShift,
    slotsPerInstance,
    cellsPerInstance,
    framesAt,
    registersAt,
    slotBytes: lanes * slotsPerInstance * 8,
    cellBytes: lanes * cellsPerInstance * 4,
  };
}

/** @throws EW_OUT_OF_DEVICE_MEMORY naming how many instances fit */
export function assertFits(device: Device, geometry: Geometry): void {
  const { instanceCount, slotBytes, cellBytes } = geometry;
  const freeBytes = device.freeBytes("device");
  const { maxAllocationBytes } = device.info.limits;
  const share = Math.min(
    freeBytes / (slotBytes + cellBytes),
    maxAllocationBytes / Math.max(slotBytes, cellBytes),
  );
  if (share >= 1) return;
  const fitting = Math.floor((instanceCount * share) / 2 ** geometry.laneShift) * 2 ** geometry.laneShift;
  throw new EverwarpError(
    "EW_OUT_OF_DEVICE_MEMORY",
    `${instanceCount} instances need ${slotBytes + cellBytes} bytes of ${device.info.name}; ` +
      `${freeBytes} are free, and one buffer has at most ${maxAllocationBytes}`,
    { remedy: `About ${fitting} instances fit. Ask for fewer, or give each less memory.` },
  );
}
