/** The host engine under the specification's test suite: Node's own WebAssembly, on modules that were changed. */
import {
  ADDED,
  type EngineInstance,
  instrument,
  type Instrumented,
  NodeEngine,
} from "../../../src/wasm/host/index.ts";
import { meaningOf, rawTrapOf } from "../../../src/wasm/host/traps.ts";
import { type DecodedModule, typeName, VALUE_TYPE, type ValueType } from "../../../src/wasm/module/index.ts";
import { type SpecEngine, type SpecInstance, SpecLinkError, SpecTrap, type SpecValue } from "./engine.ts";

/** Enough for every script. */
const FUEL = 2n ** 62n;

/** An engine for one script. */
export class NodeSpecEngine implements SpecEngine {
  async instantiate(
    module: DecodedModule,
    instances: ReadonlyMap<string, SpecInstance>,
  ): Promise<SpecInstance> {
    const changed = instrument(module, { startFuel: FUEL });
    const imports: Record<string, Readonly<Record<string, unknown>>> = {};
    for (const [name, instance] of instances)
      imports[name] = (instance as NodeSpecInstance).engineInstance.exports;
    const compiled = new NodeEngine.Module(changed.binary);
    try {
      return new NodeSpecInstance(module, changed, new NodeEngine.Instance(compiled, imports));
    } catch (error) {
      if (error instanceof NodeEngine.LinkError || error instanceof TypeError)
        throw new SpecLinkError(error.message);
      throw trapOf(error, module, changed);
    }
  }

  async close(): Promise<void> {}
}

class NodeSpecInstance implements SpecInstance {
  readonly engineInstance: EngineInstance;
  readonly #module: DecodedModule;
  readonly #changed: Instrumented;

  constructor(module: DecodedModule, changed: Instrumented, instance: EngineInstance) {
    this.#module = module;
    this.#changed = changed;
    this.engineInstance = instance;
  }

  async invoke(name: string, args: readonly SpecValue[]): Promise<readonly SpecValue[]> {
    const index = this.#indexOf(name, "func");
    return this.#call(ADDED.call(index), args, this.#module.functions[index]!.type.results);
  }

  async global(name: string): Promise<SpecValue> {
    const index = this.#indexOf(name, "global");
    return this.#call(ADDED.global(index), [], [this.#module.globals[index]!.type])[0]!;
  }

  #indexOf(name: string, kind: string): number {
    const found = this.#module.exports.find((each) => each.name === name && each.kind === kind);
    if (found === undefined) throw new Error(`the module exports no ${kind} "${name}"`);
    return found.index;
  }

  #call(added: string, args: readonly SpecValue[], results: readonly ValueType[]): SpecValue[] {
    const run = this.engineInstance.exports[`${this.#changed.prefix}${added}`] as (
      ...values: unknown[]
    ) => unknown;
    try {
      const carriers = run(...args.flatMap(toCarriers));
      return fromCarriers(results, Array.isArray(carriers) ? carriers : [carriers]);
    } catch (error) {
      throw trapOf(error, this.#module, this.#changed);
    }
  }
}

function trapOf(error: unknown, module: DecodedModule, changed: Instrumented): SpecTrap {
  const raw = rawTrapOf(error);
  if (raw === undefined) throw error;
  const { reason } = meaningOf(raw, module, changed.copies);
  // The function that trapped may be another module's: then its instruction is not known, which tells the two apart.
  const isTable = reason === "out of bounds table access";
  return new SpecTrap(isTable ? `${reason} or undefined element` : reason, { cause: error });
}

function toCarriers(value: SpecValue): unknown[] {
  if ("reference" in value) return [value.reference];
  if (value.type === "v128") return [BigInt.asIntN(64, value.bits), BigInt.asIntN(64, value.bits >> 64n)];
  return value.type === "i32" || value.type === "f32"
    ? [Number(BigInt.asIntN(32, value.bits))]
    : [BigInt.asIntN(64, value.bits)];
}

function fromCarriers(types: readonly ValueType[], carriers: readonly unknown[]): SpecValue[] {
  let next = 0;
  const bits = (width: number): bigint => BigInt.asUintN(width, BigInt(carriers[next++] as number | bigint));
  return types.map((each): SpecValue => {
    const type = typeName(each);
    if (type === "funcref" || type === "externref") {
      const reference = carriers[next++];
      return { type, reference: typeof reference === "function" ? "function" : (reference as number | null) };
    }
    if (each === VALUE_TYPE.v128) return { type, bits: bits(64) | (bits(64) << 64n) };
    return { type, bits: bits(type === "i32" || type === "f32" ? 32 : 64) };
  });
}
