/** The way there and back, for every launch strategy. */
import { EverwarpError } from "../../base/index.ts";
import type { Device } from "../../vulkan/index.ts";
import type { DeviceProfile } from "../profile.ts";
import { STRATEGY_NAMES, type StrategyName } from "../strategies/index.ts";
import { timeEcho, withEcho } from "./echo.ts";
import type { Times } from "./times.ts";

const ROUNDS = 200;
const WARM_UPS = 20;

export interface RoundTrip {
  readonly strategy: StrategyName;
  /** Undefined where the strategy cannot be used. */
  readonly times: Times | undefined;
  /** Why not. */
  readonly reason: string | undefined;
}

export async function probeRoundTrips(device: Device, profile: DeviceProfile): Promise<RoundTrip[]> {
  const found: RoundTrip[] = [];
  for (const strategy of STRATEGY_NAMES) {
    try {
      const times = await withEcho(device, { profile, strategy }, (loop, timeoutMs) => {
        timeEcho(loop, WARM_UPS, timeoutMs);
        return timeEcho(loop, ROUNDS, timeoutMs);
      });
      found.push({ strategy, times, reason: undefined });
    } catch (error) {
      if (!(error instanceof EverwarpError)) throw error;
      const isForbidden = error.code === "EW_STRATEGY_UNSUPPORTED" && !profile.persistent.allowed;
      const reason = isForbidden ? profile.persistent.reason : `${error.message} [${error.code}]`;
      found.push({ strategy, times: undefined, reason });
    }
  }
  return found;
}
