/** A program together with the loop that runs it. For kernels without types, pending queue, journal and supervisor. */
import { kernelFile, type ProgramRequest, sharedPrograms } from "../../programs/index.ts";
import type { ResidentLoopOptions } from "./loop-options.ts";
import { ResidentLoop, WORKGROUP_SIZE_ID } from "./resident-loop.ts";

/** Disposing it ends the kernel and releases the program. */
export interface ProgramLoop extends AsyncDisposable {
  readonly loop: ResidentLoop;
}

/** Options of a program: those of a loop, without the pipeline, which is made here. */
export type ProgramLoopOptions = Omit<ResidentLoopOptions, "pipeline">;

/**
 * Makes a program that includes residency.glsl, and launches it. It uses the device's clock if the options say so.
 * @throws EW_COMPILE, and errors of `ResidentLoop.launch`; nothing stays allocated then
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
 * Launches the echo kernel, the smallest kernel: it answers a word with the word plus one.
 * @param workgroupSize threads of a workgroup
 * @param label the program's name
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
