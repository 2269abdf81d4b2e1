/** The slices kernel of the conformance suite, ready to be launched, and its reference. */
import { join } from "node:path";
import type { ProgramLoopOptions } from "../../src/residency/launch/program-loop.ts";
import { type ResidentLoop, WORKGROUP_SIZE_ID } from "../../src/residency/launch/resident-loop.ts";
import type { DeviceProfile } from "../../src/residency/profile/device-profile.ts";
import type { Ticket } from "../../src/residency/queue/work-queue.ts";
import type { Device } from "../../src/vulkan/index.ts";
import { launchWithState } from "./state-loop.ts";

export interface Slices extends AsyncDisposable {
  readonly loop: ResidentLoop;
  /** Asks for a value to be added, in so many slices, of so many rounds of loops each. */
  add(value: number, options?: { slices?: number; rounds?: number; priority?: number }): Ticket;
}

export async function launchSlices(
  device: Device,
  profile: DeviceProfile,
  options: Partial<ProgramLoopOptions> = {},
): Promise<Slices> {
  const request = {
    file: join(import.meta.dirname, "kernels/slices.comp"),
    specialization: { [WORKGROUP_SIZE_ID]: 32 },
  };
  const kernel = await launchWithState(request, 16, { device, profile, ...options });
  const { loop } = kernel;
  const words = new Uint32Array(3);
  return {
    loop,
    add(value, { slices = 1, rounds = 0, priority = 0 } = {}) {
      words.set([value, slices, rounds]);
      return loop.submit(words, 3, priority);
    },
    [Symbol.asyncDispose]: () => kernel[Symbol.asyncDispose](),
  };
}

/** What the kernel answers: for each request in the order of taking, the sum so far. */
export function slicesReference(values: readonly number[]): number[] {
  let sum = 0;
  return values.map((value) => (sum += value));
}
