/** Figures of round trips in the pages are those of the record that the pages name. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { packageRoot } from "../../src/base/package-root.ts";

const read = (file: string): string => readFileSync(join(packageRoot(), file), "utf8");

interface Row {
  readonly subject: string;
  readonly contender: string;
  readonly timing: { readonly p50Us: number; readonly p99Us: number };
}
const { rows } = JSON.parse(read("bench/record/2026-11-20-h200-residency/raw-search.json")) as {
  rows: Row[];
};

/** As the pages write it: three figures that mean something. */
function figures(contender: string): { p50: string; p99: string } {
  const row = rows.find((each) => each.subject === "echo of one word" && each.contender === contender);
  if (row === undefined) throw new Error(`the record has no round trip with ${contender}`);
  return { p50: row.timing.p50Us.toPrecision(3), p99: row.timing.p99Us.toPrecision(3) };
}

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
  for (const [way, contender] of [
    ["a kernel that stays", "persistent"],
    ["prerecorded dispatch, answer seen in memory", "batch"],
    ["dispatch and fence", "dispatch"],
    ["WebGPU (Dawn)", "webgpu"],
  ] as const) {
    const { p50, p99 } = figures(contender);
    expect(cells(page, way), way).toEqual([p50, p99]);
  }
});

it("README.md gives the same", () => {
  const page = read("README.md");
  const { p50, p99 } = figures("persistent");
  const [dispatch, batch, dawn] = ["dispatch", "batch", "webgpu"].map((name) => figures(name).p50);
  expect(cells(page, "empty round trip, resident kernel")).toEqual([
    p50,
    p99,
    `\`dispatch\` ${dispatch}, prerecorded and polled ${batch}, WebGPU (Dawn) ${dawn}`,
  ]);
  const full = figures("persistent, device full");
  expect(cells(page, "the same, the device full of workgroups").slice(0, 2)).toEqual([full.p50, full.p99]);
});
