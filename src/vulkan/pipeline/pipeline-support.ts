/** What is known of a device's pipelines as a whole: whether the driver lets its work be kept, and by what means. */

import type { DeviceContext } from "../context/index.ts";
import { PipelineBinaries, type PipelineBinaryCommands, pipelineBinaryCommands } from "./pipeline-binary.ts";

/** One device's means to keep what its driver made of kernels. */
export class PipelineSupport {
  /** Whether pipelines are captured as binaries; else a cache for each pipeline captures them. */
  capturesBinaries: boolean;
  /** Whether the driver gave something to keep when it was last asked; undefined before that. */
  givesData: boolean | undefined;
  readonly #context: DeviceContext;
  readonly #binaries: PipelineBinaries | undefined;

  /** @param commands of VK_KHR_pipeline_binary; undefined where the device does not have them */
  constructor(context: DeviceContext, commands: PipelineBinaryCommands | undefined) {
    this.#context = context;
    const { handle } = context;
    this.#binaries =
      commands && new PipelineBinaries(commands, handle, (result, call) => context.check(result, call));
    this.capturesBinaries = this.#binaries !== undefined;
  }

  /** Undefined where the driver hands out no pipeline binaries. @throws EW_CLOSED after the device was closed */
  get binaries(): PipelineBinaries | undefined {
    this.#context.assertNotClosed();
    return this.#binaries;
  }
}

const supports = new WeakMap<DeviceContext, PipelineSupport>();

/**
 * The one `PipelineSupport` of a device.
 *
 * @param commandsOf finds the commands for binaries at the first call for a device
 * @throws EW_CLOSED after the device was closed
 */
export function pipelineSupport(context: DeviceContext, commandsOf = binaryCommandsOf): PipelineSupport {
  context.assertNotClosed();
  let support = supports.get(context);
  if (support === undefined) {
    support = new PipelineSupport(context, commandsOf(context));
    supports.set(context, support);
  }
  return support;
}

function binaryCommandsOf({ handle, instance, physical }: DeviceContext): PipelineBinaryCommands | undefined {
  const hasBinaries = physical.info.pipelineBinary !== undefined && instance.passesBinaries;
  return hasBinaries ? pipelineBinaryCommands(handle) : undefined;
}
