/**
 * Devices that the systems of this process share. Each card is opened once. All systems that do not bring their own
 * device use it together.
 *
 * Kernels of one `Device` run side by side. Kernels of two devices on the same card take turns, which costs a few
 * hundred microseconds each time (docs/decisions/0007). A software device is opened for each system separately, because
 * a resident kernel occupies its only queue.
 *
 * Invariants: a shared device is open while it has users, and is closed with the last one. A lost device is not given
 * out again. Its users end it.
 */
import { Device, type DeviceInfo, type DeviceOptions } from "../../vulkan/index.ts";
import type { ProfiledDevice } from "../profile/index.ts";
import { cardKey, isCard } from "../sharing/index.ts";
import { endDevice } from "./end-device.ts";
import { profileOf } from "./profiled-device.ts";

/** Which device to use, and how to open it if it is not open. */
export interface SessionOptions extends Omit<DeviceOptions, "select"> {
  /** A selection of a device, or an open device, which the caller closes. */
  readonly select?: DeviceOptions["select"] | Device;
  /** Shares software devices too. For kernels that make room for each other. */
  readonly sharesSoftware?: boolean;
}

/** The use of a device. */
export interface DeviceSession extends ProfiledDevice {
  /** Ends the use. Nothing of the user may be running. The last end closes the device. A second call does nothing. */
  end(): void;
}

/** The shared devices and their numbers of users, by card and open options. */
const users = new Map<string, { readonly device: Device; count: number }>();

/**
 * Starts to use a device.
 * @throws errors of `Device.open` and `profileOf`
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
