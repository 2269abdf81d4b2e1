/** The launch strategies: how a kernel is run so that published requests get answered. */
export { createStrategy, type StrategyLimits } from "./create-strategy.ts";
export {
  CONTROL_BLOCKS,
  type HeartbeatReading,
  Launcher,
  type LaunchMemory,
  type LaunchSettings,
  WORKGROUPS_MAX,
} from "./launcher.ts";
export { STRATEGY_NAMES, type StrategyName } from "./strategy-name.ts";
export { type LaunchCounts, type LaunchStrategy, hasSignaled, hasUnanswered } from "./strategy.ts";
