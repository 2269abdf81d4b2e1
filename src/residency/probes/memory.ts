/** The memory type of each role, and the reason for the choice. */
import type { DeviceInfo, MemoryRole, MemoryTypes } from "../../vulkan/index.ts";
import type { RoleMemory } from "../profile/index.ts";

/** @param measuredDoorbell the type that the litmus chose, if it ran */
export function memoryPerRole(
  info: DeviceInfo,
  types: MemoryTypes,
  measuredDoorbell: number | undefined,
): RoleMemory[] {
  const roles: MemoryRole[] = ["device", "upload", "readback", "staging"];
  return roles.map((role) => {
    const index = types[role];
    const type = info.memoryTypes[index];
    const heap = type?.heapIndex ?? 0;
    const isOnlyOne = info.memoryTypes.filter((each) => each.hostVisible && each.hostCoherent).length === 1;
    return {
      role,
      type: index,
      kind: kindOf(info, index),
      heap,
      heapBytes: info.memoryHeaps[heap]?.sizeBytes ?? 0,
      why:
        role === "upload" && measuredDoorbell === index
          ? "a running kernel was seen to read what the host writes there"
          : isOnlyOne && role !== "device"
            ? "the only type that the host can write"
            : WHY[role],
    };
  });
}

const WHY: Readonly<Record<MemoryRole, string>> = {
  device: "nearest to the kernels; the host need not see it",
  upload: "nearest to the kernels of what the host can write",
  readback: "cached by the host, which polls it",
  staging: "the host's own, so that uploads leave the device's memory alone",
};

/** "device-local, host-visible, cached" */
function kindOf(info: DeviceInfo, index: number): string {
  const type = info.memoryTypes[index];
  if (type === undefined) return "unknown";
  const words = [type.deviceLocal ? "on the device" : "in host memory"];
  if (type.hostVisible) words.push("mapped", type.hostCached ? "cached" : "write-combined");
  return words.join(", ");
}
