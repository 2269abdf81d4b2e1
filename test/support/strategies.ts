/** What tests of every launch strategy share. */
import type { TestContext } from "vitest";
import type { DeviceProfile } from "../../src/residency/profile/device-profile.ts";
import type { StrategyName } from "../../src/residency/strategies/strategy-name.ts";

/** Ends a test whose strategy the device's profile forbids, with the profile's reason. */
export function skipIfForbidden(
  context: Pick<TestContext, "skip">,
  profile: DeviceProfile,
  strategy: StrategyName,
): void {
  if (strategy === "persistent" && !profile.persistent.allowed) context.skip(profile.persistent.reason);
}
