/**
 * The keys of programs, and the reasons for a miss.
 *
 *     <module>.<variant>.<target>
 *        │         │        └ device, driver and its version, its cache UUID, features, word size of the process
 *        │         └ entry point and specialization constants, as requested
 *        └ expanded source with its defines, compiler and its version, format of the entries
 *
 * The three parts identify an entry before anything is compiled: source and compiler determine the SPIR-V, and the
 * SPIR-V determines the layout. Entries of one module share their SPIR-V. So a new driver, a new device or other
 * constants need no compilation. The pipeline key covers what a pipeline is really made from, including the bytes of
 * the SPIR-V. The driver's data in an entry is used only if the pipeline key matches the entry's own SPIR-V and the
 * request. There is no fallback to a looser key.
 */

import { createHash } from "node:crypto";
import { arch, endianness } from "node:os";
import type { Device } from "../../vulkan/index.ts";
import { ENTRY_FORMAT, type TargetInfo } from "./entry-file.ts";

export { ENTRY_ID } from "./entry-file.ts";

/** The compiler, its version and its target. A test compares this with the installed package. */
export const COMPILER = "@webgpu/glslang 0.0.15, SPIR-V 1.5";
/** Increased when entries of an earlier everwarp turn out to be wrong. Such entries are never used again. */
const EPOCH = 1;

const MODULE_DIGITS = 32;
const PART_DIGITS = 16;

/** Why a program had to be made. */
export type MissReason =
  | "never-seen"
  | "source-changed"
  | "driver-changed"
  | "other-device"
  | "corrupted"
  | "evicted"
  | "driver-refused"
  | "driver-crashed"
  | "unreadable";
/** All reasons, in display order. */
export const MISS_REASONS: readonly MissReason[] = [
  "never-seen",
  "source-changed",
  "driver-changed",
  "other-device",
  "corrupted",
  "evicted",
  "driver-refused",
  "driver-crashed",
  "unreadable",
];

/** The key of what determines the SPIR-V: the source with includes and defines applied, and the compiler. */
export function moduleIdOf(expandedText: string, compiler = COMPILER): string {
  return digits(MODULE_DIGITS, [ENTRY_FORMAT, EPOCH, compiler, expandedText]);
}

/** The key of what turns a module into a pipeline. */
export function variantIdOf(
  entryPoint: string,
  constants: Readonly<Record<string | number, number>> = {},
): string {
  const sorted = Object.entries(constants).toSorted(([a], [b]) => (a < b ? -1 : 1));
  // JSON writes -0 as 0. To a driver, both are the same constant.
  return digits(PART_DIGITS, [entryPoint, sorted]);
}

/** A device and its driver: what affects the result of compiling SPIR-V. */
export interface Target {
  readonly id: string;
  /** The name of the folder for this device model. */
  readonly folder: string;
  readonly info: TargetInfo;
}

/** The target of a device. Two devices of one model with the same driver have the same target. */
export function targetOf(device: Pick<Device, "info" | "pipelineDataKey">): Target {
  const { info, pipelineDataKey: dataKey } = device;
  const hex = (value: number): string => value.toString(16).padStart(4, "0");
  const ids = `${hex(info.vendorId)}-${hex(info.deviceId)}`;
  const parts = [
    info.name,
    info.vendorId,
    info.deviceId,
    info.apiVersion,
    info.driverId,
    info.driverName,
    // Some drivers keep their UUID when their version changes (lavapipe 22.3 always does). So the version as text is
    // part of the target too.
    info.driverInfo,
    info.driverVersion,
    info.pipelineCacheUuid,
    dataKey,
    [...info.features].toSorted(),
    [...info.extensions].toSorted(),
    // Some drivers do not separate the stored data of 32-bit and 64-bit processes.
    arch(),
    endianness(),
  ];
  return {
    id: digits(PART_DIGITS, parts),
    folder: `${fileWord(info.name)}-${ids}`,
    info: {
      device: `${info.name} (${ids})`,
      driver: `${info.driverName} ${info.driverInfo} (${info.driverVersion})`,
      dataKey,
    },
  };
}

/** Everything that a pipeline is made from. */
export interface PipelineParts {
  readonly spirv: Uint32Array;
  readonly entryPoint: string;
  readonly constants: Readonly<Record<string, number>>;
  readonly pushConstantBytes: number;
  readonly compiler: string;
  readonly targetId: string;
}

/** SHA-256 of everything that determines the driver's result. */
export function pipelineKeyOf(parts: PipelineParts): string {
  const { spirv, ...rest } = parts;
  const hash = createHash("sha256");
  hash.update(new Uint8Array(spirv.buffer, spirv.byteOffset, spirv.byteLength));
  const constants = Object.entries(rest.constants).toSorted(([a], [b]) => Number(a) - Number(b));
  hash.update(
    JSON.stringify([
      ENTRY_FORMAT,
      EPOCH,
      rest.entryPoint,
      constants,
      rest.pushConstantBytes,
      rest.compiler,
      rest.targetId,
    ]),
  );
  return hash.digest("hex");
}

/** The parts of an entry's name. */
export function partsOf(id: string): { module: string; variant: string; target: string } {
  const [module = "", variant = "", target = ""] = id.split(".");
  return { module, variant, target };
}

/** SHA-256 of values that JSON can represent, cut to a number of digits. */
export function digits(count: number, values: readonly unknown[]): string {
  return createHash("sha256").update(JSON.stringify(values)).digest("hex").slice(0, count);
}

/** Converts a name to a valid part of a folder name. */
function fileWord(name: string): string {
  const word = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9.]+/g, "-")
    .replaceAll(/^[-.]+|[-.]+$/g, "")
    .slice(0, 64);
  return word === "" ? "device" : word;
}
