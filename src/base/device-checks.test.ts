import { expect, test } from "vitest";
import type { Check } from "./arguments.ts";
import { deviceChoice, deviceOrChoice, deviceWithoutHost, OPEN_DEVICE } from "./device-checks.ts";

const refused = (message: string): Error =>
  expect.objectContaining({ code: "EW_BAD_ARGUMENT", message }) as Error;

test.each<[string, Check, boolean, string]>([
  [
    "an engine",
    deviceOrChoice,
    true,
    `"auto", "cpu", "gpu", a part of a device's name, its index, or an open Device`,
  ],
  [
    "what needs a device",
    deviceWithoutHost,
    true,
    `"auto", "gpu", a part of a device's name, its index, or an open Device`,
  ],
  ["Device.open", deviceChoice, false, `"auto", "gpu", a part of a device's name, or its index`],
])("%s refuses a device with the list of all that it takes", (_, check, takesOpen, list) => {
  for (const device of ["auto", "gpu", "4090", 0]) check("device", device);
  const shownValues: [unknown, string][] = [
    [-1, "-1"],
    [1.5, "1.5"],
    [null, "null"],
    ["", '""'],
  ];
  for (const [device, shown] of shownValues)
    expect(() => check("device", device)).toThrow(refused(`device is ${shown}. It must be ${list}.`));
  const open = { [OPEN_DEVICE]: true };
  if (takesOpen) check("device", open);
  else expect(() => check("device", open)).toThrow(refused(`device is an object. It must be ${list}.`));
  if (check === deviceWithoutHost)
    expect(() => check("device", "cpu")).toThrow(refused(`device is "cpu". It must be ${list}.`));
});
