/** A device that is lost by injection under a search: kernels are still at work behind the loss, and nothing they use may go. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { EverwarpError } from "../../src/base/errors.ts";
import { injectFaults } from "../../src/base/faults.ts";
import { Corpus, SearchEngine, STRATEGY_NAMES, type StrategyName } from "../../src/index.ts";
import { Dir } from "../support/cli.ts";
import { testDeviceInfo, watchValidation } from "../support/vulkan.ts";

watchValidation();
const { index: device } = testDeviceInfo();
const dir = new Dir("device-search").file("f", "needle\nneedle in it\n").file("g", "no\n");
const needles = { pattern: "needle" };

let corpus: Corpus;
beforeAll(async () => {
  corpus = await Corpus.list(["./"], { cwd: dir.path });
});
afterAll(() => dir.remove());

/** Undefined where the device does not allow the strategy. */
async function openEngine(strategy: StrategyName): Promise<SearchEngine | undefined> {
  try {
    return await SearchEngine.open({ corpus, device, strategy });
  } catch (error) {
    if (error instanceof EverwarpError && error.code === "EW_STRATEGY_UNSUPPORTED") return undefined;
    throw error;
  }
}

const points = ["submit", "fence-status", "fence-wait"] as const;
it.for(STRATEGY_NAMES.flatMap((strategy) => points.map((point) => ({ strategy, point }))))(
  "$strategy, lost at $point: the right answer or EW_DEVICE_LOST, and it closes and opens again",
  async ({ strategy, point }, { skip }) => {
    for (let round = 0; round < 3; round++) {
      const engine = await openEngine(strategy);
      if (engine === undefined) return skip(`this device, or the search, does not run with ${strategy}`);
      expect((await engine.search(needles)).count).toBe(2);
      using _faults = injectFaults(`device-lost@${point}`);
      const outcomes = await Promise.allSettled(
        [needles, { pattern: "needl[e]" }, { pattern: "no" }].map((query) => engine.submit(query).wait()),
      );
      const counts = outcomes.map((outcome) =>
        outcome.status === "fulfilled" ? outcome.value.count : (outcome.reason as { code: string }).code,
      );
      for (const [at, right] of [2, 2, 1].entries()) expect([right, "EW_DEVICE_LOST"]).toContain(counts[at]);
      await engine.close();
    }
  },
);
