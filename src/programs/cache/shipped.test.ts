import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { shippedPrograms, shippedProgramsNamed } from "./shipped.ts";

test("every kernel has its name, and every variant line makes a program", () => {
  const all = shippedPrograms();
  const names = all.map(({ name }) => name);
  expect(names).toEqual(
    expect.arrayContaining([
      "residency/echo",
      "search/line_ranks",
      "search/scan UNROLL=1",
      "search/scan UNROLL=4",
    ]),
  );
  expect(new Set(names).size).toBe(names.length);
  for (const { request } of all) expect("file" in request && existsSync(request.file)).toBe(true);
  const scan = all.find(({ name }) => name === "search/scan UNROLL=4");
  expect(scan?.request.defines).toEqual({ UNROLL: "4" });
});

test("a name means a program, a kernel or a system", () => {
  const named = (name: string): string[] => shippedProgramsNamed(name).map((program) => program.name);
  expect(named("search/scan UNROLL=1")).toEqual(["search/scan UNROLL=1"]);
  expect(named("search/scan")).toEqual(["search/scan UNROLL=1", "search/scan UNROLL=4"]);
  expect(named("search/kernels/scan")).toEqual(named("search/scan"));
  expect(named("search").length).toBeGreaterThan(4);
  expect(named("search").every((name) => name.startsWith("search/"))).toBe(true);
});

test.each(["search/sca", "path", "", "../search/scan", "search/scan UNROLL"])(
  "%j is not a known name",
  (name) => {
    expect(() => shippedProgramsNamed(name)).toThrow(/there is no program.*search\/scan/);
  },
);
