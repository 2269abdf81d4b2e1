import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { EverwarpError } from "../base/errors.ts";
import { structSizeBytes } from "./extent.ts";
import { readSpirv, spirvWords } from "./module.ts";

/**
 * Assembles a module by hand from the specification's tables, so that the reader is held against the format and not
 * against a compiler. One compute entry point, a push constant block, a buffer block, two specialization constants.
 */
const text = (value: string): number[] => {
  const bytes = new Uint8Array(Math.floor(value.length / 4) * 4 + 4);
  bytes.set(new TextEncoder().encode(value));
  return [...new Uint32Array(bytes.buffer)];
};
const op = (opcode: number, ...operands: (number | number[])[]): number[] => {
  const flat = operands.flat();
  return [((flat.length + 1) << 16) | opcode, ...flat];
};

const ids = {
  main: 1,
  size: 2,
  x: 3,
  one: 4,
  uint: 5,
  uvec3: 6,
  push: 7,
  pushPtr: 8,
  pushVar: 9,
  long: 10,
  float: 11,
};
const more = {
  length: 12,
  array: 13,
  block: 14,
  blockPtr: 15,
  blockVar: 16,
  flag: 17,
  bool: 18,
  runtime: 19,
  mat: 20,
  vec: 21,
};

const body = [
  op(17, 1), // OpCapability Shader
  op(15, 5, ids.main, text("main"), ids.pushVar), // OpEntryPoint GLCompute
  op(16, ids.main, 17, 1, 1, 1), // OpExecutionMode LocalSize, overruled below
  op(5, ids.push, text("Push")),
  op(6, ids.push, 0, text("address")),
  op(6, ids.push, 1, text("scale")),
  op(5, more.block, text("Block")),
  op(6, more.block, 0, text("fixed")),
  op(6, more.block, 1, text("basis")),
  op(6, more.block, 2, text("rest")),
  op(5, ids.x, text("SIZE_X")),
  op(5, more.flag, text("VERBOSE")),
  op(5, more.blockVar, text("data")),
  op(71, ids.size, 11, 25), // BuiltIn WorkgroupSize
  op(71, ids.x, 1, 40), // SpecId
  op(71, more.flag, 1, 41),
  op(71, ids.push, 2), // Block
  op(72, ids.push, 0, 35, 0),
  op(72, ids.push, 1, 35, 8),
  op(71, more.block, 2),
  op(72, more.block, 0, 35, 16),
  op(72, more.block, 1, 35, 64),
  op(72, more.block, 1, 7, 16), // MatrixStride
  op(72, more.block, 2, 35, 128),
  op(71, more.array, 6, 8), // ArrayStride
  op(71, more.runtime, 6, 4),
  op(71, more.blockVar, 33, 3), // Binding
  op(71, more.blockVar, 34, 2), // DescriptorSet
  op(21, ids.uint, 32, 0),
  op(21, ids.long, 64, 0),
  op(22, ids.float, 32),
  op(20, more.bool),
  op(23, ids.uvec3, ids.uint, 3),
  op(23, more.vec, ids.float, 4),
  op(24, more.mat, more.vec, 4),
  op(50, ids.uint, ids.x, 64), // OpSpecConstant
  op(43, ids.uint, ids.one, 1), // OpConstant
  op(51, ids.uvec3, ids.size, ids.x, ids.one, ids.one), // OpSpecConstantComposite
  op(48, more.bool, more.flag), // OpSpecConstantTrue
  op(43, ids.uint, more.length, 5),
  op(28, more.array, ids.uint, more.length),
  op(29, more.runtime, ids.uint),
  op(30, ids.push, ids.long, ids.float),
  op(32, ids.pushPtr, 9, ids.push),
  op(59, ids.pushPtr, ids.pushVar, 9),
  op(30, more.block, more.array, more.mat, more.runtime),
  op(32, more.blockPtr, 12, more.block),
  op(59, more.blockPtr, more.blockVar, 12),
].flat();
const header = [0x0723_0203, 0x0001_0500, 0, 32, 0];
const words = new Uint32Array([...header, ...body]);

