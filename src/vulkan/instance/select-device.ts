/** Selects one of several devices. */

import { EverwarpError } from "../../base/index.ts";
import type { DeviceType } from "../calls/index.ts";
import type { DeviceInfo } from "./device-info.ts";
import { assertNodesOpen } from "./device-nodes.ts";

/**
 * `"auto"` and `"gpu"` select the best hardware device: discrete before integrated before virtual. They select a
 * software device only if `allowSoftware` is set. A number is the index in `listDevices()`. Any other text is a part of
 * a device's name, in any case. Both may select a software device.
 */
export type DeviceSelection = "auto" | "gpu" | number | (string & {});

const RANK: Readonly<Record<DeviceType, number>> = {
  discrete: 0,
  integrated: 1,
  virtual: 2,
  other: 3,
  cpu: 4,
};

/** What is known of a device, with or without its handle. */
interface Described {
  readonly info: DeviceInfo;
}

/**
 * Selects one of `devices`.
 *
 * @throws EW_NO_DEVICE if no device fits, EW_DEVICE_FORBIDDEN if there is hardware that this user may not open,
 * EW_DRIVER_TOO_OLD if the selected device, or every device, lacks a required feature
 */
export function selectDevice<T extends Described>(
  devices: readonly T[],
  select: DeviceSelection,
  allowSoftware: boolean,
): T {
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

/** The remedy for a request. Not every caller has a host engine as a fallback, so the remedy does not mention one. */
function remedyFor(select: DeviceSelection, allowSoftware: boolean, devices: readonly Described[]): string {
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

function seen(devices: readonly Described[]): string {
  if (devices.length === 0) return "none is there at all";
  return `there is ${devices.map(({ info }) => `[${info.index}] ${info.name}`).join(", ")}`;
}
