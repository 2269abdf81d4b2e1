/**
 * Rows about the times in which a kernel does not answer at once: checkpoints, waking, parking, restores and
 * recoveries.
 */
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { setImmediate as turn, setTimeout as sleep } from "node:timers/promises";
import { injectFaults } from "../../base/index.ts";
import { ResidentKernel, type StrategyName } from "../../residency/index.ts";
import { expectResult } from "../measure/index.ts";
import {
  type Ground,
  launchEchoLoop,
  quantileOf,
  reportRow,
  residencyCase,
  strategiesOf,
  strategyOf,
  type Taken,
} from "./ground.ts";
import { echoKernel, echoReference, vaultKernel, vaultReference } from "./kernels.ts";
import { streamThrough } from "./requests.ts";

const MIB = 1 << 20;
const STATE_BYTES = [MIB, 64 * MIB] as const;
const CHECKPOINT_COUNT = 10;
/** Between two checkpoints. */
const CHECKPOINT_REST_MS = 20;
const LATEST_BAR_MS = 5;
const TIMEOUT_MS = 5_000;
const VAULT_CELLS = 1024;

type Where = "no checkpoint" | "in memory" | "to a file";

/** Rows about checkpoints. */
export const checkpoints = residencyCase(
  "checkpoint",
  "round trips of a stream of requests while checkpoints are taken, in memory and to a file",
  40_000,
  async (ground) => {
    for (const stateBytes of STATE_BYTES) {
      for (const where of ["no checkpoint", "in memory", "to a file"] as const) {
        const pausesUs: number[] = [];
        const subject = `${stateBytes / MIB} MiB of state`;
        await reportRow(ground, subject, where, () =>
          inFolder((folder) => takeStream(ground, stateBytes, where, folder, pausesUs)),
        );
        if (pausesUs.length === 0) continue;
        await reportRow(ground, `${subject}, pause`, where, () =>
          Promise.resolve({ samplesUs: pausesUs, expected: "the reference's sums" }),
        );
      }
    }
  },
);

async function takeStream(
  ground: Ground,
  stateBytes: number,
  where: Where,
  folder: string,
  pausesUs: number[],
): Promise<Taken> {
  const { context, device } = ground;
  const kernel = await ResidentKernel.open({
    device,
    ...vaultKernel(stateBytes),
    strategy: strategyOf(ground),
  });
  await using _kernel = kernel;
  const reference = vaultReference();
  let number = 0;
  const ask = async (): Promise<void> => {
    const deposit = { cell: number % VAULT_CELLS, amount: ++number };
    const { sum } = await kernel.call(deposit);
    expectResult("a cell's sum", sum, reference(deposit).sum);
  };
  await ask();
  // Memory that the first checkpoint needs is there from then on.
  if (where !== "no checkpoint") await kernel.checkpoint();
  const samplesUs: number[] = [];
  let isOver = false;
  const stream = async (): Promise<void> => {
    while (!isOver) {
      const begin = performance.now();
      await ask();
      samplesUs.push((performance.now() - begin) * 1000);
    }
  };
  const disturb = async (): Promise<void> => {
    try {
      for (let count = 0; count < (context.options.rounds ?? CHECKPOINT_COUNT); count++) {
        await sleep(CHECKPOINT_REST_MS);
        context.signal.throwIfAborted();
        if (where === "no checkpoint") continue;
        const file = where === "to a file" ? path.join(folder, "vault.ckpt") : undefined;
        pausesUs.push((await kernel.checkpoint(file)).pausedMs * 1000);
      }
      await sleep(CHECKPOINT_REST_MS);
    } finally {
      isOver = true;
    }
  };
  await Promise.all([stream(), disturb()]);
  const latestMs = quantileOf(samplesUs, 1) / 1000;
  return {
    samplesUs,
    expected: "the reference's sums",
    facts: {
      "ms, latest": latestMs.toFixed(2),
      checkpoints: pausesUs.length,
      strategy: kernel.info.strategy,
    },
    ...(where === "no checkpoint"
      ? {}
      : {
          bar: {
            text: `none later than ${LATEST_BAR_MS} ms`,
            isMet: latestMs <= LATEST_BAR_MS,
            isForGpu: true,
          },
        }),
  };
}

const STAYING: readonly StrategyName[] = ["leased", "continuous", "persistent"];
const IDLE_MS = 2;
/** Waits until the kernel sleeps or is parked. */
const WAIT_MS = 25;
const WAKE_COUNT = 30;
const START_COUNT = 15;
const RECOVERY_COUNT = 5;

/** Rows about waking, parking, restoring and recovering. */
export const waking = residencyCase(
  "waking",
  "the first answer after a doze, a park, a launch, a restore and a loss; parking and starting",
  50_000,
  async (ground) => {
    const strategy = strategyOf(ground);
    for (const name of strategiesOf(ground, STAYING)) {
      await reportRow(ground, "first answer after a doze", name, () =>
        takeWaking(ground, name, { dozeAfterMs: IDLE_MS }),
      );
      await reportRow(ground, "first answer after a park", name, () =>
        takeWaking(ground, name, { parkAfterMs: IDLE_MS }),
      );
    }
    for (const name of strategiesOf(ground)) {
      const startsUs: number[] = [];
      await reportRow(ground, "park", name, () => takeParks(ground, name, startsUs));
      if (startsUs.length === 0) continue;
      await reportRow(ground, "start, to the first answer", name, () =>
        Promise.resolve({ samplesUs: startsUs, expected: "the word plus one" }),
      );
    }
    await reportRow(ground, "launch, to the first answer", strategy, () => takeLaunches(ground));
    await reportRow(ground, "restore of 1 MiB, to the first", strategy, () =>
      inFolder((folder) => takeRestores(ground, folder)),
    );
    await reportRow(ground, "loss, to the first answer", strategy, () => takeRecoveries(ground));
  },
);

