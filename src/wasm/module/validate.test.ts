/** Which modules mean something. */
import { expect, test } from "vitest";
import {
  everyPlainInstruction,
  everySection,
  moduleOf,
  moduleOfBody,
  section,
} from "../../../test/support/wasm-samples.ts";
import { binaryOf } from "../../../test/support/wat.ts";
import { decodeModule } from "./decode-module.ts";
import { validateModule } from "./validate-module.ts";

function check(binary: Uint8Array): void {
  validateModule(decodeModule(binary));
}

test("every instruction, and every kind of section", () => {
  check(everyPlainInstruction());
  check(everySection());
  check(moduleOf());
});

// One module for each rule. The reasons are those of the specification's tests, and the place is the instruction's.
test.each([
  ["(func (result i32) (i64.const 0))", "type mismatch: i32 is needed, and i64 is there, in function 0, end"],
  [
    "(func (drop (i32.add (i32.const 1) (f32.const 1))))",
    "i32 is needed, and f32 is there, in function 0, i32.add",
  ],
  ["(func i32.const 1)", "1 more operands are at the end of a block than it has results"],
  ["(func drop)", "the block has no operand left, in function 0, drop"],
  ["(func (block (result i32) (br 0)))", "i32 is needed, and the block has no operand left"],
  ["(func (if (result i32) (i32.const 1) (then (i32.const 1))) drop)", "an if without else must give"],
  ["(func (br 1))", "unknown label 1"],
  ["(func (local.get 0) drop)", "unknown local 0"],
  ["(func (call 7))", "unknown function 7"],
  ["(func (drop (i32.load (i32.const 0))))", "unknown memory 0"],
  ["(func (drop (memory.size)))", "unknown memory 0"],
  [
    "(memory 1)(func (drop (i32.load8_u align=2 (i32.const 0))))",
    "alignment must not be larger than natural",
  ],
  ["(global i32 (i32.const 0))(func (global.set 0 (i32.const 1)))", "global is immutable"],
  ["(func (drop (ref.func 0)))", "undeclared function reference"],
  ["(func (drop (select (ref.null func) (ref.null func) (i32.const 1))))", "must name their type"],
  ["(func (drop (i8x16.extract_lane_s 16 (v128.const i64x2 0 0))))", "invalid lane index 16"],
  ["(table 1 externref)(type (func))(func (call_indirect (type 0) (i32.const 0)))", "has no functions"],
  [
    "(func (block (result i32) (block (br_table 0 1 (i32.const 0))) (i32.const 0)) drop)",
    "one label of br_table",
  ],
  ["(memory 2 1)", "size minimum must not be greater than maximum"],
  ["(memory 65537)", "at most 65536 pages"],
  ["(memory 1)(memory 1)", "memories: 2, and at most 1 are allowed"],
  ["(global i32 (i64.const 0))", "a constant is i64, and must be i32"],
  ["(global i32 (i32.const 1))(global i32 (global.get 0))", "a constant can name an imported one alone"],
  ['(func)(export "a" (func 0))(export "a" (func 0))', 'duplicate export name "a"'],
  ["(func (param i32))(start 0)", "start function: its type is [i32] -> []"],
  [
    "(table 1 externref)(elem (i32.const 0) funcref (ref.null func))",
    "a segment of funcref goes to a table of externref",
  ],
  ['(data (i32.const 0) "x")', "unknown memory 0"],
])("%s", (text, reason) => {
  const binary = binaryOf(`(module ${text})`);
  expect(() => check(binary)).toThrow(expect.objectContaining({ code: "EW_WASM_INVALID" }));
  expect(() => check(binary)).toThrow(reason);
});

test("malformed binaries say what is wrong, and at which byte", () => {
  const cases: readonly (readonly [Uint8Array, string])[] = [
    [new Uint8Array(0), "unexpected end, at byte 0 (0x0)"],
    [new Uint8Array([0, 0x61, 0x73, 0x6e, 1, 0, 0, 0]), "magic header not detected, at byte 0"],
    [new Uint8Array([0, 0x61, 0x73, 0x6d, 2, 0, 0, 0]), "unknown binary version, at byte 4"],
    [moduleOf([77, 0]), "malformed section id 77, at byte 8"],
    [moduleOf([1, 5, 0]), "section 1 is to have 5 bytes"],
    [moduleOf(section(1, [0, 0])), "section size mismatch"],
    [moduleOf(section(3, [0]), section(1, [0])), "unexpected section of types"],
    [moduleOf(section(1, [1, 0x60, 0, 0]), section(3, [1, 0])), "declares 1 functions, and has 0 bodies"],
    [moduleOf(section(1, [0x80, 0x80, 0x80, 0x80, 0x80, 0])), "integer representation too long"],
    [moduleOf(section(1, [0xff, 0xff, 0xff, 0xff, 0x1f])), "integer too large, at byte 10"],
    [moduleOf(section(0, [1, 0xff])), "malformed UTF-8 encoding"],
    [moduleOfBody([0, 0xff, 0x0b]), "illegal opcode 0xff"],
    [moduleOfBody([0, 0x05, 0x0b]), "else without an if"],
    [moduleOfBody([0, 0x0b, 0x01]), "code follows the end of a function body"],
    [moduleOfBody([0, 0x01]), "unexpected end"],
    [moduleOfBody([0, 0x02, 0x41, 0x0b, 0x0b]), "malformed block type"],
  ];
  for (const [binary, reason] of cases) {
    expect(() => check(binary)).toThrow(expect.objectContaining({ code: "EW_WASM_INVALID" }));
    expect(() => check(binary)).toThrow(reason);
  }
});

test("proposals that came after WebAssembly 2.0 are named", () => {
  const cases: readonly (readonly [Uint8Array, string])[] = [
    [moduleOfBody([0, 0x12, 0, 0x0b]), "tail calls"],
    [moduleOfBody([0, 0xfe, 0x03, 0x00, 0x0b]), "threads and atomics"],
    [moduleOf(section(5, [1, 3, 1, 1])), "shared memory"],
    [moduleOf(section(13, [0])), "exceptions"],
    [moduleOf(section(1, [1, 0x5f, 0])), "garbage collection"],
  ];
  for (const [binary, what] of cases) {
    expect(() => check(binary)).toThrow(expect.objectContaining({ code: "EW_WASM_UNSUPPORTED" }));
    expect(() => check(binary)).toThrow(what);
  }
});
