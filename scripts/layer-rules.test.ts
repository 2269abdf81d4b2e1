/** The layer check is held against made-up source folders with one breach each. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
// @ts-expect-error: the checks are plain JavaScript, so that they run before anything is built.
import { checkLayers } from "./layer-rules.mjs";

const root = mkdtempSync(path.join(tmpdir(), "everwarp-layers-"));
afterAll(() => rmSync(root, { recursive: true }));

const LAYERS = [["base"], ["vulkan", "spirv"], ["cli"]];
const INSIDE = { vulkan: [["memory"], ["device"], ["."]] };
/** A source folder in which nothing is wrong. */
const GOOD = {
  "index.ts": 'export * from "./cli/index.ts"; export * from "./vulkan/index.ts";',
  "base/index.ts": 'export { now } from "./clock.ts";',
  "base/clock.ts": "export const now = 1;",
  "vulkan/index.ts":
    'export * from "./device/index.ts"; export * from "./memory/index.ts"; export * from "./own.ts";',
  "vulkan/own.ts": 'import { open } from "./device/index.ts"; export const own = open;',
  "vulkan/device/index.ts": 'export { open } from "./open.ts";',
  "vulkan/device/open.ts": 'import { roles } from "../memory/index.ts"; export const open = roles;',
  "vulkan/memory/index.ts": 'export { roles } from "./roles.ts"; export { sizes } from "./sizes.ts";',
  "vulkan/memory/roles.ts": 'import { now } from "../../base/index.ts"; export const roles = now;',
  "vulkan/memory/sizes.ts": "export const sizes = 1;",
  "spirv/index.ts": 'export { read } from "./read.ts";',
  "spirv/read.ts": "export const read = 1;",
  "cli/index.ts": 'export { main } from "./main.ts";',
  "cli/main.ts": 'export const main = () => import("../vulkan/device/open.ts");',
  "cli/main.test.ts": 'import { sizes } from "../vulkan/memory/sizes.ts"; export const test = sizes;',
};

let trees = 0;
function check(
  changes: Record<string, string>,
  tables: { inside?: object; layers?: string[][]; doorless?: string[]; cycles?: string[] } = {},
) {
  const source = path.join(root, String(trees++));
  for (const [file, text] of Object.entries({ ...GOOD, ...changes })) {
    mkdirSync(path.dirname(path.join(source, file)), { recursive: true });
    writeFileSync(path.join(source, file), text);
  }
  const result: { breaches: string[]; cycles: string[] } = checkLayers({
    source,
    layers: LAYERS,
    inside: INSIDE,
    doorless: [],
    cycles: [],
    ...tables,
  });
  return result;
}

describe("imports", () => {
  it("are let alone where nothing is wrong", () => {
    expect(check({})).toEqual({ breaches: [], cycles: [] });
  });

  it.each([
    [
      "from a room above",
      { "base/clock.ts": 'import "../cli/index.ts";' },
      "base/clock.ts imports ../cli/index.ts: base may not see cli",
    ],
    [
      "from a room beside",
      { "spirv/read.ts": 'import "../vulkan/index.ts";' },
      "spirv/read.ts imports ../vulkan/index.ts: spirv may not see vulkan",
    ],
    [
      "lazily from a room above",
      { "base/clock.ts": 'export const later = () => import("../cli/index.ts");' },
      "base/clock.ts imports ../cli/index.ts: base may not see cli",
    ],
    [
      "from the package's own door",
      { "cli/run.ts": 'import "../index.ts";' },
      "cli/run.ts imports ../index.ts: a door is for others: name the file itself",
    ],
    [
      "past a room's door",
      { "cli/run.ts": 'import "../vulkan/own.ts";' },
      "cli/run.ts imports ../vulkan/own.ts: vulkan is entered by vulkan/index.ts alone",
    ],
    [
      "of a type past a room's door",
      { "cli/run.ts": 'export type Own = import("../vulkan/own.ts").Own;' },
      "cli/run.ts imports ../vulkan/own.ts: vulkan is entered by vulkan/index.ts alone",
    ],
    [
      "past a folder's door",
      { "vulkan/device/open.ts": 'import "../memory/roles.ts";' },
      "vulkan/device/open.ts imports ../memory/roles.ts: vulkan/memory is entered by vulkan/memory/index.ts alone",
    ],
    [
      "past a folder's door by the room's",
      { "vulkan/index.ts": 'export * from "./device/open.ts";' },
      "vulkan/index.ts imports ./device/open.ts: vulkan/device is entered by vulkan/device/index.ts alone",
    ],
    [
      "from a folder above",
      { "vulkan/memory/sizes.ts": 'import "../device/index.ts";' },
      "vulkan/memory/sizes.ts imports ../device/index.ts: in vulkan, memory may not see device",
    ],
    [
      "from the room's own files, above",
      { "vulkan/memory/sizes.ts": 'import "../own.ts";' },
      "vulkan/memory/sizes.ts imports ../own.ts: in vulkan, memory may not see the folder's own files",
    ],
    [
      "from the own folder's door",
      { "vulkan/memory/sizes.ts": 'import "./index.ts";' },
      "vulkan/memory/sizes.ts imports ./index.ts: a door is for others: name the file itself",
    ],
    [
      "from a parent's door",
      { "vulkan/memory/sizes.ts": 'import "../index.ts";' },
      "vulkan/memory/sizes.ts imports ../index.ts: a door is for others: name the file itself",
    ],
  ])("are refused %s", (_, changes, breach) => {
    expect(check(changes).breaches).toContain(breach);
  });

  it("may name a file inside of another folder where they are lazy", () => {
    const lazy = { "vulkan/device/open.ts": 'export const open = () => import("../memory/roles.ts");' };
    expect(check(lazy).breaches).toEqual([]);
  });

  it("are compared in a folder's folder with its own entry", () => {
    const nested = {
      "vulkan/memory/pool/index.ts": 'export * from "../roles.ts";',
      "vulkan/memory/roles.ts": "export const roles = 1;",
    };
    expect(check(nested).breaches).toEqual(["INSIDE has no entry for vulkan/memory, which has folders"]);
    const inside = { ...INSIDE, "vulkan/memory": [["pool"], ["."]] };
    expect(check(nested, { inside }).breaches).toEqual([
      "vulkan/memory/pool/index.ts imports ../roles.ts: in vulkan/memory, pool may not see the folder's own files",
    ]);
  });

  it("are missed if none is seen", () => {
    const silent = Object.fromEntries(Object.keys(GOOD).map((file) => [file, ""]));
    expect(check(silent).breaches).toEqual(["no import was seen at all: this check is broken"]);
  });
});

