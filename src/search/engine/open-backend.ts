/** The two backends of a search engine: a device, or the host. The rules of the choice are those of src/engine. */
import { EverwarpError } from "../../base/index.ts";
import { deviceRequest, openBackend as openEither } from "../../engine/index.ts";
import type { Backend } from "../backend/index.ts";
import type { BackendChoice } from "./engine-options.ts";

/** A backend, and how it was chosen. */
export interface OpenedBackend {
  readonly backend: Backend;
  /** Why the backend's strategy was taken. */
  readonly strategyReason: string;
  /** Why `auto` took the host. Undefined if a device was opened, or if the host was asked for. */
  readonly fallbackReason: string | undefined;
}

/** Opens what the choice says. @throws as `openBackend` of src/engine */
export async function openBackend(choice: BackendChoice): Promise<OpenedBackend> {
  const { backend: opened, fallbackReason } = await openEither(choice, {
    openDevice: () => openDevice(choice),
    openHost: () => openHost(choice, undefined),
  });
  return { ...opened, fallbackReason };
}

/** Opens the host engine. @param fallbackReason why it replaces a device */
export async function openHost(
  { threads }: BackendChoice,
  fallbackReason: string | undefined,
): Promise<OpenedBackend> {
  const { HostBackend } = await import("../host/host-backend.ts");
  const backend = await HostBackend.open(threads === undefined ? {} : { threads });
  return { backend, strategyReason: "threads that stay and wait in shared memory", fallbackReason };
}

/**
 * Opens a device.
 * @throws EW_NO_VULKAN, EW_NO_DEVICE, EW_DEVICE_FORBIDDEN, EW_DRIVER_TOO_OLD, EW_STRATEGY_UNSUPPORTED;
 * EW_BAD_ARGUMENT if the choice is the host
 */
export async function openDevice(choice: BackendChoice): Promise<OpenedBackend> {
  const { DeviceBackend } = await import("../gpu/device-backend.ts");
  const request = deviceRequest(choice);
  if (request === undefined)
    throw new EverwarpError("EW_BAD_ARGUMENT", 'device "cpu" names no device', {
      remedy: "Use the host engine.",
    });
  const backend = await DeviceBackend.open(request);
  return { backend, strategyReason: backend.strategyReason, fallbackReason: undefined };
}
