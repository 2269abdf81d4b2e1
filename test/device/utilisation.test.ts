/** How many threads are at work: measured in kernels of which arithmetic tells it. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { main } from "../../src/cli/command-line.ts";
import {
  LaneCounters,
  type LaneCounterOptions,
  type Reading,
  type Utilisation,
  utilisationOf,
} from "../../src/lint/index.ts";
import { compileWithLines } from "../../src/programs/index.ts";
import type { Device } from "../../src/vulkan/index.ts";
import { captured } from "../support/environment.ts";
import { openTestDevice, watchValidation } from "../support/vulkan.ts";

watchValidation();
let device: Device;
beforeAll(() => {
  device = openTestDevice();
});
afterAll(() => device?.close());

const THREADS = 32;
const HEAD = `#version 460
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_EXT_buffer_reference : require
layout(local_size_x = ${THREADS}) in;
layout(buffer_reference, std430, buffer_reference_align = 4) buffer Words { uint words[]; };
layout(push_constant) uniform Push { Words data; };
shared uint sh_sum;
`;

/** Runs a kernel with counters. */
async function measure(
  body: string,
  workgroups?: readonly [number, number, number],
  launches?: number,
  onEnd?: (words: Uint32Array) => void,
): Promise<Utilisation> {
  return utilisationOf([await readingOf(body, workgroups, launches, onEnd)]);
}

async function readingOf(
  body: string,
  workgroups: readonly [number, number, number] = [1, 1, 1],
  launches = 1,
  onEnd: (words: Uint32Array) => void = () => undefined,
  options: LaneCounterOptions = {},
): Promise<Reading> {
  const module = await compileWithLines({ source: `${HEAD}${body}` });
  using counters = new LaneCounters(device, options);
  const spirv = counters.count(module.spirv, { name: "kernel" });
  using data = device.createBuffer({ role: "readback", sizeBytes: 1 << 16 });
  new Uint8Array(data.host).fill(0);
  using pipeline = device.createComputePipeline({ spirv, pushConstantBytes: 8 });
  const address = new Uint8Array(new BigUint64Array([data.address]).buffer);
  for (let launch = 0; launch < launches; launch++)
    device.run((recorder) =>
      recorder
        .bind(pipeline)
        .push(address)
        .dispatch(...workgroups),
    );
  onEnd(new Uint32Array(data.host));
  const [reading] = counters.readings();
  if (reading === undefined) throw new Error("nothing was counted");
  return reading;
}

/** The loop of a kernel that has one. */
function loopOf({ phases }: Utilisation): Utilisation["phases"][number] {
  const [loop, ...more] = phases.filter(({ kind }) => kind === "loop");
  if (loop === undefined || more.length > 0) throw new Error(`${phases.length} phases`);
  return loop;
}

describe("a loop that some of 32 threads run", () => {
  test.each([1, 5, 16, 31, 32])("%i of them", async (count) => {
    const kernel = await measure(`void main() {
  if (gl_LocalInvocationIndex < ${count}u)
    for (uint i = 0u; i < 100u; i++) data.words[gl_LocalInvocationIndex] += i;
  barrier();
}`);
    const loop = loopOf(kernel);
    expect(loop.lanes).toBe(count / THREADS);
    const { subgroupSize } = kernel;
    expect(loop.subgroupLanes).toBe(count / (Math.ceil(count / subgroupSize) * subgroupSize));
    expect(loop.range).toEqual({ file: undefined, firstLine: 10, lastLine: 10 });
    expect(kernel.workgroupSize).toBe(THREADS);
    // The loop is nearly all of the work, and what is not is done by all threads.
    expect(loop.share).toBeGreaterThan(0.9);
    expect(kernel.lanes).toBeGreaterThanOrEqual(count / THREADS);
    expect(kernel.lanes).toBeLessThanOrEqual(count / THREADS + 0.1);
  });

  test("a single thread is what the estimate knows, too", async () => {
    const kernel = await measure(`void main() {
  if (gl_LocalInvocationIndex == 0u)
    for (uint i = 0u; i < 100u; i++) data.words[i] += i;
  barrier();
}`);
    expect(loopOf(kernel)).toMatchObject({ lanes: 1 / THREADS, estimatedLanes: 1 / THREADS });
  });

  test("each thread has one round more than the one before it", async () => {
    const kernel = await measure(`void main() {
  for (uint i = 0u; i <= gl_LocalInvocationIndex; i++) data.words[gl_LocalInvocationIndex] += i;
  barrier();
}`);
    // The body runs 1 + … + 32 times, of 32 · 32. The condition is looked at once more by each thread.
    const { lanes } = loopOf(kernel);
    expect(lanes).toBeGreaterThanOrEqual(528 / 1024);
    expect(lanes).toBeLessThanOrEqual(560 / 1056);
  });
});

