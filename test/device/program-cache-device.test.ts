/** Which device a program cache uses: the caller's, or one that the cache opens and closes itself. */
import { expect, test } from "vitest";
import { ProgramCache } from "../../src/programs/index.ts";
import { listDevices } from "../../src/vulkan/index.ts";
import { valueSource as source } from "../support/value-program.ts";
import { openTestDevice, watchValidation } from "../support/vulkan.ts";

watchValidation();

test("an open device stays the caller's", async () => {
  const device = openTestDevice();
  {
    await using cache = await ProgramCache.open({ device, directory: false });
    expect(cache.device).toBe(device);
    (await cache.acquire({ source })).release();
  }
  expect(device.isClosed).toBe(false);
  expect(device.liveHandles.pipeline).toBe(0);
  device.close();
});

test("a device that the cache opened is closed with the cache, with all that is in use", async () => {
  const device = openTestDevice();
  const { index } = device.info;
  device.close();
  const cache = await ProgramCache.open({ device: index, directory: false });
  expect(cache.device.info.index).toBe(index);
  const lease = await cache.acquire({ source });
  await cache.close();
  expect(cache.device.isClosed).toBe(true);
  lease.release();
  await expect(cache.acquire({ source })).rejects.toMatchObject({ code: "EW_CLOSED" });
  await cache.close();
});

test("a device that does not exist is refused", async () => {
  const absent = listDevices().length + 7;
  await expect(ProgramCache.open({ device: absent })).rejects.toMatchObject({ code: "EW_NO_DEVICE" });
});
