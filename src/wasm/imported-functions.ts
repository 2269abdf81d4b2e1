/** What a fleet's module imports, and what it is given: functions alone. */
import { EverwarpError } from "../base/index.ts";
import type { HostFunction, HostFunctions } from "./contracts.ts";
import { type DecodedModule, type FunctionType, functionTypeText } from "./module/index.ts";

/** A function of the host that a module imports. */
export interface ImportedFunction {
  readonly module: string;
  readonly name: string;
  readonly type: FunctionType;
  readonly run: HostFunction;
}

/**
 * The functions that a module imports, in the order of its functions.
 *
 * A module names what it wants, and may be hostile: it gets own properties of what was given, and nothing inherited.
 * @throws EW_WASM_LINK for a function that is not given, EW_WASM_UNSUPPORTED for anything but a function
 */
export function importedFunctions(module: DecodedModule, given: HostFunctions): ImportedFunction[] {
  return module.imports.map(({ module: from, name, kind, index }) => {
    if (kind !== "func")
      throw new EverwarpError("EW_WASM_UNSUPPORTED", `the module imports a ${kind}, "${from}" "${name}"`, {
        remedy: "Instances of a fleet share nothing: define it in the module.",
      });
    const functions = Object.hasOwn(given, from) ? given[from]! : {};
    const run = Object.hasOwn(functions, name) ? functions[name] : undefined;
    const { type } = module.functions[index]!;
    if (run !== undefined) return { module: from, name, type, run };
    const what = `the function "${from}" "${name}" of type ${functionTypeText(type)}`;
    throw new EverwarpError("EW_WASM_LINK", `the module imports ${what}, which is not given`, {
      remedy: `Give it: { imports: { ${JSON.stringify(from)}: { ${JSON.stringify(name)}: (…) => … } } }.`,
    });
  });
}
