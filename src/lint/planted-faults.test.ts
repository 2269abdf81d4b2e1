/** Faults planted in random places of good kernels are found, and good kernels are left alone. */
import { expect, test } from "vitest";
import { Dice, PLANTED_RULES, randomKernel } from "../../test/support/lint-generator.ts";
import { propertySeed } from "../../test/support/property-runs.ts";
import { RULES } from "./rules/index.ts";
import { lintSource } from "./source.ts";

/** EVERWARP_PROPERTY_RUNS=1000 is what the limits were set for. */
const RUNS = Number(process.env["EVERWARP_PROPERTY_RUNS"] ?? 60);
const SEED = propertySeed();
/** Shares of what is missed, and of false alarms. A small sample may have one. */
const MISSED_MAX = Math.max(1, RUNS * 0.01);

test("a fault can be planted for every rule", () => {
  expect([...PLANTED_RULES].toSorted()).toEqual(RULES.map(({ name }) => name).toSorted());
});

test("planted faults are found", async () => {
  const missed: string[] = [];
  for (let run = 0; run < RUNS; run++) {
    const rule = PLANTED_RULES[run % PLANTED_RULES.length] ?? "";
    const source = randomKernel(new Dice(SEED + run), rule);
    const found = (await lintSource({ source, name: "kernel" })).map((finding) => finding.rule);
    if (!found.includes(rule)) missed.push(`seed ${SEED + run}: ${rule}\n${source}`);
  }
  expect(missed.length, missed.join("\n")).toBeLessThanOrEqual(MISSED_MAX);
});

test("good kernels are left alone", async () => {
  const alarms: string[] = [];
  for (let run = 0; run < RUNS; run++) {
    const source = randomKernel(new Dice(SEED + run));
    const found = (await lintSource({ source, name: "kernel" })).map(
      ({ rule, location }) => `${rule} ${location?.line}`,
    );
    if (found.length > 0) alarms.push(`seed ${SEED + run}: ${found.join(", ")}\n${source}`);
  }
  expect(alarms.length, alarms.join("\n")).toBeLessThanOrEqual(MISSED_MAX);
});
