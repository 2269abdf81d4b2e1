/** The reference of the interpreter kernel under the specification's test suite: the register form, step by step. */
import { TRAP_TEXTS } from "../../../src/wasm/form/index.ts";
import {
  type DecodedModule,
  functionTypeText,
  type Import,
  isSameFunctionType,
  type Limits,
  PAGE_BYTES,
  typeName,
  VALUE_TYPE,
  type ValueType,
} from "../../../src/wasm/module/index.ts";
import { ReferenceMachine } from "../../../src/wasm/reference/index.ts";
import { type External, type LinkedModule, Store } from "../../../src/wasm/store/index.ts";
import { type SpecEngine, type SpecInstance, SpecLinkError, SpecTrap, type SpecValue } from "./engine.ts";

const FUEL = 2n ** 62n;
const LIMITS = { stackSlots: 32_768, maxDepth: 4_096 };

/** Runs a function of a store. @returns the slots of its results @throws SpecTrap */
export type RunFunction = (
  store: Store,
  index: number,
  slots: readonly bigint[],
) => Promise<readonly bigint[]>;

/** Runs on the reference machine. */
export const runOnReference: RunFunction = async (store, index, slots) => {
  const noHosts = (): never => {
    throw new Error("scripts have no functions of the host");
  };
  const machine = new ReferenceMachine(store.program(), store.image, LIMITS, noHosts);
  const { trap, slots: results } = machine.call(index, slots, FUEL);
  if (trap !== 0) throw new SpecTrap(TRAP_TEXTS[trap]);
  return results;
};

/** An engine for one script, over a store. */
export class StoreSpecEngine implements SpecEngine {
  readonly #store = new Store({ maxMemoryPages: 1024, maxTableElements: 1024 });
  readonly #run: RunFunction;

  constructor(run: RunFunction) {
    this.#run = run;
  }

  async instantiate(
    module: DecodedModule,
    instances: ReadonlyMap<string, SpecInstance>,
  ): Promise<SpecInstance> {
    const imports = module.imports.map((each) => {
      const from = instances.get(each.module) as StoreSpecInstance | undefined;
      const found = from?.linked.exports.get(each.name);
      if (found === undefined) throw new SpecLinkError(`unknown import ${each.module}.${each.name}`);
      this.#assertFits(module, each, found);
      return found;
    });
    const linked = this.#store.instantiate(module, imports);
    if (linked.trap !== 0) throw new SpecTrap(TRAP_TEXTS[linked.trap]);
    if (linked.start !== undefined) await this.#run(this.#store, linked.start, []);
    return new StoreSpecInstance(this.#store, linked, this.#run);
  }

  #assertFits(module: DecodedModule, { kind, index, module: from, name }: Import, found: External): void {
    if (kind !== found.kind || !this.#isFitting(module, kind, index, found.index))
      throw new SpecLinkError(`incompatible import type: ${from}.${name}`);
  }

  #isFitting(module: DecodedModule, kind: Import["kind"], wanted: number, given: number): boolean {
    const store = this.#store;
    switch (kind) {
      case "func":
        return isSameFunctionType(module.functions[wanted]!.type, store.functions[given]!.type);
      case "global": {
        const { type, isMutable } = module.globals[wanted]!;
        const global = store.globals[given]!;
        return type === global.type && isMutable === global.isMutable;
      }
      case "table": {
        const { element, declaredMaximum } = store.tables[given]!;
        const size = store.image.tables[given]!.elements.length;
        const table = module.tables[wanted]!;
        return element === table.element && isWithinLimits(size, declaredMaximum, table);
      }
      case "memory": {
        const size = store.image.memories[given]!.bytes.length / PAGE_BYTES;
        return isWithinLimits(size, store.memories[given]!.declaredMaximum, module.memories[wanted]!);
      }
    }
  }

  async close(): Promise<void> {}
}

function isWithinLimits(
  size: number,
  maximum: number | undefined,
  { minimum, maximum: most }: Limits,
): boolean {
  return size >= minimum && (most === undefined || (maximum !== undefined && maximum <= most));
}

class StoreSpecInstance implements SpecInstance {
  readonly linked: LinkedModule;
  readonly #store: Store;
  readonly #run: RunFunction;

  constructor(store: Store, linked: LinkedModule, run: RunFunction) {
    this.#store = store;
    this.linked = linked;
    this.#run = run;
  }

  async invoke(name: string, args: readonly SpecValue[]): Promise<readonly SpecValue[]> {
    const index = this.#numberOf(name, "func");
    const { type } = this.#store.functions[index]!;
    if (args.length !== type.params.length) throw new Error(`${name} is ${functionTypeText(type)}`);
    return fromSlots(type.results, await this.#run(this.#store, index, args.flatMap(toSlots)));
  }

  async global(name: string): Promise<SpecValue> {
    const { type, slot } = this.#store.globals[this.#numberOf(name, "global")]!;
    return fromSlots([type], [...this.#store.image.globals.subarray(slot, slot + 2)])[0]!;
  }

  #numberOf(name: string, kind: External["kind"]): number {
    const found = this.linked.exports.get(name);
    if (found?.kind !== kind) throw new Error(`the module exports no ${kind} "${name}"`);
    return found.index;
  }
}

/** A reference is a number and one more; 0 for null. */
function toSlots(value: SpecValue): bigint[] {
  if ("reference" in value) return [value.reference === null ? 0n : BigInt(value.reference) + 1n];
  return value.type === "v128" ? [BigInt.asUintN(64, value.bits), value.bits >> 64n] : [value.bits];
}

function fromSlots(types: readonly ValueType[], slots: readonly bigint[]): SpecValue[] {
  let next = 0;
  return types.map((each): SpecValue => {
    const type = typeName(each);
    const low = slots[next++] ?? 0n;
    if (type === "funcref") return { type, reference: low === 0n ? null : "function" };
    if (type === "externref") return { type, reference: low === 0n ? null : Number(low) - 1 };
    return { type, bits: each === VALUE_TYPE.v128 ? low | (slots[next++]! << 64n) : low };
  });
}
