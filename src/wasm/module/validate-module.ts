/**
 * Finds out whether a decoded module means anything.
 *
 * Source: "Validation" of the WebAssembly Core Specification 2.0. Where the specification and the engines of browsers
 * differ in what they allow, the engines' limits hold (limits.ts).
 */
import { invalid } from "./faults.ts";
import { MAX } from "./limits.ts";
import type { ConstantExpression, DecodedModule, ElementSegment, ExternalKind, Placed } from "./module.ts";
import { functionTypeText, type Limits, typeName, VALUE_TYPE, type ValueType } from "./types.ts";
import { BodyValidator } from "./validate-body.ts";

/**
 * Validates a module, and fills in what the validation finds out: see `Immediate`.
 *
 * @throws EW_WASM_INVALID with what is wrong, and where
 */
export function validateModule(module: DecodedModule): void {
  for (const memory of module.memories) checkMemory(memory);
  for (const table of module.tables) checkLimits("table", table);
  for (const { initial, type, offset } of module.globals)
    if (initial !== undefined) checkConstant(module, initial, type, offset);
  for (const segment of module.elements) checkElements(module, segment);
  for (const { target, offset } of module.data) {
    if (target === undefined) continue;
    if (module.memories[target.index] === undefined) throw invalid(offset, `unknown memory ${target.index}`);
    checkConstant(module, target.offset, VALUE_TYPE.i32, offset);
  }
  checkExports(module);
  checkStart(module);
  const validator = new BodyValidator(module, declaredFunctions(module));
  for (const [index, { type, body }] of module.functions.entries())
    if (body !== undefined) validator.check(index, type, body);
}

function checkLimits(what: string, { minimum, maximum, offset }: Limits & Placed): void {
  if (maximum !== undefined && minimum > maximum)
    throw invalid(
      offset,
      `size minimum must not be greater than maximum: a ${what} has ${minimum} and ${maximum}`,
    );
}

function checkMemory(memory: Limits & Placed): void {
  for (const pages of [memory.minimum, memory.maximum ?? 0])
    if (pages > MAX.memoryPages)
      throw invalid(memory.offset, `memory size must be at most 65536 pages (4 GiB): it is ${pages} pages`);
  checkLimits("memory", memory);
}

function checkElements(module: DecodedModule, { target, type, items, offset }: ElementSegment): void {
  if (target !== undefined) {
    const table = module.tables[target.index];
    if (table === undefined) throw invalid(offset, `unknown table ${target.index}`);
    if (table.element !== type)
      throw invalid(
        offset,
        `type mismatch: a segment of ${typeName(type)} goes to a table of ${typeName(table.element)}`,
      );
    checkConstant(module, target.offset, VALUE_TYPE.i32, offset);
  }
  for (const item of items) checkConstant(module, item, type, offset);
}

function checkConstant(
  module: DecodedModule,
  value: ConstantExpression,
  expected: ValueType,
  offset: number,
): void {
  const type = constantType(module, value, offset);
  if (type !== expected)
    throw invalid(
      offset,
      `type mismatch: a constant is ${typeName(type)}, and must be ${typeName(expected)}`,
    );
}

function constantType(module: DecodedModule, value: ConstantExpression, offset: number): ValueType {
  switch (value.kind) {
    case "global": {
      const global = module.globals[value.index];
      if (global?.imported === undefined)
        throw invalid(offset, `unknown global ${value.index}: a constant can name an imported one alone`);
      if (global.isMutable)
        throw invalid(offset, `constant expression required: global ${value.index} can change`);
      return global.type;
    }
    case "function":
      if (module.functions[value.index] === undefined)
        throw invalid(offset, `unknown function ${value.index}`);
      return VALUE_TYPE.funcref;
    default:
      return value.type;
  }
}

function checkExports(module: DecodedModule): void {
  const counts: Readonly<Record<ExternalKind, number>> = {
    func: module.functions.length,
    table: module.tables.length,
    memory: module.memories.length,
    global: module.globals.length,
  };
  const names = new Set<string>();
  for (const { name, kind, index, offset } of module.exports) {
    if (index >= counts[kind]) throw invalid(offset, `unknown ${kind} ${index}: an export names it`);
    if (names.has(name)) throw invalid(offset, `duplicate export name ${JSON.stringify(name)}`);
    names.add(name);
  }
}

function checkStart({ start, functions }: DecodedModule): void {
  if (start === undefined) return;
  const entry = functions[start.index];
  if (entry === undefined) throw invalid(start.offset, `unknown function ${start.index}`);
  if (entry.type.params.length > 0 || entry.type.results.length > 0)
    throw invalid(
      start.offset,
      `start function: its type is ${functionTypeText(entry.type)}, and must be [] -> []`,
    );
}

/** The functions that `ref.func` may name in a body: those that the module names elsewhere. */
function declaredFunctions(module: DecodedModule): Set<number> {
  const declared = new Set<number>();
  const add = (value: ConstantExpression | undefined): void => {
    if (value?.kind === "function") declared.add(value.index);
  };
  for (const { items } of module.elements) for (const item of items) add(item);
  for (const { initial } of module.globals) add(initial);
  for (const { kind, index } of module.exports) if (kind === "func") declared.add(index);
  return declared;
}
