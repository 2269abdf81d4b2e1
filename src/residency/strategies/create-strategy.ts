/** Creates launch strategies by name. */
import type { Company } from "../sharing/index.ts";
import { AdaptiveStrategy } from "./adaptive.ts";
import { DispatchStrategy } from "./dispatch.ts";
import { PrerecordedStrategy } from "./prerecorded.ts";
import { ResidentStrategy } from "./resident.ts";
import type { StrategyName } from "./strategy-name.ts";
import type { LaunchStrategy, StrategyContext } from "./strategy.ts";

/** Parameters of strategies in addition to their context. */
export interface StrategyLimits {
  requestsPerBatch: number;
  residentWorkgroupCount: number;
  leastWorkgroupCount: number;
  company: Company;
}

/** Creates a strategy by its name. Nothing is launched before its `start`. */
export function createStrategy(
  name: StrategyName,
  context: StrategyContext,
  limits: StrategyLimits,
): LaunchStrategy {
  switch (name) {
    case "dispatch":
      return new DispatchStrategy(context);
    case "redispatch":
      return new PrerecordedStrategy("redispatch", context, 1);
    case "batch":
      return new PrerecordedStrategy("batch", context, limits.requestsPerBatch);
    case "leased":
    case "continuous":
    case "persistent":
      return new ResidentStrategy(name, context, limits.residentWorkgroupCount, limits.leastWorkgroupCount);
    case "adaptive":
      return new AdaptiveStrategy(context, limits);
  }
}
