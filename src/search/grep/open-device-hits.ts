/**
 * Whether a one-shot search goes to a device. Most do not, so what searches on a device is loaded only then. The
 * command line starts quicker without it.
 */
import { mayFallBack, openBackend } from "../../engine/index.ts";
import type { StrategyName } from "../../residency/index.ts";
import { operationOf } from "../backend/index.ts";
import type { Plan } from "../contracts.ts";
import type { BackendChoice } from "../engine/index.ts";
import type { DeviceHitsSurroundings } from "./device-surroundings.ts";
import type { GrepEngine, GrepSubject } from "./grep-engine.ts";
import type { GrepOptions } from "./options.ts";

/**
 * Opening a device takes some 0.3 s, in which the host searches more files than these. Whoever names a device or a
 * strategy gets it.
 */
const DEVICE_FILES_MIN = 2_000;

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
  const { minDeviceFiles = DEVICE_FILES_MIN } = surroundings;
  const opened = await openBackend<GrepEngine | undefined>(choice, {
    openDevice: async () => {
      const isWanted =
        !mayFallBack(choice) ||
        (isWorthwhile(options, subject.plan) && subject.listFiles().length >= minDeviceFiles);
      if (!isWanted) return undefined;
      const { searchOnDevice } = await import("./device-hits.ts");
      return searchOnDevice(options, choice, subject, surroundings, isWorthwhile(options, subject.plan));
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

/** Is there anything for a device to look for, in files that can be loaded? */
function isWorthwhile({ paths, searcher }: GrepOptions, plan: Plan): boolean {
  const { encoding } = searcher.searcher;
  const isOnlyStdin = paths.length === 1 && paths[0] === "-";
  return operationOf(plan) !== undefined && (encoding === "auto" || encoding === "none") && !isOnlyStdin;
}
