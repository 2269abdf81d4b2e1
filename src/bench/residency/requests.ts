/**
 * Rows about requests: how many launches and waits they need, how long one takes, and how many are answered
 * per second.
 */
import { setImmediate as turn } from "node:timers/promises";
import { ResidentKernel, type ResidentLoop, type StrategyName, type Ticket } from "../../residency/index.ts";
import { limitsOf } from "../context/index.ts";
import { skip, type Contender, expectResult, measure } from "../measure/index.ts";
import {
  type Ground,
  lateAnswer,
  launchEchoLoop,
  quantileOf,
  reportRow,
  residencyCase,
  strategiesOf,
  strategyOf,
  type Taken,
} from "./ground.ts";
import { echoKernel, echoReference } from "./kernels.ts";

type EchoKernel = ResidentKernel<typeof echoKernel.request, typeof echoKernel.response>;

const IN_FLIGHT = 64;
const ANSWER_TIMEOUT_MS = 5_000;
const REQUESTS_ON_GPU = 1_000_000;
const REQUESTS_ON_SOFTWARE = 20_000;
/** Requests of one sample of a burst. */
const BURST_ON_GPU = IN_FLIGHT * 256;
const BURST_ON_SOFTWARE = IN_FLIGHT * 16;
const BURST_BAR = 1_000_000;

/** Rows about launches and waits. */
export const dispatches = residencyCase(
  "dispatches",
  "launches and blocking waits of a persistent kernel over a run of a million requests (--requests N)",
  40_000,
  (ground) => reportRow(ground, "a run of requests", "persistent", () => takeRun(ground)),
);

/** One run: what the Vulkan layer counted from before the launch to after the last answer. */
async function takeRun({ context, device, isSoftware }: Ground): Promise<Taken> {
  const wanted = context.options.requests ?? (isSoftware ? REQUESTS_ON_SOFTWARE : REQUESTS_ON_GPU);
  const before = { ...device.counters };
  await using kernel = await ResidentKernel.open({ device, ...echoKernel, strategy: "persistent" });
  const started = { ...device.counters };
  const samplesUs: number[] = [];
  const perSample = Math.min(wanted, IN_FLIGHT * 64);
  let asked = 0;
  while (asked < wanted) {
    const count = Math.min(perSample, wanted - asked);
    const begin = performance.now();
    await askInParallel(kernel, asked, count);
    if (count === perSample) samplesUs.push((performance.now() - begin) * 1000);
    asked += count;
    context.signal.throwIfAborted();
  }
  const { counters } = device;
  expectResult("requests answered", kernel.stats().answered, wanted);
  expectResult(
    "dispatches from the launch to the last answer",
    counters.dispatchesSubmitted - before.dispatchesSubmitted,
    1,
  );
  expectResult("blocking waits while serving", counters.blockingWaits - started.blockingWaits, 0);
  expectResult("waits of any length while serving", counters.fenceWaits - started.fenceWaits, 0);
  expectResult("submissions while serving", counters.submits - started.submits, 0);
  return {
    samplesUs,
    requests: perSample,
    expected: "every word plus one, 1 dispatch, 0 waits",
    facts: {
      requests: wanted,
      dispatches: 1,
      "blocking waits": 0,
      "fence polls": counters.fencePolls - started.fencePolls,
    },
    bar: { text: "1 dispatch, 0 blocking waits", isMet: true, isForGpu: false },
  };
}

/** Rows about single requests. */
export const roundtrips = residencyCase(
  "roundtrip",
  "an empty request through callSync, await call and the bare loop, with every strategy",
  40_000,
  async (ground) => {
    for (const strategy of strategiesOf(ground)) {
      await reportRow(ground, "callSync", strategy, () => takeCalls(ground, strategy, syncContender));
      await reportRow(ground, "await call", strategy, () => takeCalls(ground, strategy, asyncContender));
      await reportRow(ground, "the loop alone", strategy, () => takeLoop(ground, strategy));
    }
  },
);

