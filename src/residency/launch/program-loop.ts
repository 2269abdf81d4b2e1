/**
 * A program and the loop that runs it, which begin and end together. For kernels without types, pending queue,
 * journal and supervisor.
 */
import { kernelFile, type ProgramRequest, sharedPrograms } from "../../programs/index.ts";
import type { ResidentLoopOptions } from "./loop-options.ts";
import { ResidentLoop, WORKGROUP_SIZE_ID } from "./resident-loop.ts";

/** Disposing of it ends the kernel and gives the program back. */
export interface ProgramLoop extends AsyncDisposable {
  readonly loop: ResidentLoop;
}

/** How a program is run: as a loop is launched, whose pipeline it makes. */
export type ProgramLoopOptions = Omit<ResidentLoopOptions, "pipeline">;

/**
 * Makes a program that includes residency.glsl, with the device's clock where the options say that it has one, and
 * launches it.
 * @throws EW_COMPILE, and what `ResidentLoop.launch` throws; nothing is left then
 */
export async function launchProgram(
  request: ProgramRequest,
  options: ProgramLoopOptions,
): Promise<ProgramLoop> {
  const program = await sharedPrograms().acquire(options.device, {
    ...request,
    ...(options.hasClock === true ? { defines: { ...request.defines, RESIDENCY_CLOCK: 1 } } : {}),
  });
  try {
    const loop = await ResidentLoop.launch({ ...options, pipeline: program.pipeline });
    return {
      loop,
      async [Symbol.asyncDispose]() {
        try {
          await loop[Symbol.asyncDispose]();
        } finally {
          program.release();
        }
      },
    };
  } catch (error) {
    program.release();
    throw error;
  }
}

/**
 * Launches the echo kernel, the smallest that there is: it answers a word with the word plus one.
 * @param workgroupSize threads of a workgroup
 * @param label what the program is called
 * @throws as `launchProgram`
 */
export function launchEcho(
  options: ProgramLoopOptions,
  workgroupSize: number,
  label = "echo",
): Promise<ProgramLoop> {
  const file = kernelFile("residency/kernels/echo");
  return launchProgram({ file, specialization: { [WORKGROUP_SIZE_ID]: workgroupSize }, label }, options);
}
