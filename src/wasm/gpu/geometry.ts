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
  /** Instances that share buffers: a part. All parts but the last have so many. */
  readonly instancesPerPart: number;
}

/** What instances are placed on. */
export interface Ground {
  /** Threads that run together: so many instances are neighbours, or fewer if there are fewer. */
  readonly subgroupSize: number;
  /** The most that one buffer may have. */
  readonly maxBufferBytes: number;
}

/** Places instances. */
export function placeInstances(
  program: Program,
  { stackSlots, maxDepth }: StackLimits,
  instanceCount: number,
  { subgroupSize, maxBufferBytes }: Ground,
): Geometry {
  const laneShift = Math.min(Math.log2(subgroupSize), Math.ceil(Math.log2(instanceCount)));
  const framesAt = program.globalSlots;
  const registersAt = framesAt + maxDepth;
  // A module without globals and locals needs none, and no buffer is empty.
  const slotsPerInstance = Math.max(1, registersAt + stackSlots);
  const { cellsPerInstance } = program;
  const neighbours = 2 ** laneShift;
  const neighbourBytes = neighbours * Math.max(slotsPerInstance * 8, cellsPerInstance * 4);
  return {
    instanceCount,
    laneShift,
    slotsPerInstance,
    cellsPerInstance,
    framesAt,
    registersAt,
    instancesPerPart: Math.max(1, Math.floor(maxBufferBytes / neighbourBytes)) * neighbours,
  };
}

/** Instances that share buffers. */
export interface PlacedPart {
  readonly firstInstance: number;
  readonly instanceCount: number;
  readonly slotBytes: number;
  readonly cellBytes: number;
}

/** The parts of all instances, in their order. */
export function partsOf(geometry: Geometry): PlacedPart[] {
  const { instanceCount, instancesPerPart, laneShift, slotsPerInstance, cellsPerInstance } = geometry;
  const neighbours = 2 ** laneShift;
  return Array.from({ length: Math.ceil(instanceCount / instancesPerPart) }, (_, part) => {
    const firstInstance = part * instancesPerPart;
    const count = Math.min(instancesPerPart, instanceCount - firstInstance);
    const lanes = Math.ceil(count / neighbours) * neighbours;
    return {
      firstInstance,
      instanceCount: count,
      slotBytes: lanes * slotsPerInstance * 8,
      cellBytes: lanes * cellsPerInstance * 4,
    };
  });
}

/** @throws EW_OUT_OF_DEVICE_MEMORY naming how many instances fit */
export function assertFits(device: Device, geometry: Geometry): void {
  const { instanceCount, laneShift, slotsPerInstance, cellsPerInstance } = geometry;
  const freeBytes = device.freeBytes("device");
  const { maxAllocationBytes } = device.info.limits;
  const neighbours = 2 ** laneShift;
  // Neighbours lie in one buffer.
  const isTooLarge = neighbours * Math.max(slotsPerInstance * 8, cellsPerInstance * 4) > maxAllocationBytes;
  const needed = partsOf(geometry).reduce((sum, { slotBytes, cellBytes }) => sum + slotBytes + cellBytes, 0);
  const share = isTooLarge ? 0 : freeBytes / needed;
  if (share >= 1) return;
  const fitting = Math.floor((instanceCount * share) / neighbours) * neighbours;
  throw new EverwarpError(
    "EW_OUT_OF_DEVICE_MEMORY",
    `${instanceCount} instances need ${needed} bytes of ${device.info.name}; ` +
      `${freeBytes} are free, and one buffer has at most ${maxAllocationBytes}`,
    { remedy: `About ${fitting} instances fit. Ask for fewer, or give each less memory.` },
  );
}
