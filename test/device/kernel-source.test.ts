/** Typed requests all the way: host → generated GLSL → host, and the promises of kernel.glsl. */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkLayout } from "../../src/programs/sources/check-layout.ts";
import { sharedPrograms } from "../../src/programs/index.ts";
import { measureProfile } from "../../src/residency/device/profiled-device.ts";
import { KERNEL_TYPES_FILE } from "../../src/residency/kernel/kernel-names.ts";
import { kernelTypes } from "../../src/residency/kernel/kernel-source.ts";
import type { DeviceProfile } from "../../src/residency/profile/device-profile.ts";
import { ResidentKernel } from "../../src/residency/service/resident-kernel.ts";
import { STRATEGY_NAMES } from "../../src/residency/strategies/strategy-name.ts";
import { array, struct, type StructLayout, u32, u64 } from "../../src/schema/index.ts";
import { undocumented } from "../../src/schema/types.ts";
import type { Device } from "../../src/vulkan/index.ts";
import { structArbitrary, valueArbitrary } from "../support/kernel-structs.ts";
import { propertyRuns } from "../support/property-runs.ts";
import { TypedLoop } from "../support/typed-loop.ts";
import { openTestDevice, watchValidation } from "../support/vulkan.ts";

watchValidation();

let device: Device;
let profile: DeviceProfile;
beforeAll(async () => {
  device = openTestDevice();
  profile = await measureProfile(device);
});
afterAll(() => {
  device?.close();
});

const ECHO = `#version 460
#include "kernel.glsl"
void perform(uint slot) {
  if (gl_LocalInvocationIndex == 0u) respond(slot, requestAt(slot));
}
`;

describe("any struct", () => {
  it("survives the way to the kernel and back", async () => {
    const withValues = structArbitrary("Request", 44).chain((schema) =>
      fc.tuple(fc.constant(schema), fc.array(valueArbitrary(schema), { minLength: 1, maxLength: 12 })),
    );
    await fc.assert(
      fc.asyncProperty(withValues, async ([schema, values]) => {
        await using kernel = await TypedLoop.launch({
          device,
          profile,
          source: { text: ECHO },
          request: schema,
          response: schema,
        });
        for (const value of values) {
          // What lies between fields is no part of the value.
          expect(await kernel.call(value as never)).toEqual(value);
        }
        // Many at once are taken several at a time.
        const answers = await Promise.all(values.map((value) => kernel.call(value as never)));
        expect(answers).toEqual(values);
      }),
      propertyRuns(6),
    );
  });

  it("lies in the kernel's memory as in the schema, when its author keeps it in state", async () => {
    const first = (of: StructLayout): string => {
      const [name, type] = Object.entries(of.fields)[0] ?? ["", u32];
      const { kind } = undocumented(type);
      return kind === "array" || kind === "padding" ? `${name}[0]` : name;
    };
    await fc.assert(
      fc.asyncProperty(structArbitrary("Request", 60), async (request) => {
        const types = kernelTypes({
          request,
          response: struct("Response", { a: u32 }),
          state: { kept: 4096 },
        });
        const { module } = await sharedPrograms().program({
          source: `#version 460
#include "kernel.glsl"
layout(buffer_reference, scalar, buffer_reference_align = 16) buffer Kept { Request values[]; };
void perform(uint slot) {
  Kept kept = Kept(keptState());
  kept.values[1].${first(request)} = kept.values[0].${first(request)};
  respond(slot, Response(1u));
}
`,
          virtualFiles: { [KERNEL_TYPES_FILE]: types.glsl },
        });
        checkLayout(module, request);
      }),
      { numRuns: 15 },
    );
  });

  it("of 60 words reaches the kernel whole", async () => {
    const request = struct("Request", { words: array(u32, 60) });
    const response = struct("Response", { sum: u64, last: u32 });
    await using kernel = await TypedLoop.launch({
      device,
      profile,
      source: {
        text: `#version 460
#include "kernel.glsl"
void perform(uint slot) {
  Request request = requestAt(slot);
  uint64_t sum = 0ul;
  for (uint index = 0u; index < REQUEST_WORDS; index++) sum = sum * 3ul + uint64_t(request.words[index]);
  spend(REQUEST_WORDS);
  if (gl_LocalInvocationIndex == 0u) respond(slot, Response(sum, request.words[59]));
}
`,
      },
      request,
      response,
    });
    const words = Array.from({ length: 60 }, (_, index) => (index * 0x9e37_79b9) >>> 0);
    const sum = words.reduce((total, word) => BigInt.asUintN(64, total * 3n + BigInt(word)), 0n);
    expect(await kernel.call({ words })).toEqual({ sum, last: words[59] });
  });
});

