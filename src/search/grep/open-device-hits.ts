/**
 * Whether a one-shot search goes to a device. Most do not, so what searches on a device is loaded only then. The
 * command line starts quicker without it.
 */
import { mayFallBack, openBackend } from "../../engine/index.ts";
import type { StrategyName } from "../../residency/index.ts";
import type { BackendChoice } from "../engine/index.ts";
import type { DeviceHitsSurroundings } from "./device-surroundings.ts";
import type { GrepEngine, GrepSubject } from "./grep-engine.ts";
import { isOfUse, paysOnDevice } from "./one-shot-cost.ts";
import type { GrepOptions } from "./options.ts";

/**
 * Searches on a device, where one is asked for or there is a hardware one.
 * @returns undefined where the host is to search
 * @throws EW_NO_VULKAN, EW_NO_DEVICE, EW_DEVICE_FORBIDDEN, EW_DRIVER_TOO_OLD, EW_STRATEGY_UNSUPPORTED,
 * EW_BAD_ARGUMENT, and whatever the device fails with where it was named
 */
export async function openDeviceHits(
  options: GrepOptions,
  subject: GrepSubject,
  surroundings: DeviceHitsSurroundings,
): Promise<GrepEngine | undefined> {
  const choice = choiceOf(options);
  const { plan, listFiles } = subject;
  const isUsed = isOfUse(options, plan);
  // Whoever names a device or a strategy gets it.
  const pays = surroundings.alwaysPays === true ? isUsed : paysOnDevice(options, plan, listFiles);
  if (mayFallBack(choice) && !pays) return undefined;
  const opened = await openBackend<GrepEngine | undefined>(choice, {
    openDevice: async () => {
      const { searchOnDevice } = await import("./device-hits.ts");
      return searchOnDevice(options, choice, subject, surroundings, isUsed);
    },
    openHost: () => undefined,
  });
  if (opened.fallbackReason !== undefined) surroundings.usesHost(opened.fallbackReason);
  return opened.backend;
}

function choiceOf({ engine }: GrepOptions): BackendChoice {
  const { device, strategy, persistent, polite } = engine;
  return {
    device: /^\d+$/.test(device) ? Number(device) : device,
    persistent,
    polite,
    ...(strategy === undefined ? {} : { strategy: strategy as StrategyName }),
  };
}
