/** Measures a kernel that includes kernel.glsl: it is opened as its program opens it, and answers requests. */
import { EverwarpError } from "../../base/index.ts";
import { ResidentKernel } from "../../residency/index.ts";
import type { StructLayout } from "../../schema/index.ts";
import type { KernelProgram } from "../lint/index.ts";
import type { Device } from "../../vulkan/index.ts";
import { asRecord, requestsOf, type RequestValues, type Workload } from "./workload.ts";

const CLOSE_TIMEOUT_MS = 2_000;
/** Requests at a time. */
const IN_FLIGHT = 64;

/** What was done while threads were counted. */
export interface Run {
  /** As text: "64 requests". */
  readonly done: string;
  /** What did not succeed of it. */
  readonly trouble: string | undefined;
}

/**
 * Opens a kernel and sends it requests, until all are answered or the budget is used up.
 *
 * @param beforeEnd is called when the last request was answered, before the kernel ends
 * @throws what `ResidentKernel.open` throws
 */
export async function runService(
  file: string,
  { request, response, state, workgroupSize }: KernelProgram,
  workload: Workload,
  device: Device,
): Promise<Run> {
  const requests = requestsOf(request, workload);
  const threads = workload.workgroupSize ?? workgroupSize;
  const kernel = await ResidentKernel.open<StructLayout, StructLayout>({
    device,
    source: file,
    request,
    response,
    state,
    workgroups: workload.workgroups,
    ...(threads === undefined ? {} : { workgroupSize: threads }),
    hangTimeoutMs: workload.budgetMs,
    maxAttempts: 1,
  });
  try {
    return await send(kernel, request, requests, workload.budgetMs);
  } finally {
    await kernel.close({ timeoutMs: CLOSE_TIMEOUT_MS }).catch((error: unknown) => {
      // A kernel that does not end was abandoned with its device: what it counted can still be read.
      if (!(error instanceof EverwarpError)) throw error;
    });
  }
}

async function send(
  kernel: ResidentKernel<StructLayout, StructLayout>,
  of: StructLayout,
  requests: readonly RequestValues[],
  budgetMs: number,
): Promise<Run> {
  const endMs = performance.now() + budgetMs;
  const failures: unknown[] = [];
  let answered = 0;
  let next = 0;
  const sendSome = async (): Promise<void> => {
    while (next < requests.length && performance.now() < endMs) {
      const values = asRecord(of, requests[next++] ?? {});
      try {
        await kernel.call(values as never, { timeoutMs: Math.max(1, endMs - performance.now()) });
        answered++;
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(IN_FLIGHT, requests.length) }, sendSome));
  const missing = requests.length - answered;
  const [first] = failures;
  const reason = first instanceof Error ? first.message : `the time of ${budgetMs / 1000} s was over`;
  return {
    done: `${requests.length} request${requests.length === 1 ? "" : "s"}`,
    trouble: missing === 0 ? undefined : `${missing} of them were not answered: ${reason}`,
  };
}