describe("kernel.glsl", () => {
  const request = struct("Request", { value: u32 });
  const response = struct("Response", { value: u32, threads: u32 });
  const launch = (text: string, loop: object = {}, workgroupSize = 32) =>
    TypedLoop.launch({
      device,
      profile,
      source: { text: `#version 460\n#include "kernel.glsl"\n${text}` },
      request,
      response,
      state: { memory: 1024 },
      workgroupSize,
      loop,
    });
  const memory =
    "layout(buffer_reference, scalar, buffer_reference_align = 16) buffer Memory { uint words[]; };\n";

  it("fail gives its code to the caller, and the next request is served", async () => {
    await using kernel = await launch(`
void perform(uint slot) {
  uint value = requestAt(slot).value;
  if (gl_LocalInvocationIndex != 0u) return;
  if (value % 2u == 1u) fail(slot, value);
  else respond(slot, Response(value, 0u));
}`);
    const answers = await Promise.allSettled(
      [4, 17, 6, 65_535, 65_537].map((value) => kernel.call({ value })),
    );
    expect(
      answers.map((each) => (each.status === "fulfilled" ? each.value.value : `${each.reason as Error}`)),
    ).toEqual([
      4,
      expect.stringContaining("code 17"),
      6,
      expect.stringContaining("code 65535"),
      expect.stringContaining("code 65535"),
    ]);
  });

  it.each([1, 3])(
    "a request that perform forgets to answer, in %i workgroups, ends with an error",
    async (workgroups) => {
      await using kernel = await launch("void perform(uint slot) {}", {
        strategy: "batch",
        boundedWorkgroupCount: workgroups,
      });
      await expect(kernel.call({ value: 1 })).rejects.toThrow("without an answer");
    },
  );

  it("all threads enter, and what one stores the others read in the next request", async () => {
    await using kernel = await launch(
      `${memory}
shared uint sh_threads;
void perform(uint slot) {
  Memory memory = Memory(memoryState());
  uint value = requestAt(slot).value;
  if (gl_LocalInvocationIndex == 0u) sh_threads = 0u;
  barrier();
  // Each thread reads what its neighbour stored in the request before.
  uint before = memory.words[(gl_LocalInvocationIndex + 1u) % gl_WorkGroupSize.x];
  if (before == value - 1u) atomicAdd(sh_threads, 1u);
  barrier();
  memory.words[gl_LocalInvocationIndex] = value;
  if (gl_LocalInvocationIndex == 0u) respond(slot, Response(value, sh_threads));
}`,
      {},
      64,
    );
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, index) => kernel.call({ value: index + 1 })),
    );
    expect(answers).toEqual(Array.from({ length: 12 }, (_, index) => ({ value: index + 1, threads: 64 })));
  });

  const SUSPENDING = `${memory}
void perform(uint slot) {
  Memory memory = Memory(memoryState());
  uint rounds = requestAt(slot).value;
  uint here = uint(progress());
  if (gl_LocalInvocationIndex == 0u) memory.words[currentPriority] = here == 0u ? 1u : memory.words[currentPriority] + 1u;
  if (here + 1u < rounds) suspend(uint64_t(here + 1u));
  else if (gl_LocalInvocationIndex == 0u) respond(slot, Response(memory.words[currentPriority], here));
}`;

  it.each(STRATEGY_NAMES)(
    "%s: a suspended request is entered until it is done, those behind it wait",
    async (strategy) => {
      if (strategy === "persistent" && !profile.persistent.allowed) {
        // Nothing to run here: the profile forbids it, and the loop must say so.
        await expect(launch(SUSPENDING, { strategy })).rejects.toThrow(profile.persistent.reason);
        return;
      }
      await using kernel = await launch(SUSPENDING, { strategy });
      const wanted = [1, 5, 1, 2, 300, 1, 3];
      const answers = await Promise.all(wanted.map((value) => kernel.call({ value })));
      // As many entries as asked for, and progress went up by one each time.
      expect(answers).toEqual(wanted.map((value) => ({ value, threads: value - 1 })));
    },
  );

  it("several workgroups give one answer, each with progress of its own", async () => {
    const workgroups = 3;
    await using kernel = await launch(
      `${memory}
void perform(uint slot) {
  Memory memory = Memory(memoryState());
  uint value = requestAt(slot).value;
  uint slices = value + gl_WorkGroupID.x; // each workgroup has another number to do
  uint here = uint(progress());
  if (here + 1u < slices) {
    suspend(uint64_t(here + 1u));
    return;
  }
  // The last to arrive answers. A place for each request, as another workgroup may be ahead.
  if (gl_LocalInvocationIndex != 0u) return;
  atomicAdd(memory.words[value], here + 1u, gl_ScopeDevice, gl_StorageSemanticsBuffer, gl_SemanticsAcquireRelease);
  uint arrived = atomicAdd(memory.words[100u + value], 1u, gl_ScopeDevice, gl_StorageSemanticsBuffer, gl_SemanticsAcquireRelease);
  if (arrived + 1u != gl_NumWorkGroups.x) return;
  uint total = atomicAdd(memory.words[value], 0u, gl_ScopeDevice, gl_StorageSemanticsBuffer, gl_SemanticsAcquireRelease);
  respond(slot, Response(total, arrived + 1u));
}`,
      { strategy: "batch", boundedWorkgroupCount: workgroups },
    );
    const values = [1, 7, 3, 40, 2, 5];
    const answers = await Promise.all(values.map((value) => kernel.call({ value })));
    const slices = (value: number): number => value + (value + 1) + (value + 2);
    expect(answers).toEqual(values.map((value) => ({ value: slices(value), threads: workgroups })));
  });

  it("an urgent request is performed between two slices of another", async () => {
    await using kernel = await launch(SUSPENDING);
    const long = kernel.submit({ value: 20_000 });
    const urgent = kernel.submit({ value: 2 }, 1);
    expect(await kernel.answer(urgent)).toEqual({ value: 2, threads: 1 });
    expect(await kernel.answer(long)).toEqual({ value: 20_000, threads: 19_999 });
    // In the order in which the kernel finished them.
    expect([urgent.ordinal, long.ordinal]).toEqual([1, 2]);
  });

  it.for([
    [
      "time",
      "uint begin = clockRealtime2x32EXT().x; while (clockRealtime2x32EXT().x - begin < value && rounds < 1000000u) rounds++;",
    ],
    ["rounds", "spend(value);"],
  ])(
    "requests that take much %s are answered one by one, short ones together",
    async ([what, work], { skip }) => {
      if (what === "time" && !device.info.features.includes("shaderDeviceClock"))
        skip("this device has no clock");
      if (what === "time" && profile.loopLimit !== undefined)
        skip("this driver limits loops, so a kernel cannot spin for long");
      await using kernel = await launch(`
void perform(uint slot) {
  uint value = requestAt(slot).value;
  uint rounds = 0u;
  ${work}
  // The slot tells the place among those that are answered together.
  if (gl_LocalInvocationIndex == 0u) respond(slot, Response(slot, rounds));
}`);
      const placesOf = async (value: number): Promise<number[]> => {
        const tickets = Array.from({ length: 8 }, () => kernel.submit({ value }));
        const answers = await Promise.all(tickets.map((ticket) => kernel.answer(ticket)));
        return answers.map((answer) => answer.value);
      };
      let short = await placesOf(0);
      // How many are taken together depends on how quickly they come.
      for (let tries = 0; tries < 100 && Math.max(...short) === 0; tries++) short = await placesOf(0);
      expect(Math.max(...short)).toBeGreaterThan(0);
      for (let tries = 0; tries < 5; tries++)
        expect(await placesOf(500_000)).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
    },
  );

  it("rounds that are not told of give no wrong answer, where the driver limits them", async () => {
    await using kernel = await ResidentKernel.open({
      device,
      source: {
        text: `#version 460
#include "kernel.glsl"
void perform(uint slot) {
  uint value = requestAt(slot).value;
  uint turned = 0u;
  for (uint round = 0u; round < value; round++) turned += 1u + (round ^ round);
  if (gl_LocalInvocationIndex == 0u) respond(slot, Response(turned, 0u));
}`,
      },
      request,
      response,
    });
    const answer = kernel.call({ value: 70_000 });
    if (profile.loopLimit === undefined) expect(await answer).toEqual({ value: 70_000, threads: 0 });
    else {
      await expect(answer).rejects.toMatchObject({
        code: "EW_REQUEST_POISONED",
        cause: { code: "EW_LOOP_LIMIT" },
      });
    }
    expect(await kernel.call({ value: 10 })).toEqual({ value: 10, threads: 0 });
  });

  it("rounds that are told of end a launch in time, where the driver limits them", async () => {
    // 40 requests of 2000 rounds are more than such a driver gives one launch.
    await using kernel = await launch(`
void perform(uint slot) {
  uint value = requestAt(slot).value;
  uint turned = 0u;
  for (uint round = 0u; round < 2000u + value; round++) turned += 1u + (round ^ round);
  spend(2000u + value);
  if (gl_LocalInvocationIndex == 0u) respond(slot, Response(turned, 0u));
}`);
    for (let value = 0; value < 40; value++)
      expect(await kernel.call({ value })).toEqual({ value: 2000 + value, threads: 0 });
  });
});
