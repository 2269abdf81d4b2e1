import { expect, it } from "vitest";
import { deviceHint } from "./hint.ts";

it("is given to people who left the choice to us and have no driver", () => {
  const facts = { device: "auto", stderrIsTerminal: true, reason: "no Vulkan driver found" };
  expect(deviceHint(facts)).toMatch(/^everwarp: no Vulkan driver found; searching on the host .*\n$/);
  expect(deviceHint({ ...facts, reason: undefined })).toBeUndefined();
  expect(deviceHint({ ...facts, stderrIsTerminal: false })).toBeUndefined();
  expect(deviceHint({ ...facts, device: "cpu" })).toBeUndefined();
});
