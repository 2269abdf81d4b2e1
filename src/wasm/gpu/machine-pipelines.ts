/** The kernels of a machine. */
import { kernelFile, type ProgramLease, type ProgramRequest, sharedPrograms } from "../../programs/index.ts";
import type { ComputePipeline, Device } from "../../vulkan/index.ts";

/** The kernels, by what they do. */
export type Pipelines = Readonly<
  Record<"interpret" | "begin" | "answer" | "fetch" | "give" | "collect", ComputePipeline>
>;

const PROGRAMS: Readonly<Record<keyof Pipelines, ProgramRequest>> = {
  interpret: { file: kernelFile("wasm/kernels/interpret") },
  begin: { file: kernelFile("wasm/kernels/transfer"), defines: { BEGINS: 1 } },
  answer: { file: kernelFile("wasm/kernels/transfer"), defines: { ANSWERS: 1 } },
  fetch: { file: kernelFile("wasm/kernels/transfer") },
  give: { file: kernelFile("wasm/kernels/copy") },
  collect: { file: kernelFile("wasm/kernels/copy"), defines: { COLLECTS: 1 } },
};

/** Gets the kernels. @returns them, and what gives them back */
export async function machinePipelines(
  device: Device,
): Promise<{ pipelines: Pipelines; release: () => void }> {
  const leases: ProgramLease[] = [];
  const release = (): void => {
    for (const lease of leases.splice(0)) lease.release();
  };
  try {
    const pipelines: Partial<Record<keyof Pipelines, ComputePipeline>> = {};
    for (const name of Object.keys(PROGRAMS) as (keyof Pipelines)[]) {
      const lease = await sharedPrograms().acquire(device, PROGRAMS[name]);
      leases.push(lease);
      pipelines[name] = lease.pipeline;
    }
    return { pipelines: pipelines as Pipelines, release };
  } catch (error) {
    release();
    throw error;
  }
}
