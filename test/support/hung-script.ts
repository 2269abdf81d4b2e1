/** A process with a kernel that never returns, and others beside it; prints what became of each call as JSON. */
import { EverwarpError } from "../../src/base/errors.ts";
import { ProgramCache } from "../../src/programs/index.ts";
import { ResidentKernel } from "../../src/residency/service/resident-kernel.ts";
import { struct, u32 } from "../../src/schema/index.ts";
import { Device } from "../../src/vulkan/device/device.ts";

/** Amount that the kernel never comes back from. */
const ENDLESS = 666;

const hanging = {
  source: {
    text: `#version 460
#include "kernel.glsl"
layout(buffer_reference, scalar, buffer_reference_align = 16) buffer Spin { uint word; };
void perform(uint slot) {
  Asked asked = requestAt(slot);
  Spin spin = Spin(spinState());
  if (asked.value == 666u) while (spin.word != 7u) spin.word = (spin.word | 8u) + 16u;
  if (gl_LocalInvocationIndex == 0u) respond(slot, Told(asked.value + 1u));
}
`,
  },
  request: struct("Asked", { value: u32 }),
  response: struct("Told", { value: u32 }),
  state: { spin: 16 },
  workgroupSize: 32,
  strategy: "batch",
  hangTimeoutMs: 500,
} as const;

async function outcome(work: () => unknown): Promise<string> {
  try {
    const value = await work();
    return typeof value === "object" && value !== null && "value" in value ? String(value.value) : "ok";
  } catch (error) {
    return error instanceof EverwarpError ? error.code : `raw: ${String(error)}`;
  }
}

/** @param way `calls`: everything is asked, and closed in the end. `exit`: the process ends while the kernel hangs */
export async function runHung(way: string, select: number): Promise<void> {
  const device = Device.open({ select });
  const elsewhere = Device.open({ select });
  const launch = (
    label: string,
    on = device,
  ): Promise<ResidentKernel<typeof hanging.request, typeof hanging.response>> =>
    ResidentKernel.open({ device: on, ...hanging, label });
  const kernel = await launch("hanging");
  const second = await launch("second");
  const other = await launch("elsewhere", elsewhere);
  const cache = await ProgramCache.open({ device, directory: false });
  const first = await kernel.call({ value: 1 });
  const endless = outcome(() => kernel.call({ value: ENDLESS }));
  await new Promise((resolve) => setTimeout(resolve, 100));
  if (way === "exit") {
    void outcome(() => kernel.checkpoint());
    setTimeout(() => process.exit(3), 100);
    return;
  }
  const found = {
    first: String(first.value),
    beside: outcome(() => kernel.call({ value: 2 })),
    secondKernel: outcome(() => second.call({ value: 3 })),
    elsewhere: outcome(() => other.call({ value: 4 })),
    checkpoint: outcome(() => kernel.checkpoint()),
    endless,
  };
  const opened = outcome(async () => {
    const late = Device.open({ select });
    const lateKernel = await launch("late", late);
    const answer = await lateKernel.call({ value: 5 });
    await lateKernel.close();
    late.close();
    return answer;
  });
  // On the device that hangs: refused within a bound, or made on one that does not hang any more.
  const third = outcome(() => launch("third").then((made) => made.close()));
  const acquired = outcome(async () =>
    (await cache.acquire({ source: "#version 460\nvoid main() {}\n", name: "nothing" })).release(),
  );
  const settled = Object.fromEntries(
    await Promise.all(Object.entries(found).map(async ([name, each]) => [name, await each] as const)),
  );
  const closes = { opened: await opened, third: await third, acquired: await acquired };
  const later = {
    later: await outcome(() => kernel.call({ value: 6 })),
    secondKernelLater: await outcome(() => second.call({ value: 7 })),
  };
  for (const each of [kernel, second, other]) await each.close();
  await cache.close();
  const closed = {
    device: await outcome(() => device.close()),
    elsewhere: await outcome(() => elsewhere.close()),
  };
  process.stdout.write(JSON.stringify({ ...settled, ...closes, ...later, closed }));
}
