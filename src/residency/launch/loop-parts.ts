/** Makes the parts of a resident loop from its options. */
import type { Queue } from "../../vulkan/index.ts";
import type { Company } from "../sharing/index.ts";
import { Launcher, type LaunchMemory, type StrategyLimits, type StrategyName } from "../strategies/index.ts";
import { launchSettingsOf, type ResidentLoopOptions, ticksPerMsOf } from "./loop-options.ts";

/** Makes the launcher of a loop. */
export function createLauncher(
  options: ResidentLoopOptions,
  queue: Queue,
  memory: LaunchMemory,
  strategy: StrategyName,
): Launcher {
  const ticksPerMs = ticksPerMsOf(options.profile, options.hasClock === true);
  return new Launcher({
    device: options.device,
    queue,
    pipeline: options.pipeline,
    memory,
    settings: launchSettingsOf(strategy, options, ticksPerMs),
    boundedWorkgroupCount: options.boundedWorkgroupCount ?? 1,
    addresses: {
      inputs: options.inputsAddress ?? 0n,
      outputs: options.outputsAddress ?? 0n,
      state: options.stateAddress ?? 0n,
    },
    pollLimit: options.pollLimit ?? 0,
  });
}

/** The parameters of a loop's strategy. */
export function strategyLimitsOf(options: ResidentLoopOptions, company: Company): StrategyLimits {
  return {
    requestsPerBatch: options.requestsPerBatch ?? 64,
    residentWorkgroupCount: options.residentWorkgroupCount ?? 1,
    leastWorkgroupCount: options.leastWorkgroupCount ?? 1,
    company,
  };
}
