/**
 * Which backend a system runs on: a device, or the host. Every system follows these rules.
 *
 *     device        what is opened                        when no device works
 *     "auto"        the first hardware GPU that works     the host, with a reason; an error if a strategy was named
 *     "cpu"         the host                              -
 *     "gpu"         a hardware GPU                        an error
 *     name, index   that device, software included        an error
 *     a Device      that one; the caller closes it        an error
 *
 * A strategy says how a kernel runs. The host runs no kernel, so a strategy that was named needs a device.
 */
import { EverwarpError, isDeviceFailure } from "../../base/index.ts";
import { type StrategyName, strategyOf } from "../../residency/index.ts";
import { type Device, whyNoHardware } from "../../vulkan/index.ts";

/** Where a system runs. See the table of this file. */
export type DeviceChoice = "auto" | "cpu" | "gpu" | number | Device | (string & {});

/** The options of `open` that choose a backend; the same for every system. */
export interface BackendChoice {
  /**
   * - `"auto"` (default): a hardware GPU if one works, otherwise the host.
   * - `"cpu"`: the host.
   * - `"gpu"`: a hardware GPU, or an error.
   * - A part of a device's name, or its index in `listDevices()`: that device, software included, or an error.
   * - An open `Device`: that one. The caller closes it.
   */
  readonly device?: DeviceChoice;
  /** How the kernel runs. If a strategy is named, the host never replaces the device. Default: `"auto"`. */
  readonly strategy?: StrategyName | "auto";
  /** Leaves the device to other programs between two batches: the strategy `batch`. Default: false. */
  readonly polite?: boolean;
  /** Demands a resident kernel: the strategy `persistent`. Default: false. */
  readonly persistent?: boolean;
}

/** Which device to open, and how its kernel runs. */
export interface DeviceRequest {
  readonly select: Exclude<DeviceChoice, "cpu">;
  readonly strategy: StrategyName | "auto";
}

/** How a system opens its two backends. */
export interface BackendOpeners<B> {
  /** @throws EverwarpError with a device-failure code if the device does not work */
  openDevice(request: DeviceRequest): Promise<B>;
  openHost(): B | Promise<B>;
}

/** A backend, and the reason if it is not a device. */
export interface OpenedBackend<B> {
  readonly backend: B;
  /** Why `auto` chose the host. Undefined if a device was opened, or the host was requested. */
  readonly fallbackReason: string | undefined;
}

/**
 * Opens a device or the host, by the choice.
 * @throws EW_NO_VULKAN, EW_NO_DEVICE, EW_DEVICE_FORBIDDEN or EW_DRIVER_TOO_OLD if a named device is unavailable.
 * EW_STRATEGY_UNSUPPORTED if a strategy was named and only the host is available. EW_BAD_ARGUMENT if options contradict
 * each other. Errors of the openers
 */
export async function openBackend<B>(
  choice: BackendChoice,
  openers: BackendOpeners<B>,
): Promise<OpenedBackend<B>> {
  const request = deviceRequest(choice);
  if (request === undefined) return { backend: await openers.openHost(), fallbackReason: undefined };
  const reason = request.select === "auto" ? whyNoHardware() : undefined;
  if (reason !== undefined) {
    assertNoStrategy(choice, reason);
    return { backend: await openers.openHost(), fallbackReason: reason };
  }
  try {
    return { backend: await openers.openDevice(request), fallbackReason: undefined };
  } catch (error) {
    if (!mayContinueOnHost(choice, error)) throw error;
    return { backend: await openers.openHost(), fallbackReason: error.message };
  }
}

/**
 * Turns the options into a device and a strategy.
 * @returns undefined if the host was requested
 * @throws EW_BAD_ARGUMENT for contradicting options; EW_STRATEGY_UNSUPPORTED for the host with a strategy
 */
export function deviceRequest(choice: BackendChoice): DeviceRequest | undefined {
  const strategy = strategyOf(choice);
  const { device = "auto" } = choice;
  if (device !== "cpu") return { select: device, strategy };
  assertNoStrategy(choice, "the host engine runs threads, not a kernel");
  return undefined;
}

/** Whether the host may replace the device: only if neither a device nor a strategy was named. */
export function mayFallBack(choice: BackendChoice): boolean {
  return (choice.device ?? "auto") === "auto" && strategyOf(choice) === "auto";
}

/**
 * Whether the system may continue on the host after an error: the device must have failed, and the choice must allow
 * it.
 */
export function mayContinueOnHost(choice: BackendChoice, error: unknown): error is EverwarpError {
  return isDeviceFailure(error) && mayFallBack(choice);
}

/**
 * Checks that no strategy was named, because the host has no strategies.
 * @param reason why the host would run
 * @throws EW_STRATEGY_UNSUPPORTED if a strategy was named
 */
export function assertNoStrategy(choice: BackendChoice, reason: string): void {
  const strategy = strategyOf(choice);
  if (strategy === "auto") return;
  const [wanted, option] =
    choice.persistent === true
      ? ["a resident kernel", "persistent"]
      : choice.polite === true
        ? ["a polite kernel", "polite"]
        : [`the strategy "${strategy}"`, "the strategy"];
  throw new EverwarpError("EW_STRATEGY_UNSUPPORTED", `${wanted} was asked for: ${reason}`, {
    remedy: `Name a device, a software one for tests, or leave ${option} out.`,
  });
}
