/** Admission to a device that is really there: its queues are real, and come back. */
import { afterEach, expect, test } from "vitest";
import { admissionOf, type Place } from "../../src/residency/sharing/admission.ts";
import { chooseQueues } from "../../src/vulkan/device/logical-device.ts";
import { openTestDevice, watchValidation } from "../support/vulkan.ts";

watchValidation();

const held: Place[] = [];
afterEach(() => {
  for (const place of held.splice(0)) place.leave();
});

test("as many resident kernels as there are queues, each with a queue that runs work; then EW_NO_ROOM", () => {
  using device = openTestDevice();
  const admission = admissionOf(device);
  const leasable = chooseQueues(device.info).leasable.length;
  const resident = Math.max(1, leasable); // with nothing to lease, the main queue for one
  for (let index = 0; index < resident; index++)
    held.push(admission.enter({ kind: "resident", label: `kernel ${index}` }));
  expect(() => admission.enter({ kind: "resident", label: "one more" })).toThrow(
    expect.objectContaining({ code: "EW_NO_ROOM" }),
  );
  using buffer = device.createBuffer({ role: "readback", sizeBytes: 4 * resident });
  held.forEach(({ queue }, index) => {
    device.run((recorder) => recorder.fill(buffer, index * 4, 4, index + 1).barrier("transfer", "host"), {
      queue,
    });
  });
  expect([...new Uint32Array(buffer.host)]).toEqual(held.map((_, index) => index + 1));
  for (const place of held.splice(0)) place.leave();
  held.push(admission.enter({ kind: "bounded", label: "bounded" }));
  expect(held[0]?.queue).toBe(device.queue);
});
