/** Which device a resident kernel opens, who shares it, and who closes it. */
import { expect, it } from "vitest";
import { ResidentKernel } from "../../src/residency/service/resident-kernel.ts";
import { ledger, ledgerReference } from "../support/ledger.ts";
import { openTestDevice, watchValidation } from "../support/vulkan.ts";

watchValidation();

/** A name that only the device under test has, among those that a kernel may open. */
function deviceName(): string {
  using device = openTestDevice();
  return device.info.name;
}

it("a device that is named is opened with the kernel, and closed with it", async () => {
  const kernel = await ResidentKernel.open({ device: deviceName(), ...ledger });
  const { device } = kernel;
  expect(kernel.info.device).toBe(device.info.name);
  expect(await kernel.call({ cell: 1, amount: 2 })).toEqual(ledgerReference()({ cell: 1, amount: 2 }));
  await kernel.close();
  expect(device.isClosed).toBe(true);
});

it("an open device is the caller's", async () => {
  using device = openTestDevice();
  const kernel = await ResidentKernel.open({ device, ...ledger });
  expect(kernel.device).toBe(device);
  await kernel.close();
  expect(device.isClosed).toBe(false);
});

it("polite kernels share a device, until the last one is closed", async () => {
  const device = deviceName();
  const first = await ResidentKernel.open({ device, polite: true, ...ledger });
  const second = await ResidentKernel.open({ device, polite: true, ...ledger });
  expect([first.info.strategy, second.info.strategy]).toEqual(["batch", "batch"]);
  expect(second.device).toBe(first.device);
  // One that cannot be opened takes nothing with it.
  await expect(
    ResidentKernel.open({ ...ledger, device, polite: true, source: { text: "no kernel" } }),
  ).rejects.toMatchObject({ code: "EW_COMPILE" });
  await first.close();
  const reference = ledgerReference();
  expect(await second.call({ cell: 3, amount: 4 })).toEqual(reference({ cell: 3, amount: 4 }));
  const { device: shared } = second;
  await second.close();
  expect(shared.isClosed).toBe(true);
});

it.each([
  [{ device: "cpu" }, "EW_BAD_ARGUMENT"],
  [{ device: "no such device" }, "EW_NO_DEVICE"],
  [{ polite: true, strategy: "persistent" }, "EW_BAD_ARGUMENT"],
] as const)("%o is refused with %s", async (options, code) => {
  await expect(ResidentKernel.open({ ...ledger, ...options })).rejects.toMatchObject({ code });
});
