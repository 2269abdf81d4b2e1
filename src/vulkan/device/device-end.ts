/** The end of a device: waiting until it is idle, destroying it, and finding it again after a loss. */
import { EverwarpError } from "../../base/index.ts";
import { type DeviceContext, HANDLE_KINDS } from "../context/index.ts";
import type { DeviceInfo, PhysicalDevice } from "../instance/index.ts";
import { type Queue, timeoutNs } from "../submit/index.ts";

/**
 * Waits, with a limit, until nothing uses the device. Abandons a lost device that is still in use.
 *
 * @throws EW_TIMEOUT if work still runs, EW_BAD_ARGUMENT while a `waitAsync` has not returned
 */
export function assertIdle(context: DeviceContext, timeoutMs: number): void {
  if (context.drain(timeoutNs(timeoutMs))) return;
  if (context.isLost) {
    context.abandon();
    return;
  }
  const { name } = context.physical.info;
  if (context.asyncWaits > 0) {
    throw new EverwarpError("EW_BAD_ARGUMENT", `${name} was closed while a thread waits for it`, {
      remedy: "Await the promise of waitAsync first.",
    });
  }
  throw new EverwarpError("EW_TIMEOUT", `${name} is still at work after ${timeoutMs} ms`, {
    remedy: "Stop the resident kernel, then close the device.",
  });
}

/** Destroys all live objects, the command pools of the queues, and the device. Nothing may be running on the device. */
export function destroyDevice(context: DeviceContext, queues: Iterable<Queue>): void {
  context.isEnding = true;
  // Newest first: an object must be destroyed before the object that it was made from.
  for (const kind of HANDLE_KINDS.toReversed()) {
    for (const object of [...(context.live.get(kind) ?? [])].toReversed()) object[Symbol.dispose]();
  }
  const { commands, handle } = context;
  context.closed = true;
  for (const queue of queues) commands.vkDestroyCommandPool(handle, queue.commandPool, null);
  commands.vkDestroyDevice(handle, null);
  context.instance.release();
}

/** Finds a lost device in a new list of devices. @throws EW_NO_DEVICE if the driver does not list it any more */
export function findAgain(devices: readonly PhysicalDevice[], lost: DeviceInfo): PhysicalDevice {
  const { deviceUuid, driverUuid, index, name } = lost;
  const same = devices.filter(({ info }) => info.deviceUuid === deviceUuid && info.driverUuid === driverUuid);
  // Software drivers give every device the same identifier. The index in the list tells such devices apart.
  const found = same.find(({ info }) => info.index === index) ?? same[0];
  if (found !== undefined) return found;
  throw new EverwarpError("EW_NO_DEVICE", `${name} was lost, and the driver does not list it any more`, {
    remedy: "Look at the kernel log; the device may need a reset.",
  });
}
