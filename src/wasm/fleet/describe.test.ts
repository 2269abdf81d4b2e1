/** Descriptions of modules: what a device can run, whatever the size of its memory. */
import { expect, test } from "vitest";
import { binaryOf } from "../../../test/support/wat.ts";
import { describeModule } from "./describe.ts";
import { WasmModule } from "./wasm-module.ts";

test.each([1, 32_767, 32_768, 65_536])("a memory that begins with %i pages", async (pages) => {
  const module = await WasmModule.compile(binaryOf(`(module (memory ${pages}))`));
  const { memoryPages, hostOnlyReason } = describeModule(module);
  expect({ memoryPages, hostOnlyReason }).toEqual({
    memoryPages: { minimum: pages, maximum: undefined },
    hostOnlyReason: undefined,
  });
});

test("functions that devices do not compile have the reason", async () => {
  const module = await WasmModule.compile(
    binaryOf(`(module (func $a (call $b)) (func $b (call $b)) (func $c (loop (br_if 0 (i32.const 0)))))`),
  );
  expect(describeModule(module).functions.map((each) => each.interpretedReason)).toEqual([
    "it calls function 1: it may call itself",
    "it may call itself",
    undefined,
  ]);
});
