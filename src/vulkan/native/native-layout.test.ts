/** Compares the generated layouts with koffi's own computation of C struct layouts. */

import koffi, { type TypeObject } from "koffi";
import { describe, expect, test } from "vitest";
import { CHAINED_STRUCTS } from "../../../scripts/vk-allow-list.ts";
import * as structs from "../generated/structs.ts";
import {
  type Field,
  type Layout,
  readStruct,
  u32,
  layout,
  scalars,
  text,
  writeStruct,
} from "./native-layout.ts";

const KOFFI_NAMES = {
  u8: "uint8",
  u32: "uint32",
  i32: "int32",
  f32: "float",
  u64: "uint64",
  pointer: "void *",
} as const;

/** The koffi type of a field. It depends on the field's kind alone, and not on our offsets. */
function typeOf(field: Field): TypeObject {
  switch (field.kind) {
    case "text":
      return koffi.array("char", field.count);
    case "bytes":
      return koffi.array("uint8", field.count);
    case "scalars":
      return koffi.array(KOFFI_NAMES[field.element], field.count);
    case "nested":
      return structOf(field.layout);
    case "nestedArray":
      return koffi.array(structOf(field.layout), field.count);
    default:
      return koffi.type(KOFFI_NAMES[field.kind]);
  }
}

const known = new Map<Layout, TypeObject>();
function structOf(of: Layout): TypeObject {
  let type = known.get(of);
  if (type === undefined) {
    type = koffi.struct(
      Object.fromEntries(Object.entries(of.fields).map(([name, field]) => [name, typeOf(field)])),
    );
    known.set(of, type);
  }
  return type;
}

describe("generated structs", () => {
  const all = Object.values(structs) as Layout[];

  test("contain each struct of the allow-list under its own name", () => {
    expect(all.map(({ name }) => name)).toEqual(Object.keys(structs));
    expect(Object.keys(structs)).toEqual(expect.arrayContaining([...CHAINED_STRUCTS]));
  });

  test.each(all.map((of) => [of.name, of] as const))("%s has the size and the offsets of C", (_, of) => {
    const type = structOf(of);
    expect(of.sizeBytes).toBe(koffi.sizeof(type));
    const offsets = Object.fromEntries(Object.entries(of.fields).map(([name, { offset }]) => [name, offset]));
    expect(offsets).toEqual(
      Object.fromEntries(Object.keys(of.fields).map((name) => [name, koffi.offsetof(type, name)])),
    );
  });

  test("known values of the C header on 64-bit Linux", () => {
    // Values of sizeof and offsetof from gcc 12 with vulkan_core.h 1.3.239.
    expect(structs.VkPhysicalDeviceProperties.sizeBytes).toBe(824);
    expect(structs.VkPhysicalDeviceMemoryProperties.sizeBytes).toBe(520);
    expect(structs.VkSubmitInfo.sizeBytes).toBe(72);
    expect(structs.VkComputePipelineCreateInfo.fields.layout.offset).toBe(72);
    expect(structs.VkPhysicalDeviceVulkan12Properties.sizeBytes).toBe(736);
  });
});

describe("records", () => {
  const sample = layout("Sample", 24, 77, { sType: u32(0), name: text(4, 8), list: scalars(12, 3, "u32") });

  test("given fields are written, all fields are read", () => {
    const view = new DataView(new ArrayBuffer(40));
    writeStruct(view, 8, sample, { name: "abc", list: [1, 2] });
    expect(readStruct(view, 8, sample)).toEqual({ sType: 77, name: "abc", list: [1, 2, 0] });
  });

  test("a text that does not fit, and an unknown field, throw", () => {
    const view = new DataView(new ArrayBuffer(40));
    expect(() => writeStruct(view, 0, sample, { name: "12345678" })).toThrow("8 bytes in 8");
    expect(() => writeStruct(view, 0, sample, { nmae: "x" } as object)).toThrow("nmae");
  });
});
