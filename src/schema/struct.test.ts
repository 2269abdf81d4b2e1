import fc from "fast-check";
import { describe, expect, expectTypeOf, test } from "vitest";
import { structArbitrary, valueArbitrary } from "../../test/support/kernel-structs.ts";
import { storeStruct } from "../../test/support/struct-reference.ts";
import { EverwarpError } from "../base/errors.ts";
import { struct } from "./struct.ts";
import { array, doc, f32, i32, type Infer, padding, u32, u64 } from "./types.ts";

const Inner = (rule: "std430" | "scalar") => struct("Inner", { wide: u64, tail: u32 }, { rule });

describe("layout", () => {
  // Offsets computed by hand from the texts of the two rules.
  test("std430 rounds a nested struct up to its alignment", () => {
    const outer = struct("Outer", { a: u32, inner: Inner("std430"), b: u32 }, { rule: "std430" });
    expect(outer.offsets).toEqual({ a: 0, inner: 8, b: 24 });
    expect(outer).toMatchObject({ sizeBytes: 32, strideBytes: 32, alignBytes: 8 });
  });

  test("with scalar, the next field may begin in the tail of a nested struct", () => {
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

  test("is scalar if no rule is given", () => {
    expect(struct("Request", { windowLength: u32, wide: u64 })).toMatchObject({
      rule: "scalar",
      offsets: { windowLength: 0, wide: 8 },
    });
  });

  test.each([
    ["a struct of another rule", () => struct("A", { b: Inner("scalar") }, { rule: "std430" })],
    ["an open array before the end", () => struct("A", { b: array(u32), c: u32 }, { rule: "scalar" })],
    ["an empty array", () => struct("A", { b: array(u32, 0) }, { rule: "scalar" })],
    ["a padding that is no multiple of 4", () => struct("A", { b: padding(3) }, { rule: "scalar" })],
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

  const words = (): Uint32Array => new Uint32Array(Mixed.sizeBytes / 4);

  test("is little-endian at the offsets, and decodes to the same record", () => {
    const stored = Mixed.pack(values);
    expect(stored).toHaveLength(Mixed.sizeBytes / 4);
    const view = new DataView(stored.buffer);
    expect(view.getInt32(0, true)).toBe(-5);
    expect(view.getFloat32(4, true)).toBe(0.25);
    expect(view.getBigUint64(16, true)).toBe(0xfedc_ba98_7654_3210n);
    expect(Mixed.unpack(stored)).toEqual(values);
  });

  test("does not depend on the old words, and changes no words behind the struct", () => {
    const room = new Uint32Array(40).fill(7);
    expect(Mixed.pack(values, room)).toBe(room);
    const size = Mixed.sizeBytes / 4;
    expect(room.subarray(0, size)).toEqual(Mixed.pack(values));
    expect([...room.subarray(size)]).toEqual(Array<number>(40 - size).fill(7));
    expect(Mixed.unpack(room)).toEqual(values);
  });

  test("of any struct equals the reference, and decodes to the same record", () => {
    fc.assert(
      fc.property(
        structArbitrary("Any", 60).chain((any) => fc.tuple(fc.constant(any), valueArbitrary(any))),
        ([any, value]) => {
          const view = new DataView(new ArrayBuffer(any.sizeBytes));
          storeStruct(any, view, 0, value as object);
          const stored = any.pack(value as never);
          expect(stored).toEqual(new Uint32Array(view.buffer));
          expect(any.unpack(stored)).toEqual(value);
        },
      ),
    );
  });

  test("too few words are refused", () => {
    const few = new Uint32Array(3);
    expect(() => Mixed.pack(values, few)).toThrow(expect.objectContaining({ code: "EW_BAD_ARGUMENT" }));
    expect(() => Mixed.unpack(few)).toThrow("words, not 3");
    expect(() => Mixed.unpack([] as never)).toThrow(expect.objectContaining({ code: "EW_BAD_ARGUMENT" }));
  });

  test.each([
    [{ sign: 2 ** 31 }, "Mixed.sign"],
    [{ sign: 0.5 }, "Mixed.sign"],
    [{ wide: -1n }, "Mixed.wide"],
    [{ list: [1, 2, 3, 4] }, "Mixed.list"],
    [{ list: [1, -2] }, "Mixed.list[1]"],
    [{ inner: { wide: 1n, tail: Number.NaN } }, "Mixed.inner.tail"],
    [{ sign: undefined }, "Mixed.sign"],
  ])("refuses %o", (wrong, where) => {
    expect(() => Mixed.pack({ ...values, ...wrong } as never, words())).toThrow(where);
  });
});