describe("a module made by hand", () => {
  const module = readSpirv(words);

  test("entry point and workgroup size with its constant_id", () => {
    expect(module.version).toBe("1.5");
    expect(module.capabilities).toEqual([1]);
    expect(module.entryPoints).toEqual([
      { name: "main", isCompute: true, localSize: [64, 1, 1], localSizeSpecIds: [40, undefined, undefined] },
    ]);
  });

  test("push constants", () => {
    expect(module.pushConstants?.name).toBe("Push");
    expect(module.pushConstants?.members.map(({ name, offsetBytes }) => [name, offsetBytes])).toEqual([
      ["address", 0],
      ["scale", 8],
    ]);
    expect(module.pushConstants && structSizeBytes(module, module.pushConstants)).toBe(12);
  });

  test("blocks, strides and bindings", () => {
    const block = module.structs.find(({ name }) => name === "Block");
    expect(block?.isBlock).toBe(true);
    const [fixed, basis, rest] = block?.members ?? [];
    expect(module.types.get(fixed?.type ?? 0)).toEqual({
      kind: "array",
      element: ids.uint,
      count: 5,
      strideBytes: 8,
    });
    expect([fixed?.offsetBytes, basis?.offsetBytes, rest?.offsetBytes]).toEqual([16, 64, 128]);
    expect(basis?.matrixStrideBytes).toBe(16);
    expect(module.types.get(rest?.type ?? 0)).toEqual({
      kind: "runtimeArray",
      element: ids.uint,
      strideBytes: 4,
    });
    expect(module.bindings).toEqual([{ name: "data", set: 2, binding: 3, storageClass: 12 }]);
    expect(block && structSizeBytes(module, block)).toBe(128);
  });

  test("specialization constants", () => {
    expect(module.specConstants).toEqual([
      { specId: 40, name: "SIZE_X", type: { kind: "int", bits: 32, signed: false }, defaultWord: 64 },
      { specId: 41, name: "VERBOSE", type: { kind: "bool" }, defaultWord: 1 },
    ]);
  });

  test("a plain LocalSize and a LocalSizeId", () => {
    const plain = op(15, 5, 1, text("main")).concat(op(16, 1, 17, 8, 4, 2));
    expect(readSpirv(new Uint32Array([...header, ...plain])).entryPoints[0]?.localSize).toEqual([8, 4, 2]);
    const byId = [
      op(15, 5, 1, text("main")),
      op(331, 1, 38, 3, 4, 4),
      op(71, 3, 1, 7),
      op(21, 5, 32, 0),
      op(50, 5, 3, 128),
      op(43, 5, 4, 1),
    ].flat();
    expect(readSpirv(new Uint32Array([...header, ...byId])).entryPoints[0]).toMatchObject({
      localSize: [128, 1, 1],
      localSizeSpecIds: [7, undefined, undefined],
    });
  });
});

describe("damaged input", () => {
  const failure = (input: Uint32Array): unknown => {
    try {
      readSpirv(input);
      return undefined;
    } catch (error) {
      return error;
    }
  };

  test.each([
    ["nothing", []],
    ["half a header", header.slice(0, 3)],
    ["another magic number", [1, ...header.slice(1)]],
    ["the other byte order", [0x0302_2307, ...header.slice(1)]],
    ["no bound", [0x0723_0203, 0x0001_0500, 0, 0, 0]],
    ["an instruction of no words", [...header, 17]],
    ["an instruction behind the end", [...header, (5 << 16) | 5, 1]],
    ["an id beyond the bound", [...header, ...op(20, 32)]],
    ["a text without an end", [...header, ...op(5, 1, 0x6161_6161)]],
    ["too few operands", [...header, ...op(21, 1)]],
  ])("%s", (_, input) => {
    expect(failure(new Uint32Array(input))).toMatchObject({ code: "EW_BAD_SPIRV" });
  });

  test("every truncation inside an instruction is an error, at a border none", () => {
    for (let length = 0; length < words.length; length++) {
      const error = failure(words.slice(0, length));
      expect(error === undefined || (error instanceof EverwarpError && error.code === "EW_BAD_SPIRV")).toBe(
        true,
      );
    }
    expect(() => spirvWords(new Uint8Array(7))).toThrow("7 bytes");
    expect(spirvWords(new Uint8Array(words.buffer).subarray(0, 20))).toEqual(words.slice(0, 5));
    const pooled = Buffer.concat([Buffer.from([9, 9]), Buffer.from(words.buffer)]).subarray(2);
    expect(spirvWords(pooled)).toEqual(words);
  });

  test("flipped words give a description or EW_BAD_SPIRV, never anything else", () => {
    const flip = fc.record({
      at: fc.nat(words.length - 1),
      value: fc.oneof(fc.nat(0xffff_ffff), fc.nat(64)),
    });
    fc.assert(
      fc.property(fc.array(flip, { minLength: 1, maxLength: 6 }), (flips) => {
        const damaged = words.slice();
        for (const { at, value } of flips) damaged[at] = value;
        try {
          const module = readSpirv(damaged);
          for (const struct of module.structs) structSizeBytes(module, struct);
        } catch (error) {
          if (!(error instanceof EverwarpError && error.code === "EW_BAD_SPIRV")) throw error;
        }
      }),
      { numRuns: 5000 },
    );
  });

  test("a struct that contains itself has no size", () => {
    const circular = [op(72, 1, 0, 35, 0), op(30, 1, 1)].flat();
    const module = readSpirv(new Uint32Array([...header, ...circular]));
    const [struct] = module.structs;
    expect(() => struct && structSizeBytes(module, struct)).toThrow("contains itself");
  });

  test("sizes are found in time, however many paths lead to a member", () => {
    // Each of 30 structs holds the next one twice: a billion paths.
    const chain = [op(21, 31, 32, 0)];
    for (let id = 30; id >= 1; id--) {
      const size = 4 * 2 ** (30 - id);
      chain.push(op(72, id, 0, 35, 0), op(72, id, 1, 35, size), op(30, id, id + 1, id + 1));
    }
    const module = readSpirv(new Uint32Array([...header, ...chain.flat()]));
    const outer = module.structs.find(({ id }) => id === 1);
    expect(outer && structSizeBytes(module, outer)).toBe(4 * 2 ** 30);
  });
});
