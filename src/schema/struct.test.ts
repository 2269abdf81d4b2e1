import { describe, expect, expectTypeOf, test } from "vitest";
import { EverwarpError } from "../base/errors.ts";
import { struct } from "./struct.ts";
import { array, doc, f32, i32, type Infer, padding, u32, u64 } from "./types.ts";

const Inner = (rule: "std430" | "scalar") => struct("Inner", { wide: u64, tail: u32 }, { rule });

describe("layout", () => {
  // Offsets by hand, from the two rules' texts.
  test("std430 rounds a nested struct up to its alignment", () => {
    const outer = struct("Outer", { a: u32, inner: Inner("std430"), b: u32 }, { rule: "std430" });
    expect(outer.offsets).toEqual({ a: 0, inner: 8, b: 24 });
    expect(outer).toMatchObject({ sizeBytes: 32, strideBytes: 32, alignBytes: 8 });
  });

  test("scalar lets the next field begin in a nested struct's tail", () => {
    const outer = struct("Outer", { a: u32, inner: Inner("scalar"), b: u32 }, { rule: "scalar" });
    expect(outer.offsets).toEqual({ a: 0, inner: 8, b: 20 });
    expect(outer).toMatchObject({ sizeBytes: 24, strideBytes: 24, alignBytes: 8 });
  });

  test("arrays, padding and words", () => {
    const all = struct(
      "All",
      { a: u32, _pad: padding(12), b: array(u64, 2), c: array(i32, 3), rest: array(f32) },
      { rule: "scalar" },
    );
    expect(all.offsets).toEqual({ a: 0, _pad: 4, b: 16, c: 32, rest: 44 });
    expect(all.words).toEqual({ a: 0, _pad: 1, b: 4, c: 8, rest: 11 });
    expect(all.sizeBytes).toBe(44);
  });

  test("is scalar where no rule is given", () => {
    expect(struct("Request", { windowLength: u32, wide: u64 })).toMatchObject({
      rule: "scalar",
      offsets: { windowLength: 0, wide: 8 },
    });
  });

  test.each([
    ["a struct of another rule", () => struct("A", { b: Inner("scalar") }, { rule: "std430" })],
    ["an open array before the end", () => struct("A", { b: array(u32), c: u32 }, { rule: "scalar" })],
    ["an empty array", () => struct("A", { b: array(u32, 0) }, { rule: "scalar" })],
    ["a crooked padding", () => struct("A", { b: padding(3) }, { rule: "scalar" })],
    ["a name that GLSL reserves", () => struct("A", { gl_b: u32 }, { rule: "scalar" })],
    ["a name with two underscores", () => struct("A", { b__c: u32 }, { rule: "scalar" })],
    ["a keyword", () => struct("A", { float: u32 })],
    ["a word that GLSL keeps for later", () => struct("A", { input: u32 })],
    ["no fields", () => struct("A", {}, { rule: "scalar" })],
    [
      "a nested struct with an open array",
      () => struct("A", { b: struct("B", { c: array(u32) }, { rule: "scalar" }) }, { rule: "scalar" }),
    ],
  ])("refuses %s", (_, define) => {
    expect(define).toThrow(EverwarpError);
    expect(define).toThrow(expect.objectContaining({ code: "EW_BAD_ARGUMENT" }));
  });
});

const Mixed = struct(
  "Mixed",
  {
    sign: i32,
    ratio: doc(f32, "a fraction"),
    _gap: padding(4),
    wide: u64,
    list: array(u32, 3),
    inner: Inner("scalar"),
    inners: array(Inner("scalar"), 2),
    rest: array(u32),
  },
  { rule: "scalar" },
);

describe("memory", () => {
  const values: Infer<typeof Mixed> = {
    sign: -5,
    ratio: 0.25,
    wide: 0xfedc_ba98_7654_3210n,
    list: [1, 2, 0xffff_ffff],
    inner: { wide: 7n, tail: 8 },
    inners: [
      { wide: 9n, tail: 10 },
      { wide: 11n, tail: 12 },
    ],
  };

  test("the type has every field but padding and the open array", () => {
    expectTypeOf<Infer<typeof Mixed>>().toEqualTypeOf<{
      sign: number;
      ratio: number;
      wide: bigint;
      list: number[];
      inner: { wide: bigint; tail: number };
      inners: { wide: bigint; tail: number }[];
    }>();
  });

  test("writes little-endian at the offsets, and reads back", () => {
    const view = new DataView(new ArrayBuffer(256));
    Mixed.write(view, 16, values);
    expect(view.getInt32(16, true)).toBe(-5);
    expect(view.getFloat32(20, true)).toBe(0.25);
    expect(view.getBigUint64(16 + 16, true)).toBe(0xfedc_ba98_7654_3210n);
    expect(Mixed.read(view, 16)).toEqual(values);
  });

  test("an accessor and a record see the same memory", () => {
    const buffer = new SharedArrayBuffer(256);
    const view = new DataView(buffer);
    Mixed.write(view, 8, values);
    const at = Mixed.at(buffer, 8);
    expect([at.sign, at.ratio, at.wide, [...at.list], at.inner.tail, at.inners[1]?.wide]).toEqual([
      -5,
      0.25,
      0xfedc_ba98_7654_3210n,
      [1, 2, 0xffff_ffff],
      8,
      11n,
    ]);
    at.sign = 3;
    at.wide = 1n;
    at.list[2] = 6;
    at.inner.tail = 99;
    at.rest[0] = 77;
    expect(Mixed.read(view, 8)).toEqual({
      ...values,
      sign: 3,
      wide: 1n,
      list: [1, 2, 6],
      inner: { wide: 7n, tail: 99 },
    });
    expect(view.getUint32(8 + Mixed.offsets.rest, true)).toBe(77);
    expect(at.rest.length).toBe((256 - 8 - Mixed.offsets.rest) / 4);
    expect(at.list).toBe(at.list); // made once
    expect(Object.keys(at)).not.toContain("base");
  });

  test.each([
    [{ sign: 2 ** 31 }, "Mixed.sign"],
    [{ sign: 0.5 }, "Mixed.sign"],
    [{ wide: -1n }, "Mixed.wide"],
    [{ list: [1, 2, 3, 4] }, "Mixed.list"],
    [{ list: [1, -2] }, "Mixed.list[1]"],
    [{ inner: { wide: 1n, tail: Number.NaN } }, "Inner.tail"],
  ])("refuses %o", (wrong, where) => {
    const view = new DataView(new ArrayBuffer(256));
    expect(() => Mixed.write(view, 0, wrong)).toThrow(where);
  });

  test("an accessor must be aligned and inside", () => {
    expect(() => Mixed.at(new ArrayBuffer(256), 4)).toThrow("multiple of 8");
    expect(() => Mixed.at(new ArrayBuffer(64), 0)).toThrow("of 64");
  });
});
