/**
 * Rows about what a kernel takes from others: the host's CPU while it is idle and while it serves, and its
 * share of the device.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { ResidentKernel, type KernelStats } from "../../residency/index.ts";
import { expectResult } from "../measure/index.ts";
import { type Ground, quantileOf, reportRow, residencyCase, strategyOf, type Taken } from "./ground.ts";
import { echoKernel, echoReference, workKernel, workReference } from "./kernels.ts";

const WINDOW_MS = 1000;
/** With --rounds, which is for experiments. */
const SHORT_WINDOW_MS = 200;
const WINDOW_COUNT = 3;
const SETTLE_MS = 300;
const REQUESTS_PER_SECOND = 60;
const IDLE_BAR_PERCENT = 1;
const SERVING_BAR_PERCENT = 5;
/**
 * On a software device, the kernel runs on the host's cores. Only a kernel that does not stay leaves
 * something to measure.
 */
const SOFTWARE_PARK_MS = 2;

/** Rows about the host's CPU time. */
export const hostCpu = residencyCase(
  "cpu",
  "CPU time of the host, µs a second: with an idle kernel, and while serving 60 requests a second",
  30_000,
  async (ground) => {
    await reportRow(ground, "host CPU, µs a second", "idle", () => takeIdle(ground));
    await reportRow(ground, "host CPU, µs a second", "60 requests a second", () => takeServing(ground));
  },
);

async function takeIdle(ground: Ground): Promise<Taken> {
  await using kernel = await launchQuiet(ground);
  await echo(kernel, 1);
  await sleep(SETTLE_MS);
  return await takeWindows(ground, kernel, IDLE_BAR_PERCENT, sleep);
}

async function takeServing(ground: Ground): Promise<Taken> {
  await using kernel = await launchQuiet(ground);
  await echo(kernel, 1);
  await sleep(SETTLE_MS);
  let word = 0;
  return await takeWindows(ground, kernel, SERVING_BAR_PERCENT, async (windowMs) => {
    const begin = performance.now();
    const count = Math.max(1, Math.round((windowMs * REQUESTS_PER_SECOND) / 1000));
    for (let index = 0; index < count; index++) {
      await sleep(Math.max(0, begin + (index * windowMs) / count - performance.now()));
      await echo(kernel, ++word);
    }
    await sleep(Math.max(0, begin + windowMs - performance.now()));
  });
}

type EchoKernel = ResidentKernel<typeof echoKernel.request, typeof echoKernel.response>;

function launchQuiet(ground: Ground): Promise<EchoKernel> {
  const { context, device, isSoftware } = ground;
  return ResidentKernel.open({
    device,
    ...echoKernel,
    strategy: isSoftware && context.options.strategy === undefined ? "batch" : strategyOf(ground),
    ...(isSoftware ? { idle: { parkAfterMs: SOFTWARE_PARK_MS } } : {}),
  });
}

async function echo(kernel: EchoKernel, word: number): Promise<void> {
  expectResult("the echo of a word, plus one", (await kernel.call({ word })).word, echoReference(word));
}

/** Windows of time, with the CPU time of the whole process in each, scaled to a second. */
async function takeWindows(
  { context, isSoftware }: Ground,
  kernel: EchoKernel,
  barPercent: number,
  live: (windowMs: number) => Promise<unknown>,
): Promise<Taken> {
  const { rounds } = context.options;
  const windowMs = rounds === undefined ? WINDOW_MS : SHORT_WINDOW_MS;
  const answeredBefore = kernel.stats().answered;
  const samplesUs: number[] = [];
  for (let window = 0; window < (rounds ?? WINDOW_COUNT); window++) {
    const before = process.cpuUsage();
    const begin = performance.now();
    await live(windowMs);
    const spent = process.cpuUsage(before);
    samplesUs.push(((spent.user + spent.system) * 1000) / (performance.now() - begin));
    context.signal.throwIfAborted();
  }
  const percent = quantileOf(samplesUs, 0.5) / 1e4;
  return {
    samplesUs,
    expected: "every word plus one",
    facts: {
      "% of a core": percent.toFixed(2),
      requests: kernel.stats().answered - answeredBefore,
      strategy: kernel.info.strategy,
      kernel: isSoftware ? "parked while idle; at work its device is the CPU" : "polls",
    },
    bar: { text: `below ${barPercent} %`, isMet: percent < barPercent, isForGpu: true },
  };
}

const DUTY_SHARES = [1, 0.5, 0.25, 0.1] as const;
const DUTY_WINDOW_MS = 800;
const DUTY_IN_FLIGHT = 8;
/**
 * So long that a pause between two requests is long compared with the detection of the next one, and within
 * every driver's limit of loops.
 */
const DUTY_ROUNDS = 4000;

/** Rows about a kernel with a duty cycle. */
export const dutyCycle = residencyCase(
  "duty",
  "share of the time that a kernel under load works, by its own clock, beside the share that was set",
  30_000,
  async (ground) => {
    for (const share of DUTY_SHARES)
      await reportRow(ground, `duty cycle ${share}`, "call", () => takeDuty(ground, share));
  },
);

async function takeDuty(ground: Ground, share: number): Promise<Taken> {
  const { context, device } = ground;
  const kernel = await ResidentKernel.open({ device, ...workKernel, strategy: strategyOf(ground) });
  await using _kernel = kernel;
  const samplesUs: number[] = [];
  const windowMs = context.options.rounds === undefined ? DUTY_WINDOW_MS : SHORT_WINDOW_MS;
  const load = async (endMs: number): Promise<void> => {
    for (let seed = 0; performance.now() < endMs; seed++) {
      const work = { seed, rounds: DUTY_ROUNDS };
      const begin = performance.now();
      const { value } = await kernel.call(work);
      samplesUs.push((performance.now() - begin) * 1000);
      expectResult("the work's last number", value, workReference(work));
    }
  };
  const loadAll = (forMs: number): Promise<unknown> => {
    const endMs = performance.now() + forMs;
    return Promise.all(Array.from({ length: DUTY_IN_FLIGHT }, () => load(endMs)));
  };
  kernel.setDutyCycle(share);
  await loadAll(windowMs / 4);
  samplesUs.length = 0;
  const before = kernel.stats();
  await loadAll(windowMs);
  const after = kernel.stats();
  context.signal.throwIfAborted();
  const ticks = after.ticks - before.ticks;
  const measured = ticks === 0 ? Number.NaN : (busyTicksOf(after) - busyTicksOf(before)) / ticks;
  return {
    samplesUs,
    expected: "the reference's numbers",
    facts: {
      "share set": share,
      "share measured": measured.toFixed(3),
      "requests a second": Math.round((samplesUs.length * 1000) / windowMs),
      strategy: kernel.info.strategy,
    },
    bar: { text: "measured at most a tenth above", isMet: measured <= share * 1.1, isForGpu: true },
  };
}

function busyTicksOf({ busyShare, ticks }: KernelStats): number {
  return busyShare * ticks;
}
