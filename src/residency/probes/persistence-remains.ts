/** Measures what remains of registers and shared memory after a gap. */
import type { Device, Recorder } from "../../vulkan/index.ts";
import type { Gap } from "../profile/index.ts";
import { type FoundPerGap, SEED } from "./persistence-pattern.ts";
import { ProbeKernel } from "./probe-kernel.ts";
import { ProbeMode } from "./probe.schema.ts";

/** Specialization constant: the mode of the kernel. */
export const MODE_ID = 1;
/** Number of workgroups that search shared memory: enough to reach every part of a large device. */
const REMAINS_WORKGROUPS = 256;
const REMAINS_THREADS = 64;
const REGISTER_WORDS = 16;
/** Words of shared memory that a workgroup writes. */
export const SHARED_WORDS = 3_072;

interface Remains {
  readonly write: (recorder: Recorder) => void;
  readonly look: (recorder: Recorder) => void;
  /** The result of `look` since the last call of this. */
  readonly found: () => { shared: number; registers: number };
}

/** Opens two kernels: one writes registers and shared memory, the other searches for what remains. */
export async function inRemains<T>(device: Device, body: (remains: Remains) => Promise<T>): Promise<T> {
  using writer = await ProbeKernel.open(device, "remains", {
    specialization: { [MODE_ID]: ProbeMode.WRITE },
  });
  using finder = await ProbeKernel.open(device, "remains", {
    specialization: { [MODE_ID]: ProbeMode.COUNT },
  });
  return await body({
    write: (recorder) => writer.record(recorder, { value: SEED }, REMAINS_WORKGROUPS),
    look: (recorder) => finder.record(recorder, { value: SEED }, REMAINS_WORKGROUPS),
    found: () => {
      const [shared = 0, registers = 0] = finder.answer;
      finder.answer.fill(0);
      return { shared, registers };
    },
  });
}

/** What remains of registers and shared memory after each gap. */
export async function probeRemains(
  device: Device,
  hasTraces: boolean,
): Promise<{ registers: FoundPerGap; "shared memory": FoundPerGap }> {
  return await inRemains(device, async ({ write, look, found }) => {
    const steps: Record<Gap, () => void> = {
      process: () => device.run(look),
      dispatch: () =>
        device.run((recorder) => {
          write(recorder);
          look(recorder);
        }),
      submission: () => {
        device.run(write);
        device.run(look);
      },
    };
    const registers: FoundPerGap = { dispatch: undefined, submission: undefined, process: undefined };
    const shared: FoundPerGap = { ...registers };
    for (const gap of ["process", "dispatch", "submission"] as const) {
      if (gap === "process" && !hasTraces) continue;
      steps[gap]();
      const counted = found();
      registers[gap] = {
        count: counted.registers,
        of: REMAINS_WORKGROUPS * REMAINS_THREADS * REGISTER_WORDS,
      };
      shared[gap] = { count: counted.shared, of: REMAINS_WORKGROUPS * SHARED_WORDS };
    }
    return await Promise.resolve({ registers, "shared memory": shared });
  });
}
