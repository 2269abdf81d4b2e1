/**
 * Writes glsl/generated/ from the schemas: every `*.schema.ts` under src exports `glslModules`, a record from file name
 * to text.
 *
 *   npx tsx scripts/gen-glsl.ts           write the files, and remove those that no schema gives any more
 *   npx tsx scripts/gen-glsl.ts --check   compare instead: exit 1 on drift
 */

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");
const OUTPUT = join(ROOT, "glsl/generated");

/** Texts by file name, from all schema modules. */
async function generate(): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  const schemas = readdirSync(join(ROOT, "src"), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".schema.ts"))
    .toSorted();
  for (const path of schemas) {
    const module = (await import(pathToFileURL(join(ROOT, "src", path)).href)) as { glslModules?: unknown };
    const { glslModules } = module;
    if (typeof glslModules !== "object" || glslModules === null)
      throw new Error(`src/${path} exports no glslModules`);
    for (const [name, text] of Object.entries(glslModules)) {
      if (!/^[\w.-]+\.glsl$/.test(name) || typeof text !== "string") {
        throw new Error(`src/${path}: glslModules["${name}"] must be a text under a name like queue.glsl`);
      }
      if (texts.has(name))
        throw new Error(`src/${path}: glsl/generated/${name} comes from another schema already`);
      texts.set(name, text);
    }
  }
  return texts;
}

async function main(check: boolean): Promise<number> {
  const texts = await generate();
  const present = existsSync(OUTPUT) ? readdirSync(OUTPUT).filter((name) => name.endsWith(".glsl")) : [];
  const stale = present.filter((name) => !texts.has(name));
  if (check) {
    const drifted = [...texts].filter(([name, text]) => {
      const path = join(OUTPUT, name);
      return !existsSync(path) || readFileSync(path, "utf8") !== text;
    });
    for (const name of [...drifted.map(([drift]) => drift), ...stale]) {
      process.stderr.write(
        `gen-glsl: glsl/generated/${name} differs from its schema. Run npx tsx scripts/gen-glsl.ts.\n`,
      );
    }
    return drifted.length + stale.length === 0 ? 0 : 1;
  }
  mkdirSync(OUTPUT, { recursive: true });
  for (const name of stale) rmSync(join(OUTPUT, name));
  for (const [name, text] of texts) writeFileSync(join(OUTPUT, name), text);
  return 0;
}

process.exitCode = await main(process.argv.includes("--check"));