describe("who waits for whom", () => {
  const turns = (barrier: string): string => `void main() {
  uint turn = 0u;
  for (; turn < 4u; turn++) {
    if (gl_LocalInvocationIndex / 8u == turn)
      for (uint i = 0u; i < 50u; i++) data.words[gl_LocalInvocationIndex] += i;
    ${barrier}
  }
}`;
  const inner = ({ phases }: Utilisation): number | undefined =>
    phases.filter(({ kind }) => kind === "loop").toSorted((a, b) => b.share - a.share)[0]?.lanes;

  test("eight threads after the other, with barriers: all wait for each", async () => {
    expect(inner(await measure(turns("barrier();")))).toBe(8 / THREADS);
  });

  test("without barriers, subgroups go on beside each other", async () => {
    const kernel = await measure(turns(""));
    expect(inner(kernel)).toBe(Math.min(1, 8 / Math.min(kernel.subgroupSize, THREADS)));
  });

  test("two launches, and workgroups in three dimensions", async () => {
    const kernel = await measure(turns("barrier();"), [3, 2, 4], 2);
    expect(kernel.workgroups).toBe(24);
    expect(inner(kernel)).toBe(8 / THREADS);
  });
});

test("the phases of a large kernel are counted a part at a time, and each has its own counters", async () => {
  const loops = [1, 8, 20, 32].map(
    (count) => `  if (gl_LocalInvocationIndex < ${count}u)
    for (uint i = 0u; i < 9u; i++) data.words[gl_LocalInvocationIndex] += i;
  barrier();
`,
  );
  const body = `void main() {\n${loops.join("")}}`;
  const read = (part: number): Promise<Reading> =>
    readingOf(body, [2, 1, 1], 1, undefined, { part, maxSites: 4 });
  const first = await read(0);
  const readings: [Reading, ...Reading[]] = [first];
  for (let part = 1; part < first.partCount; part++) readings.push(await read(part));
  expect(readings.length).toBeGreaterThan(2);
  const { phases } = utilisationOf(readings);
  const lanes = phases.filter(({ kind }) => kind === "loop").map((phase) => phase.lanes);
  expect(lanes.toSorted((a, b) => a - b)).toEqual([1 / 32, 8 / 32, 20 / 32, 1]);
  for (const { subgroupLanes } of phases) expect(subgroupLanes).toBeLessThanOrEqual(1);
  // A kernel that is made twice is counted twice, and its shares stay.
  expect(utilisationOf([...readings, ...readings]).phases).toEqual(phases);
});

test("a function has phases of its own, wherever it is called from, and what is not called has none", async () => {
  const kernel = await measure(`void work(uint rounds) {
  for (uint i = 0u; i < rounds; i++) data.words[gl_LocalInvocationIndex] += i;
}
void idle() { data.words[0] = 1u; }
void main() {
  if (gl_LocalInvocationIndex < 8u) work(30u);
  barrier();
  if (gl_LocalInvocationIndex < 24u) work(30u);
  barrier();
  if (gl_NumSubgroups == 999u) idle();
}`);
  expect(kernel.phases.map(({ kind, name }) => `${kind} ${name}`).toSorted()).toEqual([
    "function main",
    "function work",
    "loop work",
  ]);
  // 8 threads, then 24 of them, for the same rounds.
  expect(loopOf(kernel).lanes).toBe(16 / THREADS);
});

test("counters do not change what a kernel stores", async () => {
  const body = `void main() {
  uint sum = 0u;
  for (uint i = 0u; i <= gl_LocalInvocationIndex; i++) sum += i;
  if (gl_LocalInvocationIndex == 0u) sh_sum = 0u;
  barrier();
  atomicAdd(sh_sum, sum);
  barrier();
  data.words[gl_LocalInvocationIndex] = sh_sum + sum;
}`;
  let stored: number[] = [];
  await measure(body, [1, 1, 1], 1, (words) => (stored = Array.from(words.subarray(0, THREADS))));
  const sums = Array.from({ length: THREADS }, (_, index) => (index * (index + 1)) / 2);
  const all = sums.reduce((sum, each) => sum + each, 0);
  expect(stored).toEqual(sums.map((sum) => sum + all));
});

