/**
 * Measures a kernel that is launched once and knows its buffers by their addresses. Each address in its push constants
 * gets a buffer of zeros. The caller gives the other words; those that are not given are zero.
 */
import { EverwarpError } from "../../base/index.ts";
import { findErrors, type LaneCounters, type PhaseSource } from "../../lint/index.ts";
import { readSpirv, type SpirvModule, structSizeBytes } from "../../spirv/index.ts";
import type { Device } from "../../vulkan/index.ts";
import type { Run } from "./service-kernel.ts";
import type { Workload } from "./workload.ts";

/** A kernel that was compiled, with the places of its lines. */
export interface PlainKernel {
  readonly name: string;
  readonly spirv: Uint32Array;
  readonly locate?: PhaseSource["locate"];
}

/**
 * Launches a kernel once.
 *
 * @throws EW_KERNEL_UNSAFE for a kernel that could hang the device, EW_BAD_ARGUMENT for one that has bindings,
 * EW_TIMEOUT
 */
export async function runPlain(
  kernel: PlainKernel,
  workload: Workload,
  device: Device,
  counters: LaneCounters,
): Promise<Run> {
  const module = readSpirv(kernel.spirv);
  assertRunnable(kernel, module);
  const size = workload.workgroupSize;
  const specIds = module.entryPoints.find(({ isCompute }) => isCompute)?.localSizeSpecIds ?? [];
  const specialization = size === undefined || specIds[0] === undefined ? {} : { [specIds[0]]: size };
  const buffers: Disposable[] = [];
  try {
    const push = pushConstants(module, workload, () => {
      const buffer = device.createBuffer({ role: "upload", sizeBytes: workload.bufferBytes, label: "zeros" });
      buffers.push(buffer);
      new Uint8Array(buffer.host).fill(0);
      return buffer.address;
    });
    const spirv = counters.count(kernel.spirv, { ...kernel, constants: specialization });
    const pipeline = device.createComputePipeline({
      spirv,
      specialization,
      pushConstantBytes: push.byteLength,
      label: kernel.name,
    });
    buffers.push(pipeline);
    const { workgroups, budgetMs } = workload;
    await device.runAsync(
      (recorder) => {
        recorder.bind(pipeline);
        if (push.byteLength > 0) recorder.push(push);
        recorder.dispatch(workgroups);
      },
      { timeoutMs: budgetMs },
    );
    return {
      done: `one launch of ${workgroups} workgroup${workgroups === 1 ? "" : "s"}`,
      trouble: undefined,
    };
  } catch (error) {
    // It may still run: from now on nothing of the device is freed.
    if (error instanceof EverwarpError && error.code === "EW_TIMEOUT") device.abandon();
    throw error;
  } finally {
    for (const buffer of buffers.toReversed()) buffer[Symbol.dispose]();
  }
}

function assertRunnable({ name, spirv }: PlainKernel, { bindings }: SpirvModule): void {
  const [error] = findErrors(spirv);
  if (error !== undefined)
    throw new EverwarpError(
      "EW_KERNEL_UNSAFE",
      `${name} could hang its device: ${error.message} (${error.rule})`,
      {
        remedy: "everwarp lint without --utilisation says where. Mend the kernel, then measure it.",
      },
    );
  const [binding] = bindings;
  if (binding === undefined) return;
  throw new EverwarpError(
    "EW_BAD_ARGUMENT",
    `${name} has the binding ${binding.binding} (${binding.name}), and everwarp runs no kernels with bindings`,
    { remedy: "Give the kernel addresses of buffers in its push constants (GL_EXT_buffer_reference)." },
  );
}

/** The words of the push constants. @param makeBuffer gives the address of a new buffer */
function pushConstants(module: SpirvModule, { words = [] }: Workload, makeBuffer: () => bigint): Uint8Array {
  const struct = module.pushConstants;
  if (struct === undefined) return new Uint8Array();
  const bytes = new Uint8Array(Math.ceil(structSizeBytes(module, struct) / 4) * 4);
  const view = new DataView(bytes.buffer);
  const isAddress = new Uint8Array(bytes.length / 4);
  const visit = (of: typeof struct, baseBytes: number): void => {
    for (const { type: id, offsetBytes = 0 } of of.members) {
      const type = module.types.get(id);
      const at = baseBytes + offsetBytes;
      if (type?.kind === "struct") visit(type.struct, at);
      if (type?.kind !== "pointer" && !(type?.kind === "int" && type.bits === 64)) continue;
      view.setBigUint64(at, makeBuffer(), true);
      isAddress.fill(1, at / 4, at / 4 + 2);
    }
  };
  visit(struct, 0);
  const places = [...isAddress.keys()].filter((index) => isAddress[index] === 0);
  if (words.length > places.length)
    throw new EverwarpError(
      "EW_BAD_ARGUMENT",
      `--words has ${words.length} words, and the push constants have room for ${places.length}`,
      { remedy: "Give fewer words. Addresses take none." },
    );
  words.forEach((word, index) => view.setUint32((places[index] ?? 0) * 4, word, true));
  return bytes;
}
