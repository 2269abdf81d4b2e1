/** Systems that share one device: each card is opened once, and what answers on it lets the others answer, too. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Corpus, Namespace, ResidentKernel, SearchEngine, struct, u32 } from "../../src/index.ts";
import { openSession } from "../../src/residency/device/device-session.ts";
import { profileOf } from "../../src/residency/device/profiled-device.ts";
import { Device } from "../../src/vulkan/index.ts";
import { openTestDevice, testDeviceInfo, watchValidation } from "../support/vulkan.ts";

watchValidation();

const { index: select } = testDeviceInfo();
const ECHO = `#version 460
#include "kernel.glsl"
void perform(uint slot) {
  if (gl_LocalInvocationIndex == 0u) respond(slot, Response(requestAt(slot).value + 1u));
}`;

const ECHO_REQUEST = struct("Request", { value: u32 });
const ECHO_RESPONSE = struct("Response", { value: u32 });

let folder: string;
let loopLimit: number | undefined;

beforeAll(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), "everwarp-session-"));
  for (let file = 0; file < 20; file++)
    writeFileSync(path.join(folder, `${file}.txt`), `one\nneedle ${file}\n`);
  using device = openTestDevice();
  ({ loopLimit } = await profileOf(device));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("a device that is shared", () => {
  it("is opened once, and closed with its last user", async () => {
    const first = await openSession({ select, sharesSoftware: true });
    const second = await openSession({ select, sharesSoftware: true });
    expect(second.device).toBe(first.device);
    first.end();
    first.end();
    expect(second.device.isClosed).toBe(false);
    second.end();
    expect(second.device.isClosed).toBe(true);
    const third = await openSession({ select, sharesSoftware: true });
    expect(third.device).not.toBe(first.device);
    third.end();
  });

  it("is opened anew where it is opened otherwise, or was lost", async () => {
    const first = await openSession({ select, sharesSoftware: true });
    const otherwise = await openSession({ select, sharesSoftware: true, queuesToLease: 0 });
    expect(otherwise.device).not.toBe(first.device);
    otherwise.end();
    first.device.abandon();
    const after = await openSession({ select, sharesSoftware: true });
    expect(after.device).not.toBe(first.device);
    first.end();
    expect(after.device.isClosed).toBe(false);
    after.end();
    expect(after.device.isClosed).toBe(true);
  });

  it("stays its caller's where the caller brought it", async () => {
    using device = openTestDevice();
    const session = await openSession({ select: device });
    expect(session.device).toBe(device);
    session.end();
    expect(device.isClosed).toBe(false);
  });
});

describe("systems on one device", () => {
  async function askAll(
    engine: SearchEngine,
    names: Namespace,
    kernel: ResidentKernel<typeof ECHO_REQUEST, typeof ECHO_RESPONSE>,
  ): Promise<void> {
    for (let round = 0; round < 5; round++) {
      const file = round * 3;
      expect((await engine.search({ pattern: `needle ${file}$` })).count).toBe(1);
      const [found] = await names.lookupBatch([`/${file}.txt`]);
      expect(found).toBeGreaterThan(0);
      expect(await kernel.call({ value: round })).toEqual({ value: round + 1 });
    }
    // All at the same time.
    const [result, inodes, answer] = await Promise.all([
      engine.search({ pattern: "needle" }),
      names.lookupBatch(["/1.txt", "/2.txt"]),
      kernel.call({ value: 41 }),
    ]);
    expect(result.count).toBe(20);
    expect(inodes.every((inode) => typeof inode === "number" && inode > 0)).toBe(true);
    expect(answer).toEqual({ value: 42 });
  }

  it.each(["engine", "names", "kernel"])(
    "answer side by side, also when the %s goes first",
    async (first) => {
      const strategy = loopLimit === undefined ? "adaptive" : "batch";
      using device = Device.open({ select, allowSoftware: true });
      const corpus = await Corpus.list([folder]);
      const engine = await SearchEngine.open({ corpus, device, strategy });
      const names = await Namespace.open({ device, strategy });
      await names.addTree(folder);
      const kernel = await ResidentKernel.open({
        device,
        source: { text: ECHO },
        request: struct("Request", { value: u32 }),
        response: struct("Response", { value: u32 }),
        strategy,
      });
      await askAll(engine, names, kernel);
      // Loading and changing go on beside the others.
      await engine.addCorpus(await Corpus.list([folder]));
      await names.addFile("/0.txt.copy");
      await askAll(engine, names, kernel);
      const closing = {
        engine: () => engine.close(),
        names: () => names.close(),
        kernel: () => kernel[Symbol.asyncDispose](),
      };
      await closing[first as keyof typeof closing]();
      if (first !== "engine") expect((await engine.search({ pattern: "needle" })).count).toBe(20);
      if (first !== "names") expect((await names.lookupBatch(["/1.txt"]))[0]).toBeGreaterThan(0);
      if (first !== "kernel") expect(await kernel.call({ value: 1 })).toEqual({ value: 2 });
      await engine.close();
      await names.close();
      await kernel[Symbol.asyncDispose]();
      expect(device.liveHandles.buffer).toBe(0);
    },
  );
});
