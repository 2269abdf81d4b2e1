/** What is known about pipeline data on a device: whether the driver gives it out, and by which mechanism. */

import type { DeviceContext } from "../context/index.ts";
import { PipelineBinaries, type PipelineBinaryCommands, pipelineBinaryCommands } from "./pipeline-binary.ts";

/** How one device gives out pipeline data. */
export class PipelineSupport {
  /** Whether pipelines are captured as binaries. Otherwise each pipeline is captured by a cache of its own. */
  capturesBinaries: boolean;
  /** Whether the last capture gave data; undefined before the first capture. */
  givesData: boolean | undefined;
  readonly #context: DeviceContext;
  readonly #binaries: PipelineBinaries | undefined;

  /** @param commands of VK_KHR_pipeline_binary; undefined if the device does not have them */
  constructor(context: DeviceContext, commands: PipelineBinaryCommands | undefined) {
    this.#context = context;
    const { handle } = context;
    this.#binaries =
      commands && new PipelineBinaries(commands, handle, (result, call) => context.check(result, call));
    this.capturesBinaries = this.#binaries !== undefined;
  }

  /** Undefined if the driver gives out no pipeline binaries. @throws EW_CLOSED after the device was closed */
  get binaries(): PipelineBinaries | undefined {
    this.#context.assertNotClosed();
    return this.#binaries;
  }
}

const supports = new WeakMap<DeviceContext, PipelineSupport>();

/**
 * The `PipelineSupport` of a device. Each device has exactly one.
 *
 * @param commandsOf finds the commands for binaries; called once for each device
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
