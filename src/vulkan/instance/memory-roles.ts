/**
 * Which memory type serves which role. Callers name roles; this file is the only one that knows memory types.
 *
 * | role       | who writes → who reads        | best memory                                    |
 * |------------|-------------------------------|------------------------------------------------|
 * | `device`   | kernels only                  | device-local, out of the host's sight          |
 * | `upload`   | host writes, kernel polls     | device-local and host-visible (the BAR)        |
 * | `readback` | kernel writes, host polls     | host-cached, coherent                          |
 * | `staging`  | host and transfers, in bulk   | host-visible, cached, off the device           |
 *
 * What is best was measured on discrete GPUs: a running kernel does not see what the host writes to plain host memory,
 * and the host must not read the BAR. Software drivers and integrated GPUs have one type that is all of these.
 */

import { EverwarpError } from "../../base/index.ts";
import type { DeviceInfo, MemoryTypeInfo } from "./device-info.ts";

/** The roles that memory can have. Who writes and who reads decides which memory type a buffer gets. */
export const MEMORY_ROLES = ["device", "upload", "readback", "staging"] as const;
/** What a buffer is for. */
export type MemoryRole = (typeof MEMORY_ROLES)[number];

/** Memory type index per role. */
export type MemoryTypes = Readonly<Record<MemoryRole, number>>;

/** How well a type serves: a higher score is better, undefined means that it cannot serve. */
const SCORE: Readonly<Record<MemoryRole, (type: MemoryTypeInfo) => number | undefined>> = {
  device: (type) => (type.deviceLocal ? 4 : 0) + (type.hostVisible ? 0 : 2),
  upload: (type) => hostOnly(type, (type.deviceLocal ? 8 : 0) + (type.hostCached ? 0 : 1)),
  readback: (type) => hostOnly(type, (type.hostCached ? 8 : 0) + (type.deviceLocal ? 0 : 1)),
  staging: (type) => hostOnly(type, (type.hostCached ? 4 : 0) + (type.deviceLocal ? 0 : 8)),
};

/** Host roles need mapped memory that needs no flushing. */
function hostOnly(type: MemoryTypeInfo, score: number): number | undefined {
  return type.hostVisible && type.hostCoherent ? score : undefined;
}

/**
 * Chooses a memory type for every role; among equals the first wins, as drivers list faster types first.
 *
 * @param overrides roles whose type is decided already (a device profile measured it)
 * @throws EW_BAD_ARGUMENT for an override that cannot serve its role, EW_NO_DEVICE when a role has no type at all
 */
export function chooseMemoryTypes(
  info: Pick<DeviceInfo, "name" | "memoryTypes">,
  overrides: Partial<MemoryTypes> = {},
): MemoryTypes {
  const usable = info.memoryTypes.filter(
    (type) => !type.protected && !type.lazilyAllocated && !type.deviceCoherent,
  );
  const choose = (role: MemoryRole): number => {
    const override = overrides[role];
    if (override !== undefined) {
      const type = usable.find(({ index }) => index === override);
      if (type === undefined || SCORE[role](type) === undefined) {
        throw new EverwarpError(
          "EW_BAD_ARGUMENT",
          `memory type ${override} of ${info.name} cannot serve as ${role} memory`,
          {
            remedy:
              `The device has ${info.memoryTypes.length} types. ` +
              "All roles but device need one that is host-visible and coherent.",
          },
        );
      }
      return override;
    }
    let best: { index: number; score: number } | undefined;
    for (const type of usable) {
      const score = SCORE[role](type);
      if (score !== undefined && score > (best?.score ?? -1)) best = { index: type.index, score };
    }
    if (best === undefined) {
      throw new EverwarpError(
        "EW_NO_DEVICE",
        `${info.name} has no memory that could serve as ${role} memory`,
        {
          remedy: "Choose another device.",
        },
      );
    }
    return best.index;
  };
  return {
    device: choose("device"),
    upload: choose("upload"),
    readback: choose("readback"),
    staging: choose("staging"),
  };
}
