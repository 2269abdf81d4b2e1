/**
 * A device for the systems of this process: each card is opened once, and all that do not bring a device of their own
 * use it together.
 *
 * Kernels of one `Device` run side by side; kernels of two devices on one card take turns, which costs some hundred
 * microseconds each time (docs/decisions/0007). Software devices are opened for each system alone: a kernel that stays
 * holds their only queue.
 *
 * Invariants: a shared device is open while somebody uses it, and ends with the last one. A device that was lost is not
 * handed out again: those who use it end it.
 */
import { Device, type DeviceInfo, type DeviceOptions } from "../../vulkan/index.ts";
import type { ProfiledDevice } from "../profile/index.ts";
import { cardKey, isCard } from "../sharing/index.ts";
import { endDevice } from "./end-device.ts";
import { profileOf } from "./profiled-device.ts";

/** Which device to use, and how it is opened if it is not open yet. */
export interface SessionOptions extends Omit<DeviceOptions, "select"> {
  /** Which device, or an open one, which stays the caller's. */
  readonly select?: DeviceOptions["select"] | Device;
  /** Shares software devices, too: for kernels that make room for each other. */
  readonly sharesSoftware?: boolean;
}

/** A use of a device. */
export interface DeviceSession extends ProfiledDevice {
  /**
   * Ends the use, when nothing of the user's runs any more; the last one closes the device. A second call does nothing.
   */
  end(): void;
}

/** How many use each device that is shared, by card and what else it was opened with. */
const users = new Map<string, { readonly device: Device; count: number }>();

/**
 * Begins to use a device.
 * @throws what `Device.open` and `profileOf` throw
 */
export async function openSession(options: SessionOptions = {}): Promise<DeviceSession> {
  const { select, sharesSoftware = false, ...others } = options;
  if (select instanceof Device)
    return { device: select, profile: await profileOf(select), end: () => undefined };
  const keyOf = (info: DeviceInfo): string => JSON.stringify([cardKey(info), info.index, others]);
  const device = Device.open({ ...others, ...(select === undefined ? {} : { select }) }, (info) => {
    const open = users.get(keyOf(info))?.device;
    return open?.isLost === true ? undefined : open;
  });
  const end =
    isCard(device) || sharesSoftware ? share(keyOf(device.info), device) : once(() => endDevice(device));
  try {
    return { device, profile: await profileOf(device), end };
  } catch (error) {
    end();
    throw error;
  }
}

function share(key: string, device: Device): () => void {
  const known = users.get(key);
  const entry = known?.device === device ? known : { device, count: 0 };
  entry.count++;
  users.set(key, entry);
  return once(() => {
    entry.count--;
    if (entry.count > 0) return;
    if (users.get(key) === entry) users.delete(key);
    endDevice(device);
  });
}

function once(action: () => void): () => void {
  let isDone = false;
  return () => {
    if (!isDone) action();
    isDone = true;
  };
}
