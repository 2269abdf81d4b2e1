/** Kernels of tests that keep state, on a bare loop. */
import type { ProgramRequest } from "../../src/programs/index.ts";
import {
  launchProgram,
  type ProgramLoop,
  type ProgramLoopOptions,
} from "../../src/residency/launch/program-loop.ts";

/**
 * Launches a program with two priorities and short queues, with the clock where the device has one, and with state that
 * begins as zeros.
 * @param stateBytes 0 for a kernel without state
 */
export async function launchWithState(
  request: ProgramRequest,
  stateBytes: number,
  options: ProgramLoopOptions,
): Promise<ProgramLoop> {
  const { device } = options;
  const state =
    stateBytes === 0
      ? undefined
      : device.createBuffer({ role: "device", sizeBytes: stateBytes, label: "state" });
  try {
    if (state !== undefined) device.run((recorder) => recorder.fill(state, 0, state.sizeBytes, 0));
    const kernel = await launchProgram(request, {
      hasClock: device.info.features.includes("shaderDeviceClock"),
      priorityCount: 2,
      slotCount: 16,
      stateAddress: state?.address ?? 0n,
      ...options,
    });
    return {
      loop: kernel.loop,
      async [Symbol.asyncDispose]() {
        await kernel[Symbol.asyncDispose]();
        state?.[Symbol.dispose]();
      },
    };
  } catch (error) {
    state?.[Symbol.dispose]();
    throw error;
  }
}
