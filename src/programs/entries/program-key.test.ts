import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { expect, test } from "vitest";
import type { DeviceInfo } from "../../vulkan/instance/device-info.ts";
import {
  COMPILER,
  ENTRY_ID,
  moduleIdOf,
  type PipelineParts,
  pipelineKeyOf,
  targetOf,
  variantIdOf,
} from "./program-key.ts";

test("the compiler is the one that is installed", () => {
  const path = createRequire(import.meta.url).resolve("@webgpu/glslang/package.json");
  const { name, version } = JSON.parse(readFileSync(path, "utf8")) as { name: string; version: string };
  expect(COMPILER).toMatch(new RegExp(`^${name} ${version.replaceAll(".", "\\.")}, `));
});

const info = {
  name: "A GPU",
  vendorId: 0x10de,
  deviceId: 0x2335,
  apiVersion: "1.3.0",
  driverId: "NVIDIA",
  driverName: "driver",
  driverInfo: "580.1",
  driverVersion: 1,
  pipelineCacheUuid: "aa",
  deviceUuid: "d1",
  features: ["shaderInt64"],
  extensions: ["VK_KHR_pipeline_binary"],
} as unknown as DeviceInfo;
const target = (change: object = {}, pipelineDataKey = "k"): ReturnType<typeof targetOf> =>
  targetOf({ info: { ...info, ...change }, pipelineDataKey });

test("everything that affects the driver's result is part of the target", () => {
  const changes: object[] = [
    { name: "Another GPU" },
    { vendorId: 1 },
    { deviceId: 1 },
    { apiVersion: "1.4.0" },
    { driverId: "other" },
    { driverName: "other" },
    { driverInfo: "580.2" },
    { driverVersion: 2 },
    { pipelineCacheUuid: "bb" },
    { features: [] },
    { extensions: [] },
  ];
  const ids = [target(), target({}, "other"), ...changes.map((change) => target(change))].map(({ id }) => id);
  expect(new Set(ids).size).toBe(changes.length + 2);
  // Two devices of one model are one target, and the order of a list does not matter.
  expect(target({ deviceUuid: "d2" }).id).toBe(target().id);
  expect(target({ features: ["b", "a"] }).id).toBe(target({ features: ["a", "b"] }).id);
});

test("a folder's name is valid on every file system", () => {
  expect(target().folder).toBe("a-gpu-10de-2335");
  expect(target({ name: "../../../etc/passwd" }).folder).toBe("etc-passwd-10de-2335");
  expect(target({ name: "…" }).folder).toBe("device-10de-2335");
  expect(target({ name: "x".repeat(300) }).folder.length).toBeLessThan(80);
});

test("source, compiler, entry point and constants make a name of the fixed form", () => {
  const id = `${moduleIdOf("text")}.${variantIdOf("main", { 3: 7 })}.${target().id}`;
  expect(id).toMatch(ENTRY_ID);
  expect(
    new Set([moduleIdOf("text"), moduleIdOf("text2"), moduleIdOf("text", "another compiler")]).size,
  ).toBe(3);
  const variants = [
    variantIdOf("main"),
    variantIdOf("other"),
    variantIdOf("main", { 3: 7 }),
    variantIdOf("main", { 3: 8 }),
    variantIdOf("main", { 4: 7 }),
    variantIdOf("main", { 3: 7, 4: 7 }),
  ];
  expect(new Set(variants).size).toBe(variants.length);
  expect(variantIdOf("main", { b: 1, a: 2 })).toBe(variantIdOf("main", { a: 2, b: 1 }));
});

test("the pipeline key covers the bytes of the SPIR-V and all options", () => {
  const parts: PipelineParts = {
    spirv: new Uint32Array([1, 2, 3]),
    entryPoint: "main",
    constants: { 3: 7 },
    pushConstantBytes: 12,
    compiler: "c",
    targetId: "t",
  };
  const changes: Partial<PipelineParts>[] = [
    { spirv: new Uint32Array([1, 2, 4]) },
    { entryPoint: "other" },
    { constants: { 3: 8 } },
    { constants: {} },
    { pushConstantBytes: 16 },
    { compiler: "d" },
    { targetId: "u" },
  ];
  const keys = [parts, ...changes.map((change) => ({ ...parts, ...change }))].map(pipelineKeyOf);
  expect(new Set(keys).size).toBe(changes.length + 1);
  // Of a view into a larger buffer, only the bytes of the view count.
  const view = new Uint32Array([9, 1, 2, 3, 9]).subarray(1, 4);
  expect(pipelineKeyOf({ ...parts, spirv: view })).toBe(keys[0]);
});
