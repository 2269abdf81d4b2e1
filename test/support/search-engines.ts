/** Every way to run a search engine on this machine. */
import { openProfiledDevice } from "../../src/residency/device/profiled-device.ts";
import { STRATEGY_NAMES, type SearchEngineOptions, type StrategyName } from "../../src/index.ts";
import { testDeviceInfo } from "./vulkan.ts";

/**
 * A pattern that has no automaton, as it would need too many states. It matches what the given one matches, and 21
 * letters a and b in a row.
 */
export const withoutAutomaton = (pattern: string): string => `${pattern}|[ab]*a[ab]{20}`;

export interface EngineKind {
  readonly name: string;
  readonly options: SearchEngineOptions;
  /** Why it cannot be had here. */
  readonly missing: string | undefined;
  readonly isDevice: boolean;
  /** The host holds the text. */
  readonly isTextHeld: boolean;
}

/** The host's threads, the test device with each launch strategy, and both together. */
export async function engineKinds(): Promise<EngineKind[]> {
  const { index, name } = testDeviceInfo();
  const { device, profile } = await openProfiledDevice({ select: index });
  device.close();
  const { persistent, loopLimit } = profile;
  const missingFor = (strategy: StrategyName): string | undefined => {
    if (strategy === "persistent" && !persistent.allowed) return persistent.reason;
    const isLeased = strategy === "leased" || strategy === "continuous" || strategy === "adaptive";
    return isLeased && loopLimit !== undefined
      ? `scans do not account for their loops, of which the driver allows ${loopLimit}`
      : undefined;
  };
  return [
    {
      name: "host",
      options: { device: "cpu", threads: 2 },
      missing: undefined,
      isDevice: false,
      isTextHeld: true,
    },
    ...STRATEGY_NAMES.map((strategy) => ({
      name: `${name}, ${strategy}`,
      options: { device: index, strategy },
      missing: missingFor(strategy),
      isDevice: true,
      isTextHeld: false,
    })),
    {
      name: `${name}, beside the host's threads`,
      options: { device: index, strategy: "batch", hostCopy: true, threads: 2 },
      missing: undefined,
      isDevice: true,
      isTextHeld: true,
    },
  ];
}
