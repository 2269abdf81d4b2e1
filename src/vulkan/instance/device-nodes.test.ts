import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { forbiddenNodes } from "./device-nodes.ts";

const folder = mkdtempSync(join(tmpdir(), "nodes-"));
afterAll(() => rmSync(folder, { recursive: true }));
mkdirSync(join(folder, "dri"));
for (const name of ["dri/renderD128", "dri/renderD129", "dri/card0", "nvidiactl", "nvidia-uvm"]) {
  writeFileSync(join(folder, name), "");
}

test("render nodes and NVIDIA's nodes are checked, display nodes are not", () => {
  expect(forbiddenNodes(folder, () => false)).toEqual([
    join(folder, "dri/renderD128"),
    join(folder, "dri/renderD129"),
    join(folder, "nvidiactl"),
  ]);
  expect(forbiddenNodes(folder, (path) => !path.endsWith("129"))).toEqual([join(folder, "dri/renderD129")]);
});

test("the list is empty if all nodes may be opened, or there are no nodes", () => {
  expect(forbiddenNodes(folder)).toEqual([]);
  expect(forbiddenNodes(join(folder, "nothing"), () => false)).toEqual([]);
});
