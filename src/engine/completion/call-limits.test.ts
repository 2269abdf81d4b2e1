import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { withinLimits } from "./call-limits.ts";

const never = (): Promise<number> => new Promise(() => undefined);

test("work within its limits gives its own result", async () => {
  const signal = new AbortController().signal;
  expect(await withinLimits("work", {}, async () => 1)).toBe(1);
  expect(await withinLimits("work", { timeoutMs: 10_000, signal }, async () => 2)).toBe(2);
  const failure = new Error("no");
  const failing = withinLimits("work", { timeoutMs: 10_000 }, () => Promise.reject(failure));
  await expect(failing).rejects.toBe(failure);
});

test("a timeout fails the call, and a later error of the work is not unhandled", async () => {
  const work = withinLimits("the work", { timeoutMs: 5 }, async () => {
    await sleep(20);
    throw new Error("late");
  });
  await expect(work).rejects.toMatchObject({
    code: "EW_TIMEOUT",
    message: expect.stringContaining("the work"),
  });
  await sleep(30); // an unhandled rejection would fail the run
});

test("a signal fails the call, before it begins or while it waits", async () => {
  const controller = new AbortController();
  const waiting = withinLimits("the work", { signal: controller.signal }, never);
  controller.abort("enough");
  await expect(waiting).rejects.toMatchObject({ code: "EW_ABORTED", cause: "enough" });
  let isBegun = false;
  const late = withinLimits("the work", { signal: controller.signal }, async () => (isBegun = true));
  await expect(late).rejects.toMatchObject({ code: "EW_ABORTED" });
  expect(isBegun).toBe(false);
});
