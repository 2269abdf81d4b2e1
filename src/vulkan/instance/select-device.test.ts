import { describe, expect, test } from "vitest";
import type { DeviceType } from "../calls/conversions.ts";
import type { PhysicalDevice } from "./device-info.ts";
import { selectDevice } from "./select-device.ts";

/** Devices with only the properties that the choice depends on. */
function machine(...devices: [type: DeviceType, name: string, missing?: string[]][]): PhysicalDevice[] {
  return devices.map(
    ([type, name, missing = []], index) =>
      ({
        handle: 1n,
        info: { index, type, name, missing, driverName: "driver", driverInfo: "1.0" },
      }) as unknown as PhysicalDevice,
  );
}
const nameOf = (devices: PhysicalDevice[], select: string | number, allowSoftware = false): string =>
  selectDevice(devices, select, allowSoftware).info.name;

describe("the choice", () => {
  const mixed = machine(
    ["cpu", "llvmpipe"],
    ["virtual", "Venus"],
    ["integrated", "UHD 770"],
    ["discrete", "RTX 4090"],
  );

  test("discrete before integrated before virtual, software last and only if allowed", () => {
    for (const select of ["auto", "gpu"]) {
      expect(nameOf(mixed, select)).toBe("RTX 4090");
      expect(nameOf(mixed.slice(0, 3), select)).toBe("UHD 770");
      expect(nameOf(mixed.slice(0, 2), select)).toBe("Venus");
      expect(nameOf(mixed.slice(0, 1), select, true)).toBe("llvmpipe");
      expect(nameOf(mixed.slice(0, 2), select, true)).toBe("Venus");
    }
  });

  test("a name or an index may mean a software device", () => {
    expect(nameOf(mixed, "LLVM")).toBe("llvmpipe");
    expect(nameOf(mixed, 0)).toBe("llvmpipe");
  });

  test("a device that lacks something is skipped, or the error names it", () => {
    const old = machine(["discrete", "Old", ["shaderInt64"]], ["integrated", "New"]);
    expect(nameOf(old, "auto")).toBe("New");
    expect(() => nameOf(old, "old")).toThrow(expect.objectContaining({ code: "EW_DRIVER_TOO_OLD" }));
    expect(() => nameOf(old, 0)).toThrow("Old (driver 1.0) lacks shaderInt64");
  });
});

test("the remedy fits the request", () => {
  const software = machine(["cpu", "llvmpipe"]);
  const advice = (devices: PhysicalDevice[], select: string | number, allowSoftware = false): string => {
    try {
      return nameOf(devices, select, allowSoftware);
    } catch (error) {
      return (error as Error).message;
    }
  };
  // A caller of Device.open needs a device. There is no host engine as a fallback.
  expect(advice(software, "auto")).toContain("allowSoftware: true");
  expect(advice(software, "gpu")).toContain("allowSoftware: true");
  expect(advice([], "auto", true)).not.toContain("allowSoftware");
  expect(advice(software, 7)).toContain("everwarp doctor");
  for (const select of ["auto", "gpu", "nothing", 7])
    expect(advice(software, select)).not.toContain("host engine");
});
