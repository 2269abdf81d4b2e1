/**
 * What a program is known by, and why one that is not there is not there.
 *
 *     <module>.<variant>.<target>
 *        │         │        └ device, driver and its version, its cache UUID, features, word size of the process
 *        │         └ entry point and specialization constants, as they were asked for
 *        └ expanded source with its defines, compiler and its version, format of the entries
 *
 * The three parts together name an entry before anything is compiled: the source and the compiler decide the SPIR-V,
 * which decides the layout. Entries of one module share their SPIR-V, so a new driver, a new device or other constants
 * cost no compilation. What a pipeline is really made from, the SPIR-V's own bytes first, is in the pipeline key; the
 * driver's data of an entry is only used when that is what the entry's own SPIR-V and this very request come to. No
 * looser key is ever fallen back to.
 */

import { createHash } from "node:crypto";
import { arch, endianness } from "node:os";
import type { Device } from "../../vulkan/index.ts";
import { ENTRY_FORMAT, type TargetInfo } from "./entry-file.ts";

export { ENTRY_ID } from "./entry-file.ts";

/** The compiler and its version, and what it is asked for: a test holds this to what is installed. */
export const COMPILER = "@webgpu/glslang 0.0.15, SPIR-V 1.5";
/** Grows when entries that an earlier everwarp wrote turn out to be wrong: they are then never looked at again. */
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
/** All reasons, in the order in which they are shown. */
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

/** What decides the SPIR-V: the source with its includes and defines in place, and what compiles it. */
export function moduleIdOf(expandedText: string, compiler = COMPILER): string {
  return digits(MODULE_DIGITS, [ENTRY_FORMAT, EPOCH, compiler, expandedText]);
}

/** What turns a module into a pipeline. */
export function variantIdOf(
  entryPoint: string,
  constants: Readonly<Record<string | number, number>> = {},
): string {
  const sorted = Object.entries(constants).toSorted(([a], [b]) => (a < b ? -1 : 1));
  // A number's own text tells -0 from 0 no more than a driver does.
  return digits(PART_DIGITS, [entryPoint, sorted]);
}

/** A device and its driver, as far as they change what becomes of SPIR-V. */
export interface Target {
  readonly id: string;
  /** Name of the folder for devices of this model. */
  readonly folder: string;
  readonly info: TargetInfo;
}

/** Two devices of one model with one driver are one target. */
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
    // Some drivers' UUIDs do not change with their versions (lavapipe 22.3's never does): the version is told in words,
    // too.
    info.driverInfo,
    info.driverVersion,
    info.pipelineCacheUuid,
    dataKey,
    [...info.features].toSorted(),
    [...info.extensions].toSorted(),
    // Drivers have not told 32 and 64 bits apart in what they store.
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

/** What a pipeline is made from. */
export interface PipelineParts {
  readonly spirv: Uint32Array;
  readonly entryPoint: string;
  readonly constants: Readonly<Record<string, number>>;
  readonly pushConstantBytes: number;
  readonly compiler: string;
  readonly targetId: string;
}

/** SHA-256 of all that decides what the driver makes of a program. */
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

/** SHA-256 of any values that JSON can hold, cut to some digits. */
export function digits(count: number, values: readonly unknown[]): string {
  return createHash("sha256").update(JSON.stringify(values)).digest("hex").slice(0, count);
}

/** A name as a folder can have it. */
function fileWord(name: string): string {
  const word = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9.]+/g, "-")
    .replaceAll(/^[-.]+|[-.]+$/g, "")
    .slice(0, 64);
  return word === "" ? "device" : word;
}
