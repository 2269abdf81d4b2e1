/** Which backend an engine gets: a device, or the host where there is none. */
import { EverwarpError, isDeviceFailure } from "../../base/index.ts";
import type { Backend } from "../backend/index.ts";
import type { BackendChoice } from "./engine-options.ts";
import { whyNoHardware } from "../../vulkan/index.ts";

export interface OpenedBackend {
  readonly backend: Backend;
  /** Why the backend's strategy was taken. */
  readonly strategyReason: string;
  /** Why `auto` did not take a device; undefined where it did, or nothing was left to it. */
  readonly fallbackReason: string | undefined;
}

/** May the host stand in where a device fails? */
export function mayFallBack({
  device = "auto",
  strategy = "auto",
  persistent = false,
}: BackendChoice): boolean {
  return device === "auto" && strategy === "auto" && !persistent;
}

/**
 * @throws EW_NO_VULKAN, EW_NO_DEVICE, EW_DEVICE_FORBIDDEN, EW_DRIVER_TOO_OLD for a device that was insisted on;
 * EW_STRATEGY_UNSUPPORTED for a strategy
 */
export async function openBackend(choice: BackendChoice): Promise<OpenedBackend> {
  const { device = "auto" } = choice;
  if (device === "cpu") {
    assertNoStrategy(choice, "the host engine runs threads, no kernel");
    return openHost(choice, undefined);
  }
  const reason = device === "auto" ? whyNoHardware() : undefined;
  if (reason !== undefined) {
    assertNoStrategy(choice, reason);
    return openHost(choice, reason);
  }
  try {
    return await openDevice(choice);
  } catch (error) {
    if (!isDeviceFailure(error) || !mayFallBack(choice)) throw error;
    return openHost(choice, error.message);
  }
}

/** The host engine. @param fallbackReason why it stands in for a device */
export async function openHost(
  { threads }: BackendChoice,
  fallbackReason: string | undefined,
): Promise<OpenedBackend> {
  const { HostBackend } = await import("../host/host-backend.ts");
  const backend = await HostBackend.open(threads === undefined ? {} : { threads });
  return { backend, strategyReason: "threads that stay and wait in shared memory", fallbackReason };
}

/** A device. @throws as `openBackend` where one is insisted on */
export async function openDevice({
  device = "auto",
  strategy,
  persistent,
}: BackendChoice): Promise<OpenedBackend> {
  const { DeviceBackend } = await import("../gpu/device-backend.ts");
  if (persistent === true && strategy !== undefined && strategy !== "auto" && strategy !== "persistent") {
    throw new EverwarpError(
      "EW_BAD_ARGUMENT",
      `a resident kernel and the strategy "${strategy}" were both asked for`,
      {
        remedy: "Leave one of them out.",
      },
    );
  }
  const backend = await DeviceBackend.open({
    select: device,
    strategy: persistent === true ? "persistent" : (strategy ?? "auto"),
  });
  return { backend, strategyReason: backend.strategyReason, fallbackReason: undefined };
}

/** The host takes no strategy. @throws EW_STRATEGY_UNSUPPORTED where one was asked for */
export function assertNoStrategy(
  { strategy = "auto", persistent = false }: BackendChoice,
  reason: string,
): void {
  if (strategy === "auto" && !persistent) return;
  const wanted = persistent ? "a resident kernel" : `the strategy "${strategy}"`;
  throw new EverwarpError("EW_STRATEGY_UNSUPPORTED", `${wanted} was asked for: ${reason}`, {
    remedy: "Name a device, a software one for tests, or leave the strategy to us.",
  });
}
