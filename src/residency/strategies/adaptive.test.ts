/** How `adaptive` reacts to gaps between leases. The launcher is a fake: launches begin at once and end when told. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Phase } from "../queue/queue.schema.ts";
import { AdaptiveStrategy } from "./adaptive.ts";
import type { Launcher } from "./launcher.ts";

/** Longer than the barrier between two launches, so it counts as a gap. */
const LONG_GAP_MS = 1.4;
const SHORT_GAP_MS = 0.008;

let stopped = new Set<number>();
let strategy: AdaptiveStrategy;
let launcher: { epoch: number };

function playedSite(): Launcher {
  const fence = { signaled: () => true, reset: () => undefined, [Symbol.dispose]: () => undefined };
  const played = {
    epoch: 0,
    boundedWorkgroupCount: 1,
    settings: { dutyCycle: 1 },
    device: { info: { type: "discrete" }, createFence: () => fence },
    queue: { submit: () => undefined },
    control: () => ++played.epoch,
    stop: (block: number) => void stopped.add(block),
    recordLaunches: () => ({ [Symbol.dispose]: () => undefined }),
    aliveCount: (_epoch: number, count: number) => count,
    phaseOf: (epoch: number) => (epoch < played.epoch ? Phase.LEASE_OVER : Phase.RUNNING),
  };
  launcher = played;
  return played as unknown as Launcher;
}

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  stopped = new Set();
  strategy = new AdaptiveStrategy(
    // There is always an unanswered request, so a launch always runs.
    {
      launcher: playedSite(),
      queues: [{ oldestSequence: 1, nextSequence: 2 }],
      counts: { launches: 0, relaunches: 0 },
    },
    {
      residentWorkgroupCount: 1,
      leastWorkgroupCount: 1,
      requestsPerBatch: 64,
      company: { hasOthers: false },
    },
  );
  await strategy.start();
});
afterEach(() => vi.useRealTimers());

/** Reports gaps before the newest launch, which follows another launch of its chain. */
function seeGaps(count: number, gapMs = LONG_GAP_MS): void {
  for (let gap = 0; gap < count; gap++) strategy.sawGap(gapMs, launcher.epoch);
  strategy.advance();
  strategy.advance();
}

/** How long the kernel makes room, in seconds. */
function sharedSeconds(): number {
  for (let seconds = 0; seconds < 60; seconds++) {
    strategy.advance();
    strategy.advance();
    if (!strategy.isShared) return seconds;
    vi.advanceTimersByTime(1_000);
  }
  return Infinity;
}

describe("gaps between leases", () => {
  it("are no sign of others while they are short or rare", () => {
    seeGaps(10, SHORT_GAP_MS);
    expect(strategy.isShared).toBe(false);
    for (let gap = 0; gap < 5; gap++) {
      seeGaps(1);
      vi.advanceTimersByTime(1_000);
    }
    expect(strategy.isShared).toBe(false);
  });

  it("are no sign of others before the first launch of a chain, because that launch waited for the host", () => {
    const firstOfChain = launcher.epoch - 3;
    for (let gap = 0; gap < 10; gap++) strategy.sawGap(LONG_GAP_MS, firstOfChain);
    strategy.advance();
    expect(strategy.isShared).toBe(false);
  });

  it("make the kernel give way for a second, and for twice as long after each failed trial, up to 16", () => {
    const waits = [1, 2, 3, 4, 5, 6].map(() => {
      seeGaps(2);
      expect(strategy.isShared).toBe(true);
      return sharedSeconds();
    });
    expect(waits).toEqual([1, 2, 4, 8, 16, 16]);
    // A long trial succeeded, so a later gap counts as another program.
    vi.advanceTimersByTime(10_000);
    seeGaps(2);
    expect(sharedSeconds()).toBe(1);
  });

  it("end the resident launch before the first batch is launched", () => {
    seeGaps(2);
    expect(stopped.size).toBeGreaterThan(0);
    expect(strategy.stays).toBe(false);
  });

  it("keep the newest launch responsible for the requests in flight", () => {
    seeGaps(2);
    strategy.advance();
    expect(strategy.firstLaunch).toBe(launcher.epoch);
  });
});
