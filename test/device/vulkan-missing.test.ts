/** A machine whose Vulkan loader finds no driver: each case is a process of its own, as the loader looks once. */

import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { packageRoot } from "../../src/base/package-root.ts";

/** Runs a script where only the driver manifests named are seen, and gives what it printed. */
function run(script: string, driverFiles: string): string {
  return execFileSync(process.execPath, ["--import", "tsx", "--input-type=module", "-e", script], {
    cwd: packageRoot(),
    encoding: "utf8",
    // Older loaders read the second name.
    env: { ...process.env, VK_DRIVER_FILES: driverFiles, VK_ICD_FILENAMES: driverFiles },
  }).trim();
}

const OPEN = `
  const { Device } = await import("./src/vulkan/device/device.ts");
  const { listDevices } = await import("./src/vulkan/instance/device-info.ts");
  for (const act of [() => listDevices(), () => Device.open({ select: "auto", allowSoftware: true })]) {
    try {
      act();
      console.log("none thrown");
    } catch (error) {
      console.log(error.code, error.message);
    }
  }
`;

test("no driver at all: EW_NO_VULKAN with the packages, or EW_DEVICE_FORBIDDEN where hardware is closed to this user", () => {
  const lines = run(OPEN, "/nonexistent/driver.json").split("\n");
  expect(lines).toHaveLength(2);
  for (const line of lines) expect(line).toMatch(/^EW_NO_VULKAN .*mesa-vulkan-drivers|^EW_DEVICE_FORBIDDEN /);
});

test("it can be tried again in the same process, and nothing is left over", () => {
  const again = `${OPEN}
    const { listDevices: list } = await import("./src/vulkan/instance/device-info.ts");
    for (let i = 0; i < 20; i++) {
      try { list(); } catch (error) { if (!error.code.startsWith("EW_")) throw error; }
    }
    console.log("done");
  `;
  expect(run(again, "/nonexistent/driver.json")).toMatch(/done$/);
});
