/** Which of several devices is meant. */

import { EverwarpError } from "../../base/index.ts";
import type { DeviceType } from "../calls/index.ts";
import type { DeviceInfo, PhysicalDevice } from "./device-info.ts";
import { assertNodesOpen } from "./device-nodes.ts";

/**
 * `"auto"` and `"gpu"`: the best hardware device (discrete before integrated before virtual), never a software one
 * unless `allowSoftware` says so. A number is the index in `listDevices()`, any other text a part of a device's name
 * (case does not matter); both may name a software device.
 */
export type DeviceSelection = "auto" | "gpu" | number | (string & {});

const RANK: Readonly<Record<DeviceType, number>> = {
  discrete: 0,
  integrated: 1,
  virtual: 2,
  other: 3,
  cpu: 4,
};

/**
 * Chooses among `devices`.
 *
 * @throws EW_NO_DEVICE when nothing fits, EW_DEVICE_FORBIDDEN when hardware is there and this user may not open it,
 * EW_DRIVER_TOO_OLD when what was named, or all that is there, lacks a needed feature
 */
export function selectDevice(
  devices: readonly PhysicalDevice[],
  select: DeviceSelection,
  allowSoftware: boolean,
): PhysicalDevice {
  const isNamed = typeof select === "number" || (select !== "auto" && select !== "gpu");
  const candidates = isNamed
    ? devices.filter(({ info }) => matches(info, select))
    : devices
        .filter(({ info }) => allowSoftware || info.type !== "cpu")
        .toSorted((a, b) => RANK[a.info.type] - RANK[b.info.type]);
  const usable = candidates.find(({ info }) => info.missing.length === 0);
  if (usable !== undefined) return usable;
  const tooOld = candidates[0]?.info;
  if (tooOld !== undefined) {
    throw new EverwarpError(
      "EW_DRIVER_TOO_OLD",
      `${tooOld.name} (${tooOld.driverName} ${tooOld.driverInfo}) lacks ${tooOld.missing.join(", ")}`,
      { remedy: "Update its driver, or choose another device." },
    );
  }
  assertNodesOpen();
  throw new EverwarpError(
    "EW_NO_DEVICE",
    `no Vulkan device ${wanted(select, allowSoftware)}; ${seen(devices)}`,
    {
      remedy: remedyFor(select, allowSoftware, devices),
    },
  );
}

function matches(info: DeviceInfo, select: number | string): boolean {
  return typeof select === "number"
    ? info.index === select
    : info.name.toLowerCase().includes(select.toLowerCase());
}

/** What helps depends on what was asked for: not every caller has a host that could stand in. */
function remedyFor(
  select: DeviceSelection,
  allowSoftware: boolean,
  devices: readonly PhysicalDevice[],
): string {
  const isNamed = typeof select === "number" || (select !== "auto" && select !== "gpu");
  if (isNamed) return "Name a device from that list; everwarp doctor shows it.";
  const driver = "Install the driver of your GPU";
  if (allowSoftware || devices.length === 0) return `${driver}, or a software driver (Mesa's lavapipe).`;
  return `${driver}, or name a device from that list. Device.open also takes a software one, with allowSoftware: true.`;
}

function wanted(select: DeviceSelection, allowSoftware: boolean): string {
  if (typeof select === "number") return `has the index ${select}`;
  if (select === "auto" || select === "gpu") return allowSoftware ? "was found" : "is a hardware GPU";
  return `has "${select}" in its name`;
}

function seen(devices: readonly PhysicalDevice[]): string {
  if (devices.length === 0) return "none is there at all";
  return `there is ${devices.map(({ info }) => `[${info.index}] ${info.name}`).join(", ")}`;
}
