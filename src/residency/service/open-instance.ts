/** Opens the device and the instance of a kernel: fresh, or from a checkpoint. */
import type { StructLayout } from "../../schema/index.ts";
import type { Device } from "../../vulkan/index.ts";
import type { StoredRequest } from "../checkpoint/index.ts";
import { type DeviceSession, openSession } from "../device/index.ts";
import { KernelInstance, type KernelMemory } from "../kernel/index.ts";
import type { KernelOptions, KernelPlan } from "./kernel-options.ts";

/** A kernel that was opened, fresh or from a checkpoint. */
export interface OpenedKernel {
  readonly session: DeviceSession;
  readonly instance: KernelInstance;
  readonly memory: KernelMemory | undefined;
  readonly requests: readonly StoredRequest[];
}

/** The start of a kernel that is not restored: zeros. */
export const FRESH = { memory: undefined, requests: [] };

/** Opens a device, unless an open one was given, and a kernel on it. Frees both after a failure. */
export async function openInstance(
  plan: KernelPlan,
  select: KernelOptions<StructLayout, StructLayout>["device"],
  load: (device: Device) => Promise<Pick<OpenedKernel, "memory" | "requests">>,
): Promise<OpenedKernel> {
  const { recipe } = plan;
  const session = await openSession({
    ...(select === undefined ? {} : { select }),
    sharesSoftware: recipe.strategy === "adaptive" || recipe.strategy === "batch",
  });
  try {
    const { memory, requests } = await load(session.device);
    const instance = await KernelInstance.open(session.device, recipe, memory);
    return { session, instance, memory, requests };
  } catch (error) {
    session.end();
    throw error;
  }
}
