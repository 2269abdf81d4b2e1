/** Measures the round trip of a request for every launch strategy. */
import { EverwarpError } from "../../base/index.ts";
import type { Device } from "../../vulkan/index.ts";
import type { RoundTrip, DeviceProfile } from "../profile/index.ts";
import { STRATEGY_NAMES } from "../strategies/index.ts";
import { timeEcho, withEcho } from "./echo.ts";

const ROUNDS = 200;
const WARM_UPS = 20;

/** Times an empty request with every strategy that the profile allows. Returns microseconds. */
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
