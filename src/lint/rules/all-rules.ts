/** All rules, those that stop a device first. */
import { counterAndFlagShareALine } from "./counter-and-flag-share-a-line.ts";
import { divergentBarrier } from "./divergent-barrier.ts";
import { doorbellPolledByMany } from "./doorbell-polled-by-many.ts";
import { earlyExit } from "./early-exit.ts";
import { queueReadNotBroadcast } from "./queue-read-not-broadcast.ts";
import type { Rule } from "./rule.ts";
import { singleLaneWork } from "./single-lane-work.ts";
import { spinWithoutBarrier } from "./spin-without-barrier.ts";
import { stopNotFirst } from "./stop-not-first.ts";
import { storeAfterPublish } from "./store-after-publish.ts";
import { unboundedLoop } from "./unbounded-loop.ts";

/** The rules in the order of reports. */
export const RULES: readonly Rule[] = [
  earlyExit,
  divergentBarrier,
  unboundedLoop,
  stopNotFirst,
  singleLaneWork,
  queueReadNotBroadcast,
  spinWithoutBarrier,
  storeAfterPublish,
  doorbellPolledByMany,
  counterAndFlagShareALine,
];
