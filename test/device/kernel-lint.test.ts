/** Kernels that could hang a device are refused when they are opened. */
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { ResidentKernel } from "../../src/residency/index.ts";
import { struct, u32 } from "../../src/schema/index.ts";
import type { Device } from "../../src/vulkan/index.ts";
import { openTestDevice } from "../support/vulkan.ts";

let device: Device;
beforeAll(() => {
  device = openTestDevice();
});
afterAll(() => {
  vi.unstubAllEnvs();
  device?.close();
});

/** Half of the threads come to a barrier, if the request asks for it: never, in these tests. */
const kernel = (line: string): Parameters<typeof ResidentKernel.open>[0] => ({
  device,
  source: {
    text: `#version 460
#include "kernel.glsl"
void perform(uint slot) {
  Ask ask = requestAt(slot);
  ${line}
  if (gl_LocalInvocationIndex == 0u) respond(slot, Told(ask.value + 1u));
}
`,
  },
  label: "half",
  request: struct("Ask", { value: u32 }),
  response: struct("Told", { value: u32 }),
});
const UNSAFE = "if (ask.value == 99u && gl_LocalInvocationIndex < 32u) barrier();";

describe("a kernel with a barrier that some threads do not reach", () => {
  it("is refused with the place and the rule, and leaves nothing behind", async () => {
    const before = { ...device.liveHandles, pipeline: 0 };
    const opening = ResidentKernel.open(kernel(UNSAFE));
    await expect(opening).rejects.toThrow(expect.objectContaining({ code: "EW_KERNEL_UNSAFE" }));
    await expect(opening).rejects.toThrow("half:5: only some threads reach this barrier");
    await expect(opening).rejects.toThrow("(divergent-barrier, see half:5)");
    expect({ ...device.liveHandles, pipeline: 0 }).toEqual(before);
  });

  it("is opened with unsafe: true", async () => {
    await using opened = await ResidentKernel.open({ ...kernel(UNSAFE), unsafe: true });
    expect(await opened.call({ value: 4 })).toEqual({ value: 5 });
  });

  it("is opened where a comment gives a reason", async () => {
    const reason = "// everwarp-disable-next-line divergent-barrier no request has 99\n";
    await using opened = await ResidentKernel.open(kernel(`${reason}${UNSAFE}`));
    expect(await opened.call({ value: 5 })).toEqual({ value: 6 });
  });
});

it("a good verdict is kept on disk, and a bad one is not", async () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), "everwarp-verdict-"));
  try {
    vi.stubEnv("XDG_CACHE_HOME", folder);
    const { findErrors } = await import("../../src/lint/verdict.ts");
    const { compileWithLines } = await import("../../src/programs/index.ts");
    const compiled = async (body: string): Promise<Uint32Array> =>
      (
        await compileWithLines({
          source: `#version 460\nlayout(local_size_x = 64) in;\nvoid main() { ${body} }`,
        })
      ).spirv;
    const kept = (): string[] => readdirSync(path.join(folder, "everwarp", "lint"));
    expect(findErrors(await compiled("barrier();"))).toEqual([]);
    expect(kept()).toHaveLength(1);
    expect(findErrors(await compiled("if (gl_LocalInvocationIndex < 5u) barrier();"))).toHaveLength(1);
    expect(kept()).toHaveLength(1);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