async function takeCalls(
  { context, device }: Ground,
  strategy: StrategyName,
  contenderOf: (kernel: EchoKernel) => Contender,
): Promise<Taken> {
  await using kernel = await ResidentKernel.open({ device, ...echoKernel, strategy });
  const samplesUs: number[] = [];
  const limits = limitsOf(context, { maxSamples: 9000, budgetMs: 600 });
  await measure(contenderOf(kernel), samplesUs, limits, context.signal);
  return { samplesUs, expected: "the word plus one" };
}

async function takeLoop(ground: Ground, strategy: StrategyName): Promise<Taken> {
  const { context } = ground;
  await using echo = await launchEchoLoop(ground, { strategy });
  const samplesUs: number[] = [];
  const limits = limitsOf(context, { maxSamples: 9000, budgetMs: 600 });
  await measure(loopContender(echo.loop), samplesUs, limits, context.signal);
  return { samplesUs, expected: "the word plus one" };
}

function syncContender(kernel: EchoKernel): Contender {
  let word = 0;
  let answer = 0;
  return {
    run: () => void (answer = kernel.callSync({ word: ++word }, { timeoutMs: ANSWER_TIMEOUT_MS }).word),
    check: () => expectResult("the echo of a word, plus one", answer, echoReference(word)),
  };
}

function asyncContender(kernel: EchoKernel): Contender {
  let word = 0;
  let answer = 0;
  return {
    run: async () => void (answer = (await kernel.call({ word: ++word })).word),
    check: () => expectResult("the echo of a word, plus one", answer, echoReference(word)),
  };
}

function loopContender(loop: ResidentLoop): Contender {
  const payload = new Uint32Array(1);
  let ticket: Ticket;
  return {
    run() {
      payload[0]++;
      ticket = loop.submit(payload);
      if (!loop.waitSync(ticket, ANSWER_TIMEOUT_MS))
        throw lateAnswer("the echo of a word", ANSWER_TIMEOUT_MS);
    },
    check: () => checkTicket(ticket, payload[0]),
  };
}

function checkTicket(ticket: Ticket, word: number): void {
  if (ticket.failure !== undefined) throw ticket.failure;
  expectResult("the echo of a word, plus one", ticket.result, word + 1);
}

/** Rows about requests per second. */
export const burst = residencyCase(
  "burst",
  "empty requests, 64 in flight, from one process: through call, and through the bare loop",
  20_000,
  async (ground) => {
    await reportRow(ground, `${IN_FLIGHT} in flight`, "call", () => takeBurst(ground));
    await reportRow(ground, `${IN_FLIGHT} in flight`, "the loop alone", () => takeLoopBurst(ground));
  },
);

async function takeBurst(ground: Ground): Promise<Taken> {
  const { device, isSoftware } = ground;
  const count = isSoftware ? BURST_ON_SOFTWARE : BURST_ON_GPU;
  await using kernel = await ResidentKernel.open({ device, ...echoKernel, strategy: strategyOf(ground) });
  let asked = 0;
  return await takeBursts(ground, kernel.info.strategy, count, {
    async run() {
      await askInParallel(kernel, asked, count);
      asked += count;
    },
    check: () => expectResult("requests answered", kernel.stats().answered, asked),
  });
}

async function takeLoopBurst(ground: Ground): Promise<Taken> {
  const count = ground.isSoftware ? BURST_ON_SOFTWARE : BURST_ON_GPU;
  await using echo = await launchEchoLoop(ground, { strategy: strategyOf(ground) });
  return await takeBursts(ground, echo.loop.strategyName, count, {
    run: () => streamThrough(echo.loop, count, IN_FLIGHT),
    check: () => expectResult("requests left in flight", echo.loop.inFlightCount, 0),
  });
}

async function takeBursts(
  { context }: Ground,
  strategy: string,
  count: number,
  contender: Contender,
): Promise<Taken> {
  const samplesUs: number[] = [];
  const limits = limitsOf(context, { maxSamples: 200, budgetMs: 3000 });
  await measure(contender, samplesUs, limits, context.signal);
  const perSecond = (count * 1e6) / quantileOf(samplesUs, 0.5);
  return {
    samplesUs,
    requests: count,
    expected: "every word plus one",
    facts: { strategy, "requests a sample": count },
    bar: { text: "1 M/s or more", isMet: perSecond >= BURST_BAR, isForGpu: true },
  };
}

