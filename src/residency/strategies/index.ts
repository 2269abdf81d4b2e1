/** The launch strategies, by name, and the choice among them. */
import { EverwarpError } from "../../base/errors.ts";
import type { DeviceProfile } from "../profile.ts";
import { DispatchStrategy } from "./dispatch.ts";
import { PrerecordedStrategy } from "./prerecorded.ts";
import { ResidentStrategy } from "./resident.ts";
import { type LaunchStrategy, STRATEGY_NAMES, type StrategyContext, type StrategyName } from "./strategy.ts";

export { STRATEGY_NAMES, type LaunchStrategy, type StrategyName } from "./strategy.ts";

/**
 * Takes the strategy that was named, or the best that the profile allows: a kernel that stays, one that stays for a lease at a time, one
 * launch for all that is queued.
 * @param among those that the caller's kernel can be run with
 * @throws EW_STRATEGY_UNSUPPORTED, with the profile's reason
 */
export function chooseStrategy(
  profile: DeviceProfile,
  wanted: StrategyName | "auto",
  among: readonly StrategyName[] = STRATEGY_NAMES,
): { name: StrategyName; reason: string } {
  if (!STRATEGY_NAMES.includes(wanted as StrategyName) && wanted !== "auto") {
    throw new EverwarpError("EW_BAD_ARGUMENT", `there is no launch strategy "${wanted}"`, {
      remedy: `Choose auto, ${STRATEGY_NAMES.join(", ")}.`,
    });
  }
  const { persistent, doorbell } = profile;
  if (wanted === "persistent" && !persistent.allowed) {
    throw new EverwarpError(
      "EW_STRATEGY_UNSUPPORTED",
      `${profile.deviceName} cannot keep a kernel resident: ${persistent.reason}`,
      {
        remedy: "Choose the strategy leased or batch, or auto.",
      },
    );
  }
  if (wanted !== "auto" && !among.includes(wanted)) {
    throw new EverwarpError(
      "EW_STRATEGY_UNSUPPORTED",
      `this kernel does not run with the strategy ${wanted}`,
      {
        remedy: `Choose auto, ${among.join(", ")}.`,
      },
    );
  }
  if (wanted !== "auto") return { name: wanted, reason: "it was asked for" };
  if (persistent.allowed && among.includes("persistent"))
    return { name: "persistent", reason: persistent.reason };
  const reading = doorbell.at(-1);
  if (reading?.isSeen === true && among.includes("continuous")) {
    return {
      name: "continuous",
      reason: `a running kernel sees what the host writes, but cannot stay: ${persistent.reason}`,
    };
  }
  return { name: "batch", reason: `no kernel can stay resident: ${persistent.reason}` };
}

/** What strategies need to know beyond their context. */
export interface StrategyLimits {
  requestsPerBatch: number;
  residentWorkgroupCount: number;
  leastWorkgroupCount: number;
}

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
  }
}
