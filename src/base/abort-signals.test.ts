import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import { hearAbort } from "./abort-signals.ts";

const listenerCount = ({ signal }: AbortController): number => getEventListeners(signal, "abort").length;

test("a thousand calls are one listener, and each is called once", () => {
  const controller = new AbortController();
  const heard: number[] = [];
  for (let call = 0; call < 1000; call++) hearAbort(controller.signal, () => heard.push(call));
  expect(listenerCount(controller)).toBe(1);
  controller.abort();
  expect(heard).toEqual(Array.from({ length: 1000 }, (_, call) => call));
  expect(listenerCount(controller)).toBe(0);
});

test("a call that hears no longer is not called, and the last one takes the listener away", () => {
  const controller = new AbortController();
  const heard: string[] = [];
  const unhear = ["a", "b"].map((name) => hearAbort(controller.signal, () => heard.push(name)));
  unhear[0]!();
  unhear[0]!();
  expect(listenerCount(controller)).toBe(1);
  unhear[1]!();
  expect(listenerCount(controller)).toBe(0);
  hearAbort(controller.signal, () => heard.push("c"));
  unhear[1]!();
  controller.abort();
  expect(heard).toEqual(["c"]);
});

test("a call may end another one that is heard at the same abort", () => {
  const controller = new AbortController();
  const heard: string[] = [];
  hearAbort(controller.signal, () => unhear());
  const unhear = hearAbort(controller.signal, () => heard.push("late"));
  controller.abort();
  expect(heard).toEqual([]);
});
