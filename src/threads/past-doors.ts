/**
 * A plugin for esbuild. In a bundle, an import from a folder's door (index.ts) becomes an import from the file behind
 * the door.
 *
 * The bundles load some parts lazily. esbuild runs a lazily loaded module as a whole, including doors and everything
 * that they import. That costs 11 ms at every start of the command line. Without doors, only used modules run.
 */
import { readFileSync } from "node:fs";
import path from "node:path";
import type { Plugin } from "esbuild";

const IMPORTS = /^import \{([^}]*)\} from "(\.[^"]*\/index\.ts)";$/gm;
const RE_EXPORTS = /^export \{([^}]*)\} from "(\.[^"]+)";$/gm;

/** The exports of a door: for each name, the defining file and the name there. Types are omitted. */
type Door = ReadonlyMap<string, { readonly file: string; readonly name: string }>;

/** The plugin. It reads every door once. */
export function pastDoors(): Plugin {
  const doors = new Map<string, Door>();
  const doorAt = (file: string): Door => {
    const known = doors.get(file);
    if (known !== undefined) return known;
    const door = new Map<string, { file: string; name: string }>();
    doors.set(file, door);
    for (const [, names = "", specifier = ""] of readFileSync(file, "utf8").matchAll(RE_EXPORTS)) {
      const target = path.resolve(path.dirname(file), specifier);
      for (const [name, as] of valuesIn(names)) {
        const further = target.endsWith("/index.ts") ? doorAt(target).get(name) : undefined;
        door.set(as, further ?? { file: target, name });
      }
    }
    return door;
  };
  return {
    name: "past-doors",
    setup(build) {
      build.onLoad({ filter: /\/src\/.*\.ts$/ }, ({ path: file }) => ({
        loader: "ts",
        contents: readFileSync(file, "utf8").replace(IMPORTS, (_, names: string, specifier: string) => {
          const doorFile = path.resolve(path.dirname(file), specifier);
          return valuesIn(names)
            .map(([name, as]) => {
              const found = doorAt(doorFile).get(name);
              return `import { ${found?.name ?? name} as ${as} } from ${JSON.stringify(found?.file ?? doorFile)};`;
            })
            .join(" "); // one line, so that line numbers in messages stay correct
        }),
      }));
    },
  };
}

/** Parses `a, type B, c as d` to [["a", "a"], ["c", "d"]]. */
function valuesIn(names: string): [name: string, as: string][] {
  return names
    .split(",")
    .map((each) => each.trim())
    .filter((each) => each !== "" && !each.startsWith("type "))
    .map((each) => each.split(" as ") as [string, string?])
    .map(([name, as]) => [name, as ?? name]);
}
