import { getEventListeners } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import type { EverwarpError } from "../../base/index.ts";
import { SearchLimits } from "./search-limits.ts";

const listenerCount = (signal: AbortSignal): number => getEventListeners(signal, "abort").length;

it("a signal that is aborted ends the search once, and those who wait for it", async () => {
  const controller = new AbortController();
  const errors: EverwarpError[] = [];
  const limits = new SearchLimits({ signal: controller.signal }, (error) => errors.push(error));
  const waiting = limits.race(new Promise(() => undefined));
  expect(listenerCount(controller.signal)).toBe(1);
  controller.abort("enough");
  await expect(waiting).rejects.toMatchObject({ code: "EW_ABORTED", cause: "enough" });
  expect(errors).toMatchObject([{ code: "EW_ABORTED" }]);
  expect(listenerCount(controller.signal)).toBe(0);
});

it("limits that are disposed of hear the signal no longer", () => {
  const controller = new AbortController();
  const limits = new SearchLimits({ signal: controller.signal }, () => expect.unreachable());
  limits.dispose();
  expect(listenerCount(controller.signal)).toBe(0);
  controller.abort();
});

it("a search that nobody holds any more leaves the signal", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const { signal } = new AbortController();
  /** As a search: it holds its limits, and they call it. */
  const search = (): void => {
    const held: { limits?: SearchLimits; error?: EverwarpError } = {};
    held.limits = new SearchLimits({ signal }, (error) => (held.error = error));
  };
  for (let count = 0; count < 3; count++) search();
  expect(listenerCount(signal)).toBe(1);
  while (listenerCount(signal) > 0) {
    await turn();
    collect();
  }
});
