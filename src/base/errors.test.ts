import { expect, test } from "vitest";
import { ERROR_CODES, type ErrorCode, EverwarpError, isDeviceFailure } from "./errors.ts";

const failed = (code: ErrorCode): boolean => isDeviceFailure(new EverwarpError(code, "it failed"));

test("a failure of a device is a property of its code", () => {
  for (const code of ["EW_DEVICE_LOST", "EW_NO_VULKAN", "EW_TIMEOUT", "EW_OUT_OF_DEVICE_MEMORY"] as const) {
    expect(ERROR_CODES[code].isDeviceFailure).toBe(true);
    expect(failed(code)).toBe(true);
  }
  for (const code of ["EW_BAD_ARGUMENT", "EW_CLOSED", "EW_PATH_NOT_FOUND", "EW_ABORTED"] as const) {
    expect(ERROR_CODES[code].isDeviceFailure).toBe(false);
    expect(failed(code)).toBe(false);
  }
});

test("every code begins with EW_ and says what it means", () => {
  for (const [code, { meaning }] of Object.entries(ERROR_CODES)) {
    expect(code).toMatch(/^EW_[A-Z_]+$/);
    expect(meaning).not.toBe("");
  }
});

test("what is no error of everwarp, or has a code that is not known, is no failure of a device", () => {
  expect(isDeviceFailure(new Error("EW_DEVICE_LOST"))).toBe(false);
  expect(isDeviceFailure(undefined)).toBe(false);
  expect(failed("EW_FROM_A_LATER_VERSION" as ErrorCode)).toBe(false);
});