describe("doors", () => {
  it("are asked of every folder, apart from generated ones and those that nothing enters", () => {
    const own = { "vulkan/memory/pool.ts": "", "vulkan/generated/structs.ts": "", "tool/run.ts": "" };
    const tables = { layers: [...LAYERS, ["tool"]], inside: { vulkan: [...INSIDE.vulkan, ["generated"]] } };
    expect(check(own, tables).breaches).toEqual([
      "tool has no door: an index.ts that says what the folder is for",
    ]);
    expect(check(own, { ...tables, doorless: ["tool"] }).breaches).toEqual([]);
  });

  it.each([
    ["defines something", "export const read = 1;"],
    ["imports something", 'import "./read.ts"; export { read } from "./read.ts";'],
    ["exports what it imported", 'import { read } from "./read.ts"; export { read };'],
    ["exports by default", "export default 1;"],
    ["does something", 'export { read } from "./read.ts"; read();'],
  ])("only re-export: not one that %s", (_, text) => {
    expect(check({ "spirv/index.ts": text }).breaches).toEqual([
      "spirv/index.ts does more than re-export: a door has no code of its own",
    ]);
  });
});

describe("tables", () => {
  it("have a place for every room and folder, and name none that is not there", () => {
    expect(check({ "lint/index.ts": "" }).breaches).toEqual(["lint is a room without a place in LAYERS"]);
    expect(check({ "vulkan/queue/index.ts": "" }).breaches).toEqual(["INSIDE has no place for vulkan/queue"]);
    const inside = { vulkan: [["gone"], ["memory"], ["device"], ["."]] };
    expect(check({}, { inside }).breaches).toEqual(["INSIDE names vulkan/gone, which is not there"]);
  });
});

describe("circles", () => {
  const circle = {
    "base/clock.ts": 'import type { Timer } from "./timer.ts"; export const now = 1 as unknown as Timer;',
    "base/timer.ts": 'import { now } from "./clock.ts"; export type Timer = typeof now;',
  };
  const exception = "src/base/timer.ts -> src/base/clock.ts";

  it("are refused, also where an import is of types alone", () => {
    expect(check(circle)).toEqual({
      breaches: ["imports go in a circle: base/clock.ts -> base/timer.ts -> base/clock.ts"],
      cycles: [exception],
    });
  });

  it("go through doors too", () => {
    const { breaches } = check(
      { "vulkan/memory/roles.ts": 'import "../device/index.ts"; export const roles = 1;' },
      { inside: {} },
    );
    expect(breaches).toContainEqual(
      expect.stringMatching(/^imports go in a circle: .*vulkan\/memory\/index.ts/),
    );
  });

  it("are let alone as exceptions, for as long as they are circles", () => {
    expect(check(circle, { cycles: [exception] })).toEqual({ breaches: [], cycles: [exception] });
    expect(check({}, { cycles: [exception] })).toEqual({
      breaches: [`the exception "${exception}" closes no cycle any more: remove it (--update does)`],
      cycles: [],
    });
  });

  it("have no more exceptions than they need", () => {
    const back = "src/base/clock.ts -> src/base/timer.ts";
    const { breaches, cycles } = check(circle, { cycles: [exception, back] });
    expect(breaches).toHaveLength(1);
    expect(cycles).toHaveLength(1);
  });
});
