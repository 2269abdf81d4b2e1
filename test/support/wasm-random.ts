/** Random modules: binaryen's fuzzer makes a valid module of any bytes, and its functions end by themselves. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { type DecodedModule, VALUE_TYPE } from "../../src/wasm/module/index.ts";
import { validated } from "./wat.ts";

/** The tool comes with assemblyscript. */
const WASM_OPT = path.join(import.meta.dirname, "../../node_modules/.bin/wasm-opt");
const FEATURES = [
  "--mvp-features",
  "--enable-bulk-memory",
  "--enable-bulk-memory-opt",
  "--enable-sign-ext",
  "--enable-nontrapping-float-to-int",
  "--enable-multivalue",
  "--enable-mutable-globals",
  "--enable-simd",
];

/** A random module, in both forms. */
export interface RandomModule {
  readonly binary: Uint8Array<ArrayBuffer>;
  readonly module: DecodedModule;
}

/** The module that the bytes of a source of numbers make. No NaN comes out of it, whose bits engines may choose. */
export function randomModule(random: () => number): RandomModule {
  const folder = mkdtempSync(path.join(os.tmpdir(), "everwarp-wasm-"));
  try {
    const [input, output] = [path.join(folder, "bytes"), path.join(folder, "module.wasm")];
    const size = 300 + Math.floor(random() * 2500);
    writeFileSync(
      input,
      Uint8Array.from({ length: size }, () => Math.floor(random() * 256)),
    );
    execFileSync(WASM_OPT, [input, "-ttf", "--denan", "-o", output, ...FEATURES], { stdio: "pipe" });
    const binary = Uint8Array.from(readFileSync(output));
    return { binary, module: validated(binary) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** An argument or a result: its type, its bits, and what JavaScript takes for it. */
export interface RandomValue {
  readonly bits: bigint;
  readonly value: number | bigint;
}

const view = new DataView(new ArrayBuffer(8));

/** A value of a type of numbers, by its bits. */
export function valueOfBits(type: number, bits: bigint): number | bigint {
  view.setBigUint64(0, bits, true);
  switch (type) {
    case VALUE_TYPE.i32:
      return view.getInt32(0, true);
    case VALUE_TYPE.i64:
      return view.getBigInt64(0, true);
    case VALUE_TYPE.f32:
      return view.getFloat32(0, true);
    default:
      return view.getFloat64(0, true);
  }
}

/** A random value that is no NaN. */
export function randomValue(type: number, random: () => number): RandomValue {
  const word = (): number => Math.floor(random() * 2 ** 32);
  view.setBigUint64(0, 0n, true);
  if (type === VALUE_TYPE.i32) view.setUint32(0, random() < 0.5 ? word() : word() & 63, true);
  else if (type === VALUE_TYPE.i64) view.setBigInt64(0, BigInt(word()) << BigInt(word() & 31), true);
  else if (type === VALUE_TYPE.f32) view.setFloat32(0, (random() - 0.5) * 2 ** (word() & 63), true);
  else view.setFloat64(0, (random() - 0.5) * 2 ** (word() & 127), true);
  const bits = view.getBigUint64(0, true);
  return { bits, value: valueOfBits(type, bits) };
}

/** Whether all types are numbers, which travel between JavaScript and modules. */
export function areNumbers(types: readonly number[]): boolean {
  return types.every((type) => type >= VALUE_TYPE.f64 && type <= VALUE_TYPE.i32);
}
