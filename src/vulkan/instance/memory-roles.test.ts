/** Memory roles on the memory types of real drivers. */

import { describe, expect, test } from "vitest";
import type { MemoryTypeInfo } from "./device-info.ts";
import { chooseMemoryTypes } from "./memory-roles.ts";

/**
 * Memory types from letters. "DVCH" is device-local, host-visible, coherent, cached. "L" is lazily allocated, "P" is
 * protected, "A" is AMD's coherent kind.
 */
const types = (...texts: string[]): MemoryTypeInfo[] =>
  texts.map((text, index) => ({
    index,
    heapIndex: 0,
    deviceLocal: text.includes("D"),
    hostVisible: text.includes("V"),
    hostCoherent: text.includes("C"),
    hostCached: text.includes("H"),
    lazilyAllocated: text.includes("L"),
    protected: text.includes("P"),
    deviceCoherent: text.includes("A"),
  }));
const choose = (...texts: string[]): ReturnType<typeof chooseMemoryTypes> =>
  chooseMemoryTypes({ name: "a device", memoryTypes: types(...texts) });

describe("each driver's memory", () => {
  test("NVIDIA, discrete: plain, device, host, cached host, BAR", () => {
    expect(choose("", "D", "VC", "VCH", "DVC")).toEqual({ device: 1, upload: 4, readback: 3, staging: 3 });
  });
  test("AMD, discrete, with its coherent kinds", () => {
    expect(choose("D", "VC", "DVC", "VCH", "DA", "VCA", "DVCA", "VCHA")).toEqual({
      device: 0,
      upload: 2,
      readback: 3,
      staging: 3,
    });
  });
  test("integrated: all memory is device-local", () => {
    expect(choose("D", "DVC", "DVCH")).toEqual({ device: 0, upload: 1, readback: 2, staging: 2 });
  });
  test("software: one type serves every role", () => {
    expect(choose("DVCH")).toEqual({ device: 0, upload: 0, readback: 0, staging: 0 });
  });
  test("no host-visible BAR: upload memory falls back to host memory", () => {
    expect(choose("D", "VC", "VCH")).toEqual({ device: 0, upload: 1, readback: 2, staging: 2 });
  });
  test("cached memory that is not coherent serves no host role", () => {
    expect(choose("D", "VH", "VC")).toMatchObject({ upload: 2, readback: 2, staging: 2 });
  });
  test("lazily allocated and protected memory serves no role", () => {
    expect(choose("DL", "DP", "DVC")).toEqual({ device: 2, upload: 2, readback: 2, staging: 2 });
  });
});

test("an override wins, and must be able to serve its role", () => {
  const info = { name: "a device", memoryTypes: types("D", "VC", "VCH", "DVC") };
  expect(chooseMemoryTypes(info, { readback: 1, device: 2 })).toEqual({
    device: 2,
    upload: 3,
    readback: 1,
    staging: 2,
  });
  expect(() => chooseMemoryTypes(info, { upload: 0 })).toThrow(
    "memory type 0 of a device cannot serve as upload",
  );
  expect(() => chooseMemoryTypes(info, { device: 4 })).toThrow(
    expect.objectContaining({ code: "EW_BAD_ARGUMENT" }),
  );
});

test("a device without mapped memory is refused", () => {
  expect(() => choose("D", "D")).toThrow(expect.objectContaining({ code: "EW_NO_DEVICE" }));
});
