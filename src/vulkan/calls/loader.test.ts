import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { packageRoot } from "../../base/package-root.ts";
import { koffi, load } from "../native/ffi.ts";
import { inFrame } from "../native/frame.ts";
import { openLoader } from "./loader.ts";

test("without a Vulkan loader, the error says what to install", () => {
  const open = (): unknown => openLoader("libvulkan-that-is-not-there.so.1");
  expect(open).toThrow(expect.objectContaining({ code: "EW_NO_VULKAN" }));
  expect(open).toThrow("libvulkan1 mesa-vulkan-drivers");
});

test("on a platform without the native addon, the error says so", () => {
  expect(() => load("koffi-that-is-not-there")).toThrow(expect.objectContaining({ code: "EW_NO_VULKAN" }));
});

test("a library without some commands counts as too old", () => {
  expect(() => openLoader("libc.so.6")).toThrow(expect.objectContaining({ code: "EW_DRIVER_TOO_OLD" }));
});

test("nothing native is loaded before the first call", () => {
  const script = `
    await import("./src/vulkan/device/device.ts");
    await import("./src/programs/cache/program-cache.ts");
    const { readFileSync } = await import("node:fs");
    console.log(/koffi|libvulkan/.test(readFileSync("/proc/self/maps", "utf8")));
    (await import("./src/vulkan/native/ffi.ts")).koffi();
    console.log(/koffi/.test(readFileSync("/proc/self/maps", "utf8")));
  `;
  const tsx = join(packageRoot(), "node_modules/tsx/dist/cli.mjs");
  const output = execFileSync(process.execPath, [tsx, "--input-type=module", "-e", script], {
    cwd: packageRoot(),
    encoding: "utf8",
  });
  expect(output.trim().split("\n")).toEqual(["false", "true"]);
});

test("frames nest, are zeroed, and survive more than the arena holds", () => {
  inFrame((outer) => {
    const first = outer.bytes(16);
    first.view.setUint32(0, 7, true);
    const inner = inFrame((frame) => {
      const memory = frame.bytes(32);
      expect(memory.address).toBeGreaterThan(first.address);
      memory.view.setUint32(0, 9, true);
      return memory.address;
    });
    const again = outer.bytes(32); // reuses the memory of the inner frame
    expect(again.address).toBe(inner);
    expect(again.u32()).toBe(0);
    expect(first.u32()).toBe(7);
    const large = outer.bytes(1 << 20);
    large.view.setUint32((1 << 20) - 4, 5, true);
    expect(new Uint32Array(koffi().view(large.address, 1 << 20)).at(-1)).toBe(5);
    expect(koffi().decode.string(outer.text("grüße"))).toBe("grüße");
  });
});

test("a frame that ends with an error frees its memory", () => {
  const before = inFrame((frame) => frame.bytes(16).address);
  expect(() =>
    inFrame((frame) => {
      frame.bytes(64);
      throw new Error("on the way");
    }),
  ).toThrow("on the way");
  expect(inFrame((frame) => frame.bytes(16).address)).toBe(before);
});
