import fc from "fast-check";
import { describe, expect, expectTypeOf, test } from "vitest";
import { structArbitrary, valueArbitrary } from "../../../test/support/kernel-structs.ts";
import { storeStruct } from "../../../test/support/struct-reference.ts";
import { array, doc, f32, i32, padding, struct, u32, u64 } from "../../schema/index.ts";
import { kernelTypes } from "./kernel-source.ts";

const Request = struct("Request", { windowLength: u32, value: f32 });
const Response = struct("Response", { mean: f32 });

describe("words", () => {
  test("any request is encoded as the schema encodes it, whatever the old words were", () => {
    fc.assert(
      fc.property(
        structArbitrary("Request", 60).chain((request) =>
          fc.tuple(fc.constant(request), valueArbitrary(request)),
        ),
        ([request, value]) => {
          const types = kernelTypes({ request, response: Response });
          const view = new DataView(new ArrayBuffer(request.sizeBytes));
          storeStruct(request, view, 0, value as object);
          const wanted = new Uint32Array(view.buffer);
          const words = new Uint32Array(types.requestWords).fill(0xdead_beef);
          expect(types.encodeRequest(value as never, words)).toBe(types.requestWords);
          expect(words).toEqual(wanted);
        },
      ),
    );
  });

  test("any response decodes to the original values", () => {
    fc.assert(
      fc.property(
        structArbitrary("Response", 44).chain((response) =>
          fc.tuple(fc.constant(response), valueArbitrary(response)),
        ),
        ([response, value]) => {
          const types = kernelTypes({ request: Request, response });
          const view = new DataView(new ArrayBuffer(response.sizeBytes));
          storeStruct(response, view, 0, value as object);
          const content = new Uint32Array((types.completionVectors - 1) * 3);
          content.set(new Uint32Array(view.buffer), 1);
          expect(types.decodeResponse(content)).toEqual(value);
          // One vector less would be too small.
          expect((types.completionVectors - 2) * 3).toBeLessThan(1 + types.responseWords);
        },
      ),
    );
  });

  test("typed arrays and short arrays are accepted, and short ones are filled with zeros", () => {
    const Padded = struct("Padded", { a: u32, _gap: padding(8), list: array(f32, 3), wide: array(u64, 2) });
    const types = kernelTypes({ request: Padded, response: Response });
    const words = new Uint32Array(types.requestWords).fill(7);
    types.encodeRequest({ a: 1, list: new Float32Array([0.5]) as never, wide: [(5n << 32n) | 6n] }, words);
    expect([...words]).toEqual([1, 0, 0, 0x3f00_0000, 0, 0, 6, 5, 0, 0]);
  });

  test("types follow the schemas", () => {
    const types = kernelTypes({ request: Request, response: Response });
    expectTypeOf(types.decodeResponse).returns.toEqualTypeOf<{ mean: number }>();
    expectTypeOf(types.encodeRequest).parameter(0).toEqualTypeOf<{ windowLength: number; value: number }>();
  });

  const All = struct("All", {
    count: u32,
    delta: i32,
    ratio: f32,
    wide: u64,
    list: array(u32, 2),
    inner: array(struct("Inner", { x: u32 }), 2),
  });
  const good = { count: 1, delta: -1, ratio: 0.5, wide: 1n, list: [1, 2], inner: [{ x: 1 }, { x: 2 }] };
  test.each<[string, object, string]>([
    ["a missing field", { count: undefined }, "All.count takes an integer of 0..4294967295, not undefined"],
    ["a negative u32", { count: -1 }, "All.count"],
    ["a fraction", { count: 0.5 }, "All.count"],
    ["a u32 that is too large", { count: 2 ** 32 }, "All.count"],
    ["an i32 that is too large", { delta: 2 ** 31 }, "All.delta"],
    ["a text", { ratio: "1" }, "All.ratio"],
    ["a number for a u64", { wide: 1 }, "All.wide"],
    ["a u64 that is too large", { wide: 1n << 64n }, "All.wide"],
    ["a negative u64", { wide: -1n }, "All.wide"],
    ["too many elements", { list: [1, 2, 3] }, "All.list takes at most 2 elements, not 3 elements"],
    ["no list", { list: 1 }, "All.list"],
    ["a wrong element", { list: [1, -2] }, "All.list[1]"],
    ["a wrong field of an element", { inner: [{ x: 1 }, { x: "2" }] }, "All.inner[1].x"],
    ["no record", { inner: [null] }, "All.inner[0]"],
  ])("%s is refused by name", (_, wrong, message) => {
    const types = kernelTypes({ request: All, response: Response });
    const words = new Uint32Array(types.requestWords);
    types.encodeRequest(good, words);
    const encode = (): number => types.encodeRequest({ ...good, ...wrong }, words);
    expect(encode).toThrow(message);
    expect(encode).toThrow(expect.objectContaining({ code: "EW_BAD_ARGUMENT" }));
  });

  test("too few words, and a failed request, give errors", () => {
    const types = kernelTypes({ request: Request, response: Response });
    expect(() => types.encodeRequest({ windowLength: 1, value: 1 }, new Uint32Array(1))).toThrow("2 words");
    expect(() => types.decodeResponse(Uint32Array.of(17, 0, 0))).toThrow(
      expect.objectContaining({
        code: "EW_KERNEL_FAULT",
        message: expect.stringContaining("code 17") as string,
      }),
    );
    expect(() => types.decodeResponse(Uint32Array.of(65_536, 0, 0))).toThrow("without an answer");
  });
});

