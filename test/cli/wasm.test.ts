/** `everwarp wasm` as its users call it. */
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import { main } from "../../src/cli/command-line.ts";
import { Dir } from "../support/cli.ts";
import { captured } from "../support/environment.ts";
import { everySection } from "../support/wasm-samples.ts";
import { binaryOf } from "../support/wat.ts";

const tree = new Dir("wasm");
afterAll(() => tree.remove());
const at = (name: string): string => path.join(tree.path, name);

tree
  .file(
    "math.wasm",
    binaryOf(`(module
      (func $divide (export "divide") (param i32 i32) (result i32)
        (i32.div_s (local.get 0) (local.get 1)))
      (func (export "two") (param i64 f32) (result f32 i64) (local.get 1) (local.get 0))
      (func (export "same") (param v128) (result v128) (local.get 0))
      (func (export "forever") (loop (br 0))))`),
  )
  .file("every.wasm", everySection())
  .file("cut.wasm", everySection().subarray(0, 99))
  .file("rows.jsonl", '[7, 2]\n[1, 0]\n\n["0x10", -3]\n')
  .file("lines.jsonl", "one\ntwo\n")
  // Echoes its input in capitals, then its arguments, and ends with the number of them.
  .file(
    "echo.wasm",
    binaryOf(`(module
      (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "args_sizes_get" (func $sizes (param i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "args_get" (func $args (param i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "path_open"
        (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
      (memory (export "memory") 1)
      (func $print (param $stream i32) (param $at i32) (param $length i32)
        (i32.store (i32.const 0) (local.get $at))
        (i32.store (i32.const 4) (local.get $length))
        (if (call $write (local.get $stream) (i32.const 0) (i32.const 1) (i32.const 8)) (then unreachable)))
      (func (export "_start") (local $i i32) (local $n i32)
        (i32.store (i32.const 0) (i32.const 1024))
        (i32.store (i32.const 4) (i32.const 100))
        (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
        (local.set $n (i32.load (i32.const 8)))
        (block $done (loop $next
          (br_if $done (i32.ge_u (local.get $i) (local.get $n)))
          (if (i32.ge_u (i32.load8_u offset=1024 (local.get $i)) (i32.const 97))
            (then (i32.store8 offset=1024 (local.get $i)
              (i32.sub (i32.load8_u offset=1024 (local.get $i)) (i32.const 32)))))
          (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (br $next)))
        (call $print (i32.const 1) (i32.const 1024) (local.get $n))
        (drop (call $sizes (i32.const 16) (i32.const 20)))
        (drop (call $args (i32.const 32) (i32.const 2048)))
        (call $print (i32.const 2) (i32.const 2048) (i32.load (i32.const 20)))
        (if (i32.ne (i32.const 52) (call $open (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 0)
            (i32.const 0) (i64.const 0) (i64.const 0) (i32.const 0) (i32.const 0))) (then unreachable))
        (if (i32.ne (i32.const 21) (call $args (i32.const 65535) (i32.const 0))) (then unreachable))
        (call $exit (i32.sub (i32.load (i32.const 16)) (i32.const 1)))))`),
  );

async function wasm(...args: string[]): Promise<{ code: number; out: string; errors: string }> {
  const { environment, out, errors } = captured();
  const code = await main(["wasm", ...args], environment);
  return { code, out: out(), errors: errors() };
}
const invoke = (name: string, ...args: string[]) =>
  wasm("run", at("math.wasm"), "--device", "cpu", "--invoke", name, ...args);

test("a call prints its results, one a line", async () => {
  expect(await invoke("divide", "--", "-7", "2")).toEqual({ code: 0, out: "-3\n", errors: "" });
  expect((await invoke("two", "--", "0xffffffffffffffff", "0.5")).out).toBe("0.5\n-1\n");
  expect((await invoke("two", "--", "1", "nan")).out).toBe("nan\n1\n");
  expect((await invoke("same", "--", "0x000102030405060708090a0b0c0d0e0f")).out).toBe(
    "0x000102030405060708090a0b0c0d0e0f\n",
  );
  expect((await invoke("divide", "--instances", "3", "--", "9", "3")).out).toBe("3\n3\n3\n");
});

test("a trap is exit code 1, with its reason and its place", async () => {
  const { code, out, errors } = await invoke("divide", "--", "1", "0");
  expect([code, out]).toEqual([1, ""]);
  expect(errors).toMatch(/^everwarp: integer divide by zero, in divide, at byte \d+\n$/);
  expect((await invoke("forever", "--fuel", "1000")).errors).toContain("out of fuel, in forever");
});

test("rows of input: an answer each, in batches of instances", async () => {
  for (const instances of [[], ["--instances", "2"], ["--instances", "1"]]) {
    const { code, out, errors } = await invoke("divide", "--input", at("rows.jsonl"), ...instances);
    expect([code, out]).toEqual([1, "[3]\nnull\n[-5]\n"]);
    expect(errors).toContain("row 2: integer divide by zero");
  }
});

test("a program of WASI: input, output, arguments, exit code, and calls that are not there", async () => {
  const { code, out, errors } = await wasm(
    "run",
    at("echo.wasm"),
    "--input",
    at("lines.jsonl"),
    "--",
    "a",
    "b c",
  );
  expect([code, out]).toEqual([2, "ONE\nTWO\n"]);
  expect(errors).toBe("echo.wasm\0a\0b c\0".repeat(2));
});

test("inspect says what is in a module", async () => {
  const { code, out } = await wasm("inspect", at("every.wasm"));
  expect(code).toBe(0);
  expect(out).toContain("memory    1 pages of 64 KiB, and at most 4");
  expect(out).toContain("func   env.log [i32] -> []");
  expect(out).toMatch(/3 +\d+ bytes +\d+ instructions +1 loops {2}run \[i32\] -> \[i64\]/);
  expect(out).toContain("the host alone");
  const described = JSON.parse((await wasm("inspect", at("math.wasm"), "--json")).out) as {
    functions: object[];
  };
  expect(described.functions).toMatchObject([{ name: "divide", loops: 0 }, {}, {}, { loops: 1 }]);
});

test.each([
  [["inspect", at("cut.wasm")], "unexpected end"],
  [["inspect", at("none.wasm")], "no such file"],
  [["run", at("math.wasm")], "exports no function _start"],
  [["run", at("math.wasm"), "--invoke", "plus"], "It exports divide, two, same, forever."],
  [
    ["run", at("math.wasm"), "--invoke", "divide", "--", "1"],
    "the command has 1 arguments. divide takes 2: i32 i32.",
  ],
  [["run", at("math.wasm"), "--invoke", "divide", "--", "1", "2.5"], 'argument 2 of the command is "2.5"'],
  [["run", at("math.wasm"), "--invoke", "two", "--", "1", "x"], "a number, nan, inf or -inf"],
  [["run", at("math.wasm"), "--invoke", "divide", "--input", at("lines.jsonl")], "row 1 is no JSON: one"],
  [["run", at("echo.wasm"), "--device", "gpu"], "programs of WASI do not run on the device"],
  [["walk", at("math.wasm")], "are not understood"],
])("%j is refused", async (args, message) => {
  const { code, errors } = await wasm(...args);
  expect(errors).toContain(message);
  expect(code).toBe(2);
});
