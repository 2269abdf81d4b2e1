import { expect, it } from "vitest";
import { deviceHint } from "./hint.ts";

it("is given to people who left the choice to us and have no driver", () => {
  const facts = { device: "auto", stderrIsTerminal: true, hasVulkan: false };
  expect(deviceHint(facts)).toMatch(/^everwarp: no Vulkan driver .*\n$/);
  expect(deviceHint({ ...facts, hasVulkan: true })).toBeUndefined();
  expect(deviceHint({ ...facts, stderrIsTerminal: false })).toBeUndefined();
  expect(deviceHint({ ...facts, device: "cpu" })).toBeUndefined();
});