async function takeWaking(
  { context, device }: Ground,
  strategy: StrategyName,
  idle: { dozeAfterMs?: number; parkAfterMs?: number },
): Promise<Taken> {
  await using kernel = await ResidentKernel.open({ device, ...echoKernel, strategy, idle });
  const before = kernel.stats();
  const samplesUs: number[] = [];
  for (let word = 0; word < (context.options.rounds ?? WAKE_COUNT); word++) {
    await sleep(WAIT_MS);
    context.signal.throwIfAborted();
    const begin = performance.now();
    const answer = kernel.callSync({ word }, { timeoutMs: TIMEOUT_MS });
    samplesUs.push((performance.now() - begin) * 1000);
    expectResult("the echo of a word, plus one", answer.word, echoReference(word));
  }
  const launches = kernel.stats().launches - before.launches;
  return { samplesUs, expected: "the word plus one", facts: { "launches meanwhile": launches } };
}

async function takeParks(ground: Ground, strategy: StrategyName, startsUs: number[]): Promise<Taken> {
  await using echo = await launchEchoLoop(ground, { strategy });
  const { loop } = echo;
  const samplesUs: number[] = [];
  streamThrough(loop, 4, 4);
  for (let round = 0; round < (ground.context.options.rounds ?? START_COUNT); round++) {
    const begin = performance.now();
    await loop.park();
    const parked = performance.now();
    await loop.start();
    streamThrough(loop, 1, 1);
    startsUs.push((performance.now() - parked) * 1000);
    samplesUs.push((parked - begin) * 1000);
    await sleep(1); // it runs for a while
    ground.context.signal.throwIfAborted();
  }
  return { samplesUs, expected: "the word plus one" };
}

async function takeLaunches(ground: Ground): Promise<Taken> {
  const samplesUs: number[] = [];
  const launch = async (isCounted: boolean): Promise<string> => {
    const begin = performance.now();
    await using kernel = await ResidentKernel.open({
      device: ground.device,
      ...echoKernel,
      strategy: strategyOf(ground),
    });
    const { word } = kernel.callSync({ word: 7 }, { timeoutMs: TIMEOUT_MS });
    if (isCounted) samplesUs.push((performance.now() - begin) * 1000);
    expectResult("the echo of a word, plus one", word, echoReference(7));
    return kernel.info.strategy;
  };
  const strategy = await launch(false); // compiles
  for (let round = 0; round < (ground.context.options.rounds ?? START_COUNT); round++) {
    await launch(true);
    ground.context.signal.throwIfAborted();
  }
  return { samplesUs, expected: "the word plus one", facts: { strategy, program: "compiled before" } };
}

async function takeRestores(ground: Ground, folder: string): Promise<Taken> {
  const { context, device } = ground;
  const options = { ...vaultKernel(MIB), strategy: strategyOf(ground) };
  const file = path.join(folder, "vault.ckpt");
  const reference = vaultReference();
  await save();
  const samplesUs: number[] = [];
  for (let round = 0; round < (context.options.rounds ?? START_COUNT); round++) {
    await restore();
    context.signal.throwIfAborted();
  }
  return { samplesUs, expected: "the reference's sum", facts: { "bytes of state": MIB } };

  async function save(): Promise<void> {
    await using kernel = await ResidentKernel.open({ device, ...options });
    const deposit = { cell: 5, amount: 1000 };
    expectResult("a cell's sum", (await kernel.call(deposit)).sum, reference(deposit).sum);
    await kernel.checkpoint(file);
  }

  async function restore(): Promise<void> {
    const begin = performance.now();
    await using kernel = await ResidentKernel.restore({ file, device, ...options });
    const { sum } = kernel.callSync({ cell: 5, amount: 1 }, { timeoutMs: TIMEOUT_MS });
    samplesUs.push((performance.now() - begin) * 1000);
    expectResult("a cell's sum after the restore", sum, 1001);
  }
}

/**
 * The device is lost at its next use, which a checkpoint makes at once. A request that is made then is
 * answered by the replacement.
 */
async function takeRecoveries(ground: Ground): Promise<Taken> {
  const { context, device } = ground;
  const kernel = await ResidentKernel.open({ device, ...vaultKernel(MIB), strategy: strategyOf(ground) });
  await using _kernel = kernel;
  const reference = vaultReference();
  const samplesUs: number[] = [];
  const ask = async (amount: number): Promise<void> => {
    const deposit = { cell: 9, amount };
    expectResult("a cell's sum", (await kernel.call(deposit)).sum, reference(deposit).sum);
  };
  const count = context.options.rounds ?? RECOVERY_COUNT;
  for (let round = 1; round <= count; round++) {
    await ask(round);
    const begin = performance.now();
    const checkpoint = loseWhile(() => kernel.checkpoint());
    while (kernel.stats().recoveries < round) await turn();
    await ask(round);
    samplesUs.push((performance.now() - begin) * 1000);
    await checkpoint;
    context.signal.throwIfAborted();
  }
  const { recoveries, replayed } = kernel.stats();
  expectResult("recoveries", recoveries, count);
  return { samplesUs, expected: "the reference's sums", facts: { recoveries, replayed } };
}

async function loseWhile(body: () => Promise<unknown>): Promise<void> {
  using _fault = injectFaults("device-lost@fence-status");
  await body();
}

async function inFolder(take: (folder: string) => Promise<Taken>): Promise<Taken> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "everwarp-bench-"));
  try {
    return await take(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
