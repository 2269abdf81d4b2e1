/**
 * Every shipped kernel against every schema: wherever a kernel has a struct of a schema in memory, it must lie as the
 * schema says. Needs no device, only the compiler.
 */

import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { packageRoot } from "../../src/base/package-root.ts";
import { checkLayout } from "../../src/programs/sources/check-layout.ts";
import { compileExpanded, prepareSource } from "../../src/programs/sources/compile.ts";
import type { StructLayout } from "../../src/schema/types.ts";
import { structSizeBytes } from "../../src/spirv/extent.ts";
import type { SpirvModule } from "../../src/spirv/description.ts";
import { readSpirv } from "../../src/spirv/module.ts";

/** The least that Vulkan promises for push constants; kernels keep to it to run everywhere. */
const PUSH_CONSTANTS_MAX_BYTES = 128;

const source = join(packageRoot(), "src");
const files = readdirSync(source, { recursive: true, encoding: "utf8" });
const kernels = files.filter((file) => file.endsWith(".comp")).toSorted();
const schemas = new Map<string, StructLayout>();
const modules = new Map<string, SpirvModule>();

function isStruct(value: unknown): value is StructLayout {
  return (
    typeof value === "object" &&
    value !== null &&
    "kind" in value &&
    value.kind === "struct" &&
    "offsets" in value
  );
}

beforeAll(async () => {
  for (const file of files.filter((name) => name.endsWith(".schema.ts"))) {
    const module = (await import(pathToFileURL(join(source, file)).href)) as Record<string, unknown>;
    for (const value of Object.values(module).filter(isStruct)) {
      expect(schemas.has(value.name), `two schemas are called ${value.name}`).toBe(false);
      schemas.set(value.name, value);
    }
  }
  for (const file of kernels) {
    modules.set(file, readSpirv(await compileExpanded(prepareSource({ file: join(source, file) }))));
  }
});

describe.each(kernels)("%s", (file) => {
  test("lays out what it shares with the host as the schema does", () => {
    const module = modules.get(file);
    if (module === undefined) throw new Error(`${file} was not compiled`);
    for (const struct of module.structs) {
      const schema = schemas.get(struct.name);
      if (schema !== undefined && struct.members.some(({ offsetBytes }) => offsetBytes !== undefined)) {
        checkLayout(module, schema);
      }
    }
  });

  test("has push constants that every device takes, and no descriptors", () => {
    const module = modules.get(file);
    const block = module?.pushConstants;
    expect(module && block ? structSizeBytes(module, block) : 0).toBeLessThanOrEqual(
      PUSH_CONSTANTS_MAX_BYTES,
    );
    expect(module?.bindings).toEqual([]);
  });

  test("tells what it is, and has its entry point", () => {
    expect(readFileSync(join(source, file), "utf8")).toMatch(new RegExp(`^// ${basename(file, ".comp")}: `));
    expect(modules.get(file)?.entryPoints).toMatchObject([{ name: "main", isCompute: true }]);
  });
});

test("every struct of a schema is in the memory of some kernel", () => {
  const found = new Set([...modules.values()].flatMap(({ structs }) => structs.map(({ name }) => name)));
  expect([...schemas.keys()].filter((name) => !found.has(name))).toEqual([]);
  expect(schemas.size).toBeGreaterThan(0);
});
