/** The slices kernel of the conformance suite, ready to be launched, and its twin. */
import { join } from "node:path";
import { type ProgramLease, sharedPrograms } from "../../src/programs/index.ts";
import type { DeviceProfile } from "../../src/residency/profile.ts";
import {
  ResidentLoop,
  type ResidentLoopOptions,
  WORKGROUP_SIZE_ID,
} from "../../src/residency/resident-loop.ts";
import type { Ticket } from "../../src/residency/work-queue.ts";
import type { Device, DeviceBuffer } from "../../src/vulkan/index.ts";

export interface Slices extends AsyncDisposable {
  readonly loop: ResidentLoop;
  readonly state: DeviceBuffer;
  /** Asks for a value to be added, in so many slices, of so many rounds of loops each. */
  add(value: number, options?: { slices?: number; rounds?: number; lane?: number }): Ticket;
}

export async function launchSlices(
  device: Device,
  profile: DeviceProfile,
  options: Partial<ResidentLoopOptions> = {},
): Promise<Slices> {
  const hasClock = options.hasClock ?? device.info.features.includes("shaderDeviceClock");
  const lease: ProgramLease = await sharedPrograms().acquire(device, {
    file: join(import.meta.dirname, "kernels/slices.comp"),
    defines: hasClock ? { RESIDENCY_CLOCK: 1 } : {},
    specialization: { [WORKGROUP_SIZE_ID]: 32 },
  });
  const state = device.createBuffer({ role: "device", sizeBytes: 16, label: "slices" });
  device.run((recorder) => recorder.fill(state, 0, 16, 0));
  const loop = await ResidentLoop.launch({
    device,
    profile,
    pipeline: lease.pipeline,
    hasClock,
    laneCount: 2,
    slotCount: 16,
    stateAddress: state.address,
    ...options,
  });
  const words = new Uint32Array(3);
  return {
    loop,
    state,
    add(value, { slices = 1, rounds = 0, lane = 0 } = {}) {
      words.set([value, slices, rounds]);
      return loop.submit(words, 3, lane);
    },
    async [Symbol.asyncDispose]() {
      await loop[Symbol.asyncDispose]();
      state[Symbol.dispose]();
      lease.release();
    },
  };
}

/** What the kernel answers: for each request in the order of taking, the sum so far. */
export function slicesReference(values: readonly number[]): number[] {
  let sum = 0;
  return values.map((value) => (sum += value));
}
