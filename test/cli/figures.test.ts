/** Figures that stand in the pages by hand are those of the records that scripts/figures.ts names. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { figure } from "../../scripts/figures.ts";
import { packageRoot } from "../../src/base/package-root.ts";

const read = (file: string): string => readFileSync(join(packageRoot(), file), "utf8");
const trip = (contender: string, measure: string, record = "roundtrip"): string =>
  figure(`${record} | echo of one word | ${contender} | ${measure} µs`);

/** The cells of the line of a table that begins so, without bold. */
function cells(page: string, first: string): string[] {
  const line = page.split("\n").find((each) => each.startsWith(`| ${first} `));
  if (line === undefined) throw new Error(`no table has a line "${first}"`);
  return line
    .replaceAll("**", "")
    .split("|")
    .slice(2, -1)
    .map((cell) => cell.trim());
}

it("docs/residency.md gives the record's figures", () => {
  const page = read("docs/residency.md");
  for (const [way, contender, record] of [
    ["a kernel that stays", "persistent", "roundtrip"],
    ["prerecorded dispatch, answer seen in memory", "batch", "roundtrip"],
    ["dispatch and fence", "dispatch", "roundtrip"],
    ["WebGPU (Dawn)", "webgpu", "webgpu"],
  ] as const)
    expect(cells(page, way), way).toEqual([trip(contender, "p50", record), trip(contender, "p99", record)]);
});

it("README.md gives the record's figures", () => {
  const page = read("README.md").replace(/\s+/g, " ");
  expect(page).toContain(`takes **${trip("persistent", "p50")} µs**`);
  expect(page).toContain(`A dispatch and a fence take ${trip("dispatch", "p50")} µs`);
  const lookup = (contender: string): string => figure(`million | single lookup() | ${contender} | p50 µs`);
  const short = (text: string): string => Number(text).toFixed(1);
  expect(page).toContain(
    `answers one in ${short(lookup("host"))} µs, a GPU in ${short(lookup("device"))} µs`,
  );
  // "two to three times as fast"
  for (const record of ["tree", "host"]) {
    const whole = (contender: string): number =>
      Number(figure(`${record} | rare | ${contender}, whole process | p50 ms`));
    const times = whole("everwarp") / whole("rg");
    expect(times).toBeGreaterThan(1.5);
    expect(times).toBeLessThan(3.5);
  }
});

it("the picture gives the record's figures, and its bars are as long as they say", () => {
  const picture = read("docs/everwarp.svg");
  const stays = trip("persistent", "p50");
  const dispatch = trip("dispatch", "p50");
  expect(picture).toContain(`takes ${stays} µs, a dispatch with a fence ${dispatch} µs`);
  expect(picture).toContain(`>${stays} µs<`);
  expect(picture).toContain(`>${dispatch} µs<`);
  const bars = [...picture.matchAll(/<rect class="(?:answer|slow)" x="178"[^>]* width="(\d+)" height="22"/g)];
  const [short, long] = bars.map(([, width]) => Number(width));
  expect(short / long).toBeCloseTo(Number(stays) / Number(dispatch), 2);
});