describe("everwarp lint --utilisation", () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), "utilisation-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const file = (name: string, text: string): string => {
    const at = path.join(folder, name);
    writeFileSync(at, text);
    return at;
  };
  const run = async (...args: string[]): Promise<{ code: number; out: string; errors: string }> => {
    const { environment, out, errors } = captured();
    const code = await main(
      ["lint", "--utilisation", "--device", String(device.info.index), ...args],
      environment,
    );
    return { code, out: out(), errors: errors() };
  };

  test("a kernel of one's own: the words of its requests say how often its loop runs", async () => {
    const kernel = file(
      "half.comp",
      `#version 460
#include "kernel.glsl"
void perform(uint slot) {
  Ask ask = requestAt(slot);
  uint sum = 0u;
  if (gl_LocalInvocationIndex < 32u)
    for (uint i = 0u; i < ask.rounds; i++) sum += i * gl_LocalInvocationIndex;
  if (gl_LocalInvocationIndex == 0u) respond(slot, Told(sum));
}
`,
    );
    file(
      "half.ts",
      `open({ source: "half.comp", request: struct("Ask", { rounds: u32 }), response: struct("Told", { sum: u32 }) });`,
    );
    const { code, out } = await run("--json", "--requests", "5", "--words", "200", kernel);
    expect(code).toBe(0);
    const [report] = (JSON.parse(out) as { files: { work: string; kernels: Utilisation[] }[] }).files;
    expect(report?.work).toBe("5 requests");
    const [measured] = report?.kernels ?? [];
    // 32 of the 64 threads that a workgroup has by default.
    expect(measured?.phases[0]).toMatchObject({ kind: "loop", name: "perform", lanes: 0.5 });
    expect(measured?.phases[0]?.range).toEqual({ file: kernel, firstLine: 7, lastLine: 7 });
  });

  test("a plain kernel is launched once, as a table", async () => {
    const kernel = file("plain.comp", `${HEAD}void main() { data.words[gl_LocalInvocationIndex] = 1u; }`);
    const { code, out } = await run("--workgroups", "3", kernel);
    expect(code).toBe(0);
    expect(out).toContain(`${kernel} on ${device.info.name}: one launch of 3 workgroups\n`);
    expect(out).toMatch(/^ +100 % +100 % +\d+ % +100 % {2}.*plain\.comp:\d+: main$/m);
  });

  test.each([
    [
      "a kernel that could hang",
      `${HEAD}void main() { if (gl_LocalInvocationIndex < 5u) barrier(); }`,
      "could hang",
    ],
    [
      "a kernel with bindings",
      "#version 460\nlayout(set = 0, binding = 2) buffer B { uint word; };\nvoid main() { word = 1u; }",
      "binding 2",
    ],
    ["a kernel without its program", '#version 460\n#include "kernel.glsl"\n', "no program beside"],
    ["a text that is no kernel", "#version 460\nnonsense\n", "does not compile"],
  ])("%s is refused with its reason", async (_, text, message) => {
    const { code, out } = await run(file("refused.comp", text));
    expect(code).toBe(2);
    expect(out).toContain("refused.comp: not measured: ");
    expect(out).toContain(message);
  });

  test.each([
    ["search/planes", 0, "planes.comp"],
    ["search/transpose", 0, "transpose.comp"],
    ["residency/echo", 2, "not measured: a kernel of residency is a probe"],
    ["wasm/interpret", 2, "not measured: the kernel of wasm runs modules of its users"],
  ])("%s of this package: %i", async (kernel, expected, message) => {
    const { code, out } = await run(kernel);
    expect(out).toContain(message);
    expect(code).toBe(expected);
  });

  test("a number is an index, and no part of a name", async () => {
    const number = /\d{2,}/.exec(device.info.name)?.[0] ?? "99";
    const { code, errors } = await run("some.comp", "--device", number);
    expect(code).toBe(2);
    expect(errors).toContain(number);
  });

  test.each([
    [["--requests", "0"], "--requests"],
    [["--words", "1,x"], '"x"'],
    [["--seconds", "-1"], "--seconds"],
    [["--sarif"], "SARIF"],
    [["--device", "no such device"], "no such device"],
  ])("%j is refused", async (args, message) => {
    const { code, errors } = await run("some.comp", ...args);
    expect(code).toBe(2);
    expect(errors).toContain(message);
  });
});
