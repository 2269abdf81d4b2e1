/**
 * Chooses the memory type of each role. Callers name roles. Only this file knows memory types.
 *
 * | role       | who writes → who reads        | best memory                                    |
 * |------------|-------------------------------|------------------------------------------------|
 * | `device`   | kernels only                  | device-local, invisible to the host            |
 * | `upload`   | host writes, kernel polls     | device-local and host-visible (the BAR)        |
 * | `readback` | kernel writes, host polls     | host-cached, coherent                          |
 * | `staging`  | host and transfers, in bulk   | host-visible, cached, not device-local         |
 *
 * The best types were measured on discrete GPUs. There, a running kernel does not see the host's stores to plain host
 * memory, and the host reads the BAR very slowly. Software drivers and integrated GPUs have one type for all roles.
 */

import { EverwarpError } from "../../base/index.ts";
import type { DeviceInfo, MemoryTypeInfo } from "./device-info.ts";

/** The roles of memory. The writer and the reader of a buffer decide its memory type. */
export const MEMORY_ROLES = ["device", "upload", "readback", "staging"] as const;
/** The role of a buffer's memory. */
export type MemoryRole = (typeof MEMORY_ROLES)[number];

/** Memory type index per role. */
export type MemoryTypes = Readonly<Record<MemoryRole, number>>;

/** How well a type serves a role: a higher score is better. Undefined: the type cannot serve. */
const SCORE: Readonly<Record<MemoryRole, (type: MemoryTypeInfo) => number | undefined>> = {
  device: (type) => (type.deviceLocal ? 4 : 0) + (type.hostVisible ? 0 : 2),
  upload: (type) => hostOnly(type, (type.deviceLocal ? 8 : 0) + (type.hostCached ? 0 : 1)),
  readback: (type) => hostOnly(type, (type.hostCached ? 8 : 0) + (type.deviceLocal ? 0 : 1)),
  staging: (type) => hostOnly(type, (type.hostCached ? 4 : 0) + (type.deviceLocal ? 0 : 8)),
};

/** Scores a type for a host role. Host roles need mapped memory that needs no flushing. */
function hostOnly(type: MemoryTypeInfo, score: number): number | undefined {
  return type.hostVisible && type.hostCoherent ? score : undefined;
}

/**
 * Chooses a memory type for every role. Of equal types the first wins, because drivers list faster types first.
 *
 * @param overrides types that are decided already, by a device profile
 * @throws EW_BAD_ARGUMENT for an override that cannot serve its role, EW_NO_DEVICE if no type can serve a role
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
