/**
 * Checks the names that a kernel's schemas bring into GLSL, so that errors mention the schema and not generated text.
 */
import { join } from "node:path";
import { EverwarpError, packageRoot } from "../../base/index.ts";
import { expandFile } from "../../programs/index.ts";
import { isGlslIdentifier, type StructLayout } from "../../schema/index.ts";

/** The name of the generated file that kernel.glsl includes, for `virtualFiles`. */
export const KERNEL_TYPES_FILE = "kernel-types.glsl";

/** The names that the generated text itself declares. */
const GENERATED_NAMES = (
  "REQUEST_WORDS RESPONSE_WORDS RESPONSE_VECTORS requestAt respond endRequest fail slot sequence response " +
  "code status perform main"
).split(" ");

interface TakenNames {
  /** All identifiers of the includes. */
  readonly identifiers: ReadonlySet<string>;
  /** Macro names. The preprocessor replaces them everywhere, even as names of fields. */
  readonly macros: ReadonlySet<string>;
}
let taken: TakenNames | undefined;

/** The names in the author's includes. They are read from the text, so the list is never outdated. */
function takenNames(): TakenNames {
  if (taken !== undefined) return taken;
  const { text } = expandFile(join(packageRoot(), "glsl", "kernel.glsl"), {
    virtualFiles: { [KERNEL_TYPES_FILE]: "" },
  });
  const code = text.replaceAll(/\/\/.*$|\/\*[^]*?\*\//gm, " ");
  taken = {
    identifiers: new Set([...(code.match(/\b[A-Za-z_]\w*/g) ?? []), ...GENERATED_NAMES]),
    macros: new Set([...code.matchAll(/^\s*#\s*define\s+(\w+)/gm)].map(([, name]) => name ?? "")),
  };
  return taken;
}

/**
 * Checks every name that the generated text will declare.
 *
 * @param sections names of the state's sections
 * @throws EW_BAD_ARGUMENT for reserved words of GLSL, and for names that the includes or another part already use
 */
export function assertNames(structs: readonly StructLayout[], sections: readonly string[]): void {
  const { identifiers, macros } = takenNames();
  const declared = new Set(identifiers);
  const declare = (name: string, what: string): void => {
    if (!isGlslIdentifier(name)) throw badName(what, name, "is not a valid GLSL name");
    if (declared.has(name)) throw badName(what, name, "is in use already");
    declared.add(name);
  };
  for (const of of structs) {
    declare(of.name, "a struct");
    for (const field of Object.keys(of.fields))
      if (macros.has(field)) throw badName(`a field of ${of.name}`, field, "is a macro of kernel.glsl");
  }
  for (const name of sections) {
    const what = `the state section ${JSON.stringify(name)}, by its`;
    if (!isGlslIdentifier(name)) throw badName("a state section", name, "is not a valid GLSL name");
    declare(stateFunction(name), `${what} function`);
    declare(stateBytesConstant(name), `${what} constant`);
  }
}

function badName(what: string, name: string, why: string): EverwarpError {
  return new EverwarpError("EW_BAD_ARGUMENT", `${what} is called ${JSON.stringify(name)}, which ${why}`, {
    remedy: "Choose another name.",
  });
}

/** The function that returns a section's address: `historyState` for `history`. */
export function stateFunction(name: string): string {
  return `${name}State`;
}

/** The constant with a section's size: `KEY_TABLE_STATE_BYTES` for `keyTable`. */
export function stateBytesConstant(name: string): string {
  return `${name.replaceAll(/([a-z0-9])([A-Z])/g, "$1_$2").toUpperCase()}_STATE_BYTES`;
}
