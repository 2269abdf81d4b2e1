import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { deviceHint, isHintDue } from "./hint.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "everwarp-hint-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const HOUR_MS = 60 * 60 * 1000;

it("is due once a day, for each cache", () => {
  const env = { XDG_CACHE_HOME: join(folder, "cache") };
  const begin = Date.UTC(2024, 0, 1);
  expect(isHintDue(env, begin)).toBe(true);
  expect(isHintDue(env, begin + 1)).toBe(false);
  expect(isHintDue(env, begin + 23 * HOUR_MS)).toBe(false);
  expect(isHintDue({ XDG_CACHE_HOME: join(folder, "other") }, begin + 1)).toBe(true);
  expect(isHintDue(env, begin + 25 * HOUR_MS)).toBe(true);
  expect(isHintDue(env, begin + 26 * HOUR_MS)).toBe(false);
  // The clock was wrong before.
  expect(isHintDue(env, begin)).toBe(true);
});

it("is due every time where nothing can be kept, and never fails or waits", () => {
  writeFileSync(join(folder, "file"), "");
  mkdirSync(join(folder, "pipe"));
  execFileSync("mkfifo", [join(folder, "pipe", "last-hint")]);
  const surroundings: Record<string, string>[] = [
    { EVERWARP_PROGRAM_CACHE: "off" },
    { EVERWARP_CACHE_DIR: join(folder, "file", "below") },
    { EVERWARP_CACHE_DIR: "/proc/everwarp" },
    { EVERWARP_CACHE_DIR: join(folder, "no", "such", "parents", "anywhere") },
  ];
  for (const env of surroundings) {
    expect(isHintDue(env)).toBe(true);
    expect(isHintDue(env)).toBe(true);
  }
  // A pipe that was just made looks as if the hint was given; a day later it is not waited for.
  expect(isHintDue({ EVERWARP_CACHE_DIR: join(folder, "pipe") }, Date.now() + 25 * HOUR_MS)).toBe(true);
});

it("is given to people who left the choice to us and have no driver", () => {
  const facts = { device: "auto", stderrIsTerminal: true, reason: "no Vulkan driver found" };
  expect(deviceHint(facts)).toMatch(/^everwarp: no Vulkan driver found; searching on the host .*\n$/);
  expect(deviceHint({ ...facts, reason: undefined })).toBeUndefined();
  expect(deviceHint({ ...facts, stderrIsTerminal: false })).toBeUndefined();
  expect(deviceHint({ ...facts, device: "cpu" })).toBeUndefined();
});
