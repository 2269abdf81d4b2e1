/**
 * Programs made before they are asked for, several at a time. Whoever asks in earnest goes first: before each part that
 * keeps this thread busy (a compilation, a pipeline) they wait until nobody waits.
 *
 * Invariant: a program that cannot be made ahead of time stops no other one; it is told, and made or refused when it is
 * asked for.
 */

import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";

/** Reading and checking overlaps; a driver's work on pipelines does not, as it is called on this thread. */
const PARALLEL = 8;
const PAUSE_MS = 1;

/** How programs are made ahead of time. */
export interface PreloadOptions {
  /** Told after each program. */
  readonly onProgress?: (done: number, total: number, name: string) => void;
  /** How many are under way together; 8 if not given. */
  readonly parallel?: number;
}

/** What came of making programs ahead of time. */
export interface PreloadAnswer {
  /** Programs that are in memory now. */
  readonly loaded: number;
  readonly failed: readonly { readonly name: string; readonly error: unknown }[];
}

/** One program to be made. */
export interface PreloadStep {
  readonly name: string;
  /** @returns whether there was something to make */
  run(): Promise<boolean>;
}

/** Waits while `isBusy`. */
export async function whenIdle(isBusy: () => boolean): Promise<void> {
  while (isBusy()) await sleep(PAUSE_MS);
}

/** Runs the steps. @param isBusy whether someone waits for a program in earnest */
export async function runPreload(
  steps: readonly PreloadStep[],
  isBusy: () => boolean,
  { onProgress, parallel = PARALLEL }: PreloadOptions = {},
): Promise<PreloadAnswer> {
  const failed: { name: string; error: unknown }[] = [];
  let next = 0;
  let done = 0;
  let loaded = 0;
  const work = async (): Promise<void> => {
    for (let step = steps[next++]; step !== undefined; step = steps[next++]) {
      await nextTurn();
      await whenIdle(isBusy);
      try {
        if (await step.run()) loaded++;
      } catch (error) {
        failed.push({ name: step.name, error });
      }
      onProgress?.(++done, steps.length, step.name);
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, parallel) }, work));
  return { loaded, failed };
}
