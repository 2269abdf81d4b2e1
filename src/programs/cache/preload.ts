/**
 * Makes programs before they are requested, several at a time. Real requests go first: before each step that blocks
 * this thread (a compilation, a pipeline), preloading pauses until no request is waiting.
 *
 * Invariant: a program that cannot be preloaded does not stop the others. The answer names it. A later request makes it
 * or fails.
 */

import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";

/** Reading and checking overlap. The driver's work does not, because drivers are called on this thread. */
const PARALLEL = 8;
const PAUSE_MS = 1;

/** Options for preloading. */
export interface PreloadOptions {
  /** Called after each program. */
  readonly onProgress?: (done: number, total: number, name: string) => void;
  /** How many programs are in progress at the same time; 8 if not given. */
  readonly parallel?: number;
}

/** The result of preloading. */
export interface PreloadAnswer {
  /** Number of programs that are in memory now. */
  readonly loaded: number;
  readonly failed: readonly { readonly name: string; readonly error: unknown }[];
}

/** One program to preload. */
export interface PreloadStep {
  readonly name: string;
  /** @returns whether there was something to make */
  run(): Promise<boolean>;
}

/** Waits until `isBusy` returns false. */
export async function whenIdle(isBusy: () => boolean): Promise<void> {
  while (isBusy()) await sleep(PAUSE_MS);
}

/** Runs the steps. @param isBusy whether a real request is waiting */
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
