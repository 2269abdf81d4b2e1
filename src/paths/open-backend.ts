/** Which backend a namespace gets: a device, or the host's threads where there is none. */
import { EverwarpError, isDeviceFailure } from "../base/index.ts";
import type { StrategyName } from "../residency/index.ts";
import { type Device, whyNoHardware } from "../vulkan/index.ts";
import type { PathsBackend, TableImage } from "./contracts.ts";

/** See `NamespaceOptions.device`. */
export type PathsDeviceChoice = "auto" | "cpu" | "gpu" | number | Device | (string & {});

export interface OpenedDevice {
  /** Undefined: the host's threads do it. */
  readonly backend: PathsBackend | undefined;
  /** For people. */
  readonly device: string | undefined;
  readonly strategy: string | undefined;
  /** Why `auto` did not take a device. */
  readonly fallbackReason: string | undefined;
}

/**
 * @throws EW_NO_VULKAN, EW_NO_DEVICE, EW_DEVICE_FORBIDDEN, EW_DRIVER_TOO_OLD for a device that was insisted on; EW_STRATEGY_UNSUPPORTED for
 * a strategy
 */
export async function openDeviceBackend(
  image: TableImage,
  choice: { readonly device?: PathsDeviceChoice; readonly strategy?: StrategyName | "auto" },
): Promise<OpenedDevice> {
  const { device = "auto", strategy = "auto" } = choice;
  if (device === "cpu") return host("the host engine runs threads, no kernel", strategy, undefined);
  const reason = device === "auto" ? whyNoHardware() : undefined;
  if (reason !== undefined) return host(reason, strategy, reason);
  const { DevicePathsBackend } = await import("./gpu/device-backend.ts");
  try {
    const backend = await DevicePathsBackend.open(image, { select: device, strategy });
    return {
      backend,
      device: backend.device.info.name,
      strategy: backend.strategyName,
      fallbackReason: undefined,
    };
  } catch (error) {
    const mayFallBack = device === "auto" && strategy === "auto";
    if (!mayFallBack || !isDeviceFailure(error)) throw error;
    return host(error.message, strategy, error.message);
  }
}

function host(why: string, strategy: string, fallbackReason: string | undefined): OpenedDevice {
  if (strategy !== "auto")
    throw new EverwarpError("EW_STRATEGY_UNSUPPORTED", `the strategy "${strategy}" was asked for: ${why}`, {
      remedy: "Name a device, a software one for tests, or leave the strategy to us.",
    });
  return { backend: undefined, device: undefined, strategy: undefined, fallbackReason };
}
