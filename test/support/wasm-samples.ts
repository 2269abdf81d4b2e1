/** Modules for tests: one that has every instruction, and one that has every kind of section. */
import { allOpcodes, type Opcode } from "../../src/wasm/module/index.ts";
import { binaryOf } from "./wat.ts";

/** A number as LEB128. */
export function leb(value: number): number[] {
  const bytes = [];
  for (; value >= 0x80; value = Math.floor(value / 0x80)) bytes.push((value & 0x7f) | 0x80);
  return [...bytes, value];
}

/** A section with its size before it. */
export function section(id: number, content: readonly number[]): number[] {
  return [id, ...leb(content.length), ...content];
}

/** A vector with its length before it. */
export function vector(items: readonly (readonly number[])[]): number[] {
  return [...leb(items.length), ...items.flat()];
}

/** The bytes that every module begins with. */
export const HEADER = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

/** A module of sections. */
export function moduleOf(...sections: readonly (readonly number[])[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array([...HEADER, ...sections.flat()]);
}

/** A module with one function of type `[] -> []`, made of these bytes: locals and code. */
export function moduleOfBody(body: readonly number[]): Uint8Array<ArrayBuffer> {
  const size = leb(body.length);
  const code = [1, ...size, ...body];
  return moduleOf(section(1, [1, 0x60, 0, 0]), section(3, [1, 0]), section(10, code));
}

function immediateBytes({ immediate, bytes }: Opcode): number[] {
  switch (immediate) {
    case "memory":
      return [Math.log2(bytes), 8];
    case "lane":
      return [Math.log2(bytes), 8, 1];
    case "reserved":
    case "index":
      return [0];
    case "segment":
    case "reserved2":
    case "two":
      return [0, 0];
    case "i32":
    case "i64":
      return [0x7f];
    case "f32":
      return [1, 2, 3, 4];
    case "f64":
      return [1, 2, 3, 4, 5, 6, 7, 8];
    case "v128":
    case "shuffle":
      return Array.from({ length: 16 }, (_, index) => index);
    default:
      return [];
  }
}

/** An opcode as it is written. */
export function opcodeBytes(code: number): number[] {
  return code > 0xff ? [code >> 8, ...leb(code & 0xff)] : [code];
}

/** A module with a function for each instruction whose operands and results are always the same. */
export function everyPlainInstruction(): Uint8Array<ArrayBuffer> {
  const plain = allOpcodes().filter(({ signature }) => signature !== undefined);
  const types = plain.map(({ signature }) => [
    0x60,
    ...vector(signature!.params.map((type) => [type])),
    ...vector(signature!.results.map((type) => [type])),
  ]);
  const bodies = plain.map((opcode) => {
    const gets = opcode.signature!.params.flatMap((_, index) => [0x20, index]);
    const body = [0, ...gets, ...opcodeBytes(opcode.code), ...immediateBytes(opcode), 0x0b];
    return [...leb(body.length), ...body];
  });
  return moduleOf(
    section(1, vector(types)),
    section(3, vector(plain.map((_, index) => leb(index)))),
    section(4, [1, 0x70, 0, 4]),
    section(5, [1, 0, 1]),
    section(9, [1, 1, 0, 1, 0]),
    section(12, [1]),
    section(10, vector(bodies)),
    section(11, [1, 1, 2, 7, 7]),
  );
}

/** A module with every kind of section and control. */
export function everySection(): Uint8Array<ArrayBuffer> {
  return binaryOf(`(module $sample
    (type $pair (func (param i32 i64) (result i64 i32)))
    (import "env" "log" (func $log (param i32)))
    (import "env" "base" (global $base i32))
    (table $table 8 16 funcref)
    (table $others 2 externref)
    (memory 1 4)
    (global $count (mut i32) (i32.const 7))
    (global $where i32 (global.get $base))
    (global $null funcref (ref.null func))
    (export "run" (func $run))
    (export "memory" (memory 0))
    (start $begin)
    (elem (table $table) (i32.const 1) func $run $begin)
    (elem $passive funcref (ref.func $log) (ref.null func))
    (elem declare func $swap)
    (data (i32.const 16) "hello")
    (data $more "world")
    (func $begin (call $log (global.get $where)))
    (func $swap (type $pair) (local.get 1) (local.get 0))
    (func $run (param $n i32) (result i64) (local $sum i64) (local $a f32) (local $b f32) (local $r externref)
      (block $out
        (loop $again
          (br_if $out (i32.eqz (local.get $n)))
          (local.set $sum (i64.add (local.get $sum) (i64.extend_i32_u (local.get $n))))
          (local.set $n (i32.sub (local.get $n) (i32.const 1)))
          (br $again)))
      (block $two (block $one (block $zero (br_table $zero $one $two (local.get $n))) (nop)) (unreachable))
      (local.get $sum)
      (if (param i64) (result i64) (i32.lt_u (local.get $n) (i32.const 9))
        (then (drop) (local.get $n) (i64.const -1234567890123) (call_indirect (type $pair) (i32.const 1)) (drop))
        (else (drop) (call $swap (local.get $n) (local.get $sum)) (drop)))
      (select (i64.const 3) (local.get $n))
      (drop (select (result externref) (local.get $r) (ref.null extern) (ref.is_null (ref.func $swap))))
      (memory.init $more (i32.const 0) (i32.const 0) (i32.const 5))
      (data.drop $more)
      (table.init $table $passive (i32.const 0) (i32.const 0) (i32.const 2))
      (table.set $others (i32.const 0) (table.get $others (i32.const 1)))
      (table.fill $others (i32.const 0) (local.get $r) (i32.const 1))
      (drop (table.grow $others (local.get $r) (i32.const 1)))
      (drop (f32x4.extract_lane 2 (f32x4.add (f32x4.splat (local.get $a)) (v128.const i32x4 1 2 3 4))))
      (global.set $count (i32.add (global.get $count) (memory.grow (i32.const 1))))
      (local.tee $sum) (return)))`);
}