describe("limits", () => {
  const of = (request: Parameters<typeof kernelTypes>[0]["request"]): (() => unknown) => {
    return () => kernelTypes({ request, response: Response });
  };

  test("60 words of request and 44 of response, and no more", () => {
    const words = (name: string, count: number) => struct(name, { list: array(u32, count) });
    const most = kernelTypes({ request: words("Q", 60), response: words("R", 44) });
    expect([most.requestWords, most.responseWords, most.completionVectors]).toEqual([60, 44, 16]);
    expect(of(words("Q", 61))).toThrow(
      expect.objectContaining({
        code: "EW_REQUEST_TOO_LARGE",
        message: expect.stringContaining("61 words") as string,
      }),
    );
    expect(() => kernelTypes({ request: Request, response: words("R", 45) })).toThrow("45 words");
  });

  test("arrays without a count are refused", () => {
    expect(of(struct("Q", { a: u32, rest: array(u32) }))).toThrow("Q.rest");
  });

  test.each([
    ["a struct of the includes", struct("Launch", { a: u32 })],
    ["a function of the includes", struct("suspend", { a: u32 })],
    ["a function of the generated text", struct("respond", { a: u32 })],
    ["a macro", struct("Fine", { RESIDENCY_PRIORITIES: u32 })],
  ])("the name of %s is taken", (_, request) => {
    expect(of(request)).toThrow(expect.objectContaining({ code: "EW_BAD_ARGUMENT" }));
  });

  test("one name means one struct", () => {
    const inner = (field: string) => struct("Inner", { [field]: u32 });
    const twice = kernelTypes({
      request: struct("Q", { a: inner("x"), b: inner("x") }),
      response: struct("R", { c: array(inner("x"), 2) }),
    });
    expect(twice.glsl.match(/struct Inner /g)).toHaveLength(1);
    expect(() =>
      kernelTypes({ request: struct("Q", { a: inner("x") }), response: struct("R", { a: inner("y") }) }),
    ).toThrow("two different structs are called Inner");
  });
});

describe("state", () => {
  const withState = (state: Record<string, number>) =>
    kernelTypes({ request: Request, response: Response, state });

  test("sections follow each other at multiples of 256 bytes", () => {
    const types = withState({ history: 1000, keyTable: 256, last: 1 });
    expect(types.stateSections).toEqual([
      { name: "history", offsetBytes: 0, sizeBytes: 1000 },
      { name: "keyTable", offsetBytes: 1024, sizeBytes: 256 },
      { name: "last", offsetBytes: 1280, sizeBytes: 1 },
    ]);
    expect(types.stateBytes).toBe(1536);
    expect(types.glsl).toContain("const uint KEY_TABLE_STATE_BYTES = 256u;");
    expect(types.glsl).toContain("uint64_t keyTableState() { return launch.state + 1024ul; }");
    expect(withState({}).stateBytes).toBe(0);
    expect(withState({ huge: 2 ** 33 }).glsl).toContain("const uint64_t HUGE_STATE_BYTES = 8589934592ul;");
  });

  test.each([
    ["no bytes", { history: 0 }, "0 bytes"],
    ["part of a byte", { history: 0.5 }, "0.5 bytes"],
    ["no number", { history: Number.NaN }, "NaN bytes"],
    ["a name with a space", { "my history": 4 }, '"my history"'],
    ["a keyword", { buffer: 4 }, '"buffer"'],
    ["two names with one constant", { keyTable: 4, key_table: 4 }, "KEY_TABLE_STATE_BYTES"],
  ])("%s is refused", (_, state, message) => {
    expect(() => withState(state as unknown as Record<string, number>)).toThrow(message);
    expect(() => withState(state as unknown as Record<string, number>)).toThrow(
      expect.objectContaining({ code: "EW_BAD_ARGUMENT" }),
    );
  });
});

describe("the layout's hash", () => {
  const hash = (request = Request as never, state: Record<string, number> = { history: 4 }): string =>
    kernelTypes({ request, response: Response, state }).layoutHash;

  test("stays the same if only comments change", () => {
    const documented = struct("Request", { windowLength: doc(u32, "how far to look back"), value: f32 });
    expect(hash(documented as never)).toBe(hash());
    expect(hash()).toMatch(/^[0-9a-f]{64}$/);
  });

  test.each([
    ["another type", struct("Request", { windowLength: i32, value: f32 })],
    ["another name", struct("Request", { length: u32, value: f32 })],
    ["another order", struct("Request", { value: f32, windowLength: u32 })],
    ["another count", struct("Request", { windowLength: u32, value: f32, more: array(u32, 1) })],
  ])("changes with %s", (_, request) => {
    expect(hash(request as never)).not.toBe(hash());
  });

  test("changes with the state", () => {
    const all = [{ history: 4 }, { history: 8 }, { past: 4 }, { history: 4, more: 4 }, {}];
    expect(new Set(all.map((state) => hash(undefined, state as Record<string, number>))).size).toBe(
      all.length,
    );
  });
});
