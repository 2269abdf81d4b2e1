/**
 * The names that a module gives its functions, for messages.
 *
 * Source: "Name Section" in the appendix of the WebAssembly Core Specification 2.0. A name section that is damaged says
 * nothing: the module is valid all the same.
 */
import { EverwarpError } from "../../base/index.ts";
import type { DecodedModule } from "./module.ts";
import { BinaryReader } from "./reader.ts";

const FUNCTION_NAMES = 1;

/** The names of functions, by index: from the name section, else from exports, else from imports. */
export function functionNames(module: DecodedModule): ReadonlyMap<number, string> {
  const names = new Map<number, string>();
  for (const { kind, index, module: from, name } of module.imports)
    if (kind === "func") names.set(index, `${from}.${name}`);
  for (const { kind, index, name } of module.exports) if (kind === "func") names.set(index, name);
  const section = module.customs.find(({ name }) => name === "name");
  if (section !== undefined)
    for (const [index, name] of namedFunctions(section.bytes)) names.set(index, name);
  return names;
}

function namedFunctions(bytes: Uint8Array): ReadonlyMap<number, string> {
  const names = new Map<number, string>();
  const reader = new BinaryReader(bytes);
  try {
    while (!reader.isAtEnd) {
      const kind = reader.byte();
      const content = reader.take(reader.u32());
      if (kind === FUNCTION_NAMES) readNames(new BinaryReader(content), names);
    }
  } catch (error) {
    if (!(error instanceof EverwarpError)) throw error;
    return new Map(); // the names are there for messages alone
  }
  return names;
}

function readNames(reader: BinaryReader, names: Map<number, string>): void {
  for (let left = reader.u32(); left > 0; left--) names.set(reader.u32(), reader.name());
}
