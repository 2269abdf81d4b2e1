/** One probe on one device: run here, or in a process of its own, by the command `everwarp doctor --probe`. */
import { availableParallelism, loadavg } from "node:os";
import { fileURLToPath } from "node:url";
import { EverwarpError } from "../../base/index.ts";
import {
  type DeviceProfile,
  openProfiledDevice,
  DOCTOR_PROBES,
  type DoctorReadings,
  type ProbeName,
} from "../../residency/index.ts";
import { runChild } from "../../threads/index.ts";

/** More than measuring a profile takes when all is well. */
const PROFILE_TIMEOUT_MS = 30_000;

/** What a probe is asked with. */
export interface ProbeCall {
  /** `profile` is the first one: it opens the device and measures what launches need. */
  readonly name: ProbeName | "profile";
  readonly deviceIndex: number;
  readonly isFresh: boolean;
  readonly isLong: boolean;
  readonly traces: DoctorReadings["traces"] | undefined;
}

/** Runs a probe, however it is kept apart; rejects with an EverwarpError. */
export type ProbeRunner = (call: ProbeCall) => Promise<unknown>;

/** What a process that ran a probe prints. */
type ProbeAnswer = { readonly found: unknown } | { readonly failure: string };

/** Runs a probe in this process. A device that failed is not closed: something may still run on it. */
export async function runProbe(call: ProbeCall): Promise<unknown> {
  const { name, deviceIndex, isFresh, isLong, traces } = call;
  const { device, profile } = await openProfiledDevice({
    select: deviceIndex,
    fresh: name === "profile" && isFresh,
  });
  const found: DeviceProfile | DoctorReadings[ProbeName] =
    name === "profile" ? profile : await DOCTOR_PROBES[name].run({ device, profile, isLong, traces });
  device.close();
  return found;
}

/** The other side of `runProbeApart`: what the process that was started prints. */
export async function answerProbe(text: string): Promise<string> {
  let answer: ProbeAnswer;
  try {
    answer = { found: await runProbe(JSON.parse(text) as ProbeCall) };
  } catch (error) {
    answer = { failure: error instanceof EverwarpError ? `${error.message} [${error.code}]` : String(error) };
  }
  return `${JSON.stringify(answer)}\n`;
}

/**
 * Runs a probe in a process of its own. From source there is no bundle to run, so it is done here.
 * @throws EW_TIMEOUT, EW_WORKER_DIED, EW_KERNEL_FAULT for a probe that failed by itself
 */
export async function runProbeApart(call: ProbeCall): Promise<unknown> {
  const bundle = fileURLToPath(import.meta.url);
  if (!bundle.endsWith(".cjs")) return await runProbe(call);
  const idleTimeoutMs = call.name === "profile" ? PROFILE_TIMEOUT_MS : DOCTOR_PROBES[call.name].timeoutMs;
  // The process has to start, and a software driver to compile and run, on cores that others use too.
  const timeoutMs = Math.round(idleTimeoutMs * Math.max(1, (loadavg()[0] ?? 0) / availableParallelism()));
  const text = await runChild(
    process.execPath,
    [bundle, "doctor", "--probe", JSON.stringify(call)],
    timeoutMs,
  );
  let answer: ProbeAnswer;
  try {
    answer = JSON.parse(text) as ProbeAnswer;
  } catch (cause) {
    throw new EverwarpError("EW_WORKER_DIED", `it printed what is no answer: ${text.slice(0, 80)}`, {
      cause,
    });
  }
  if ("failure" in answer) throw new EverwarpError("EW_KERNEL_FAULT", answer.failure);
  return answer.found;
}
