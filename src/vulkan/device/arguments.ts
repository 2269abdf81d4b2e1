/** Checks of the arguments that callers give to a device. */
import {
  boolean,
  callback,
  deviceChoice,
  duration,
  instance,
  nested,
  type OptionChecks,
  oneOf,
  readOptions,
  recordOf,
  text,
  whole,
} from "../../base/index.ts";
import type { BufferOptions } from "../memory/index.ts";
import { type CommandBufferOptions, Queue } from "../submit/index.ts";
import type { DeviceOptions, RunOptions, TimeoutOptions } from "./device-options.ts";
import { MEMORY_ROLES, type MemoryRole, type MemoryTypes } from "../instance/index.ts";
import { type ComputePipelineOptions, PipelineCache } from "../pipeline/index.ts";

const WORD_MAX = 0xffff_ffff;
const queue = instance(Queue, "a queue of the device");
const memoryType = whole(0, 31);
const MEMORY_TYPES: OptionChecks<Partial<MemoryTypes>> = {
  device: memoryType,
  upload: memoryType,
  readback: memoryType,
  staging: memoryType,
};

/** Checks for the options of `Device.open`, and for functions that take the same options and more. */
export const DEVICE_OPTIONS: OptionChecks<DeviceOptions> = {
  select: deviceChoice,
  allowSoftware: boolean,
  validation: boolean,
  memoryTypes: nested(MEMORY_TYPES),
  driverCache: boolean,
  queuesToLease: whole(0, 1024),
};
const BUFFER_OPTIONS: OptionChecks<BufferOptions> = {
  role: oneOf(...MEMORY_ROLES),
  sizeBytes: whole(1),
  label: text,
};
const PIPELINE_OPTIONS: OptionChecks<ComputePipelineOptions> = {
  spirv: instance(Uint32Array, "a Uint32Array"),
  entryPoint: text,
  specialization: recordOf(whole(0, WORD_MAX), "32-bit words by constant_id"),
  pushConstantBytes: whole(0),
  pipelineData: instance(Object, "what extractData() gave"),
  captureData: boolean,
  pipelineCache: instance(PipelineCache, "a pipeline cache of the device"),
  label: text,
};
const COMMAND_BUFFER_OPTIONS: OptionChecks<CommandBufferOptions> = {
  queue,
  simultaneousUse: boolean,
  label: text,
};

/** Checks the options of `Device.open`. @throws EW_BAD_ARGUMENT */
export function deviceOptions(given: unknown): DeviceOptions {
  return readOptions("the options of Device.open", given, DEVICE_OPTIONS);
}
/** Checks memory types by role. @throws EW_BAD_ARGUMENT */
export function memoryTypes(given: unknown): Partial<MemoryTypes> {
  return readOptions("the memory types", given, MEMORY_TYPES);
}
/** Checks the options of `createBuffer`. @throws EW_BAD_ARGUMENT */
export function bufferOptions(given: unknown): BufferOptions {
  return readOptions("the options of createBuffer", given, BUFFER_OPTIONS, "role", "sizeBytes");
}
/** Checks the options of `createComputePipeline`. @throws EW_BAD_ARGUMENT */
export function pipelineOptions(given: unknown): ComputePipelineOptions {
  return readOptions(
    "the options of createComputePipeline",
    given,
    PIPELINE_OPTIONS,
    "spirv",
    "pushConstantBytes",
  );
}
/** Checks the options of a command buffer. @throws EW_BAD_ARGUMENT */
export function commandBufferOptions(given: unknown): CommandBufferOptions {
  return readOptions("the options of a command buffer", given, COMMAND_BUFFER_OPTIONS);
}
/** Checks the options of `createFence`. @throws EW_BAD_ARGUMENT */
export function fenceOptions(given: unknown): { signaled?: boolean } {
  return readOptions<{ signaled?: boolean }>("the options of createFence", given, { signaled: boolean });
}

const RUN_OPTIONS: OptionChecks<RunOptions> = { queue, timeoutMs: duration };
const TIMEOUT_OPTIONS: OptionChecks<TimeoutOptions> = { timeoutMs: duration };

/** Checks the options of `run` and `runAsync`. @throws EW_BAD_ARGUMENT */
export function runOptions(given: unknown): RunOptions {
  return readOptions("the options of run", given, RUN_OPTIONS);
}
/** Checks the options of a method that only takes a timeout. @throws EW_BAD_ARGUMENT */
export function timeoutOptions(method: string, given: unknown): TimeoutOptions {
  return readOptions(`the options of ${method}`, given, TIMEOUT_OPTIONS);
}

const role = oneOf(...MEMORY_ROLES);

/** @throws EW_BAD_ARGUMENT */
export function assertRole(value: unknown): asserts value is MemoryRole {
  role("role", value);
}
/** Checks that the recording function is a function. @throws EW_BAD_ARGUMENT */
export function assertBody(value: unknown): void {
  callback("body", value);
}