/** Sends words from `first` on, so many at a time that none waits for a slot. Each answer is checked. */
async function askInParallel(kernel: EchoKernel, first: number, count: number): Promise<void> {
  let next = first;
  const end = first + count;
  const ask = async (): Promise<void> => {
    while (next < end) {
      const word = next++;
      const answer = await kernel.call({ word });
      if (answer.word !== echoReference(word))
        expectResult("the echo of a word, plus one", answer.word, echoReference(word));
    }
  };
  await Promise.all(Array.from({ length: Math.min(count, IN_FLIGHT) }, ask));
}

/**
 * Keeps `depth` requests in flight until `count` were answered, without the event loop. Each answer is
 * checked.
 * @param look called between two looks at the queue
 */
export function streamThrough(
  loop: ResidentLoop,
  count: number,
  depth: number,
  look: () => void = () => undefined,
): void {
  const payload = new Uint32Array(1);
  const tickets: Ticket[] = [];
  let submitted = 0;
  let done = 0;
  let progressMs = performance.now();
  for (let spin = 1; done < count; spin++) {
    for (; submitted < count && submitted - done < depth; submitted++) {
      payload[0] = submitted;
      tickets[submitted % depth] = loop.submit(payload);
    }
    const before = done;
    loop.poll();
    look();
    for (; done < submitted && tickets[done % depth].isDone; done++) checkTicket(tickets[done % depth], done);
    if (spin % 256 !== 0) continue;
    const now = performance.now();
    if (done !== before) progressMs = now;
    else if (now - progressMs > ANSWER_TIMEOUT_MS) {
      loop.assertRunning();
      throw loop.lossReason ?? lateAnswer("a stream of echoes", ANSWER_TIMEOUT_MS);
    }
  }
}

const GAP_LEASES = 200;
const GAP_LEASE_MS = 2;
const GAP_BARS_US = { leased: 60, continuous: 10 } as const;

/** Rows about the gaps between two launches. */
export const gaps = residencyCase(
  "gaps",
  "device time between two leases under load, by the device's clock",
  30_000,
  async (ground) => {
    for (const strategy of strategiesOf(ground, ["leased", "continuous"]))
      await reportRow(ground, "between two leases", strategy, () => takeGaps(ground, strategy));
  },
);

async function takeGaps(ground: Ground, strategy: StrategyName): Promise<Taken> {
  const { context, device } = ground;
  if (!device.info.features.includes("shaderDeviceClock"))
    throw skip(`kernels on ${device.info.name} cannot read the device's clock`);
  await using echo = await launchEchoLoop(ground, { strategy, leaseMs: GAP_LEASE_MS });
  const { loop } = echo;
  const samplesUs: number[] = [];
  let epoch = 0;
  let leases = 0;
  const look = (): void => {
    const beat = loop.heartbeat;
    if (beat === undefined || beat.epoch === epoch) return;
    epoch = beat.epoch;
    leases++;
    // The gap before a lease shows in its first heartbeat only. A lease that came and went between two looks
    // is not counted.
    if (beat.gapTicks > 0) samplesUs.push((beat.gapTicks / loop.ticksPerMs) * 1000);
  };
  const wanted = context.options.rounds ?? GAP_LEASES;
  const begin = performance.now();
  while (samplesUs.length < wanted && performance.now() - begin < ANSWER_TIMEOUT_MS) {
    streamThrough(loop, 512, 16, look);
    await turn();
    context.signal.throwIfAborted();
  }
  if (samplesUs.length === 0) throw skip("no lease ended");
  const bar = GAP_BARS_US[strategy as keyof typeof GAP_BARS_US];
  return {
    samplesUs,
    expected: "every word plus one",
    facts: { "leases seen": leases, "ms a lease": GAP_LEASE_MS },
    bar: { text: `at most ${bar} µs p50`, isMet: quantileOf(samplesUs, 0.5) <= bar, isForGpu: true },
  };
}
