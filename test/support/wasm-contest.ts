/**
 * Random modules on three engines: a device, the reference of its kernel, and Node's WebAssembly. They are compared in
 * results, traps, what imports are told, and memory at the end.
 */
import type { Device } from "../../src/vulkan/index.ts";
import { Trap } from "../../src/wasm/form/index.ts";
import { callHost } from "../../src/wasm/gpu/host-values.ts";
import { DeviceMachine, type HostAnswer } from "../../src/wasm/gpu/index.ts";
import { type EngineInstance, NodeEngine } from "../../src/wasm/host/index.ts";
import type { EngineMemory } from "../../src/wasm/host/node-engine.ts";
import type { FunctionType } from "../../src/wasm/module/index.ts";
import { ReferenceMachine } from "../../src/wasm/reference/index.ts";
import { Store } from "../../src/wasm/store/index.ts";
import { slotCount } from "../../src/wasm/translate/index.ts";
import { areNumbers, type RandomModule, type RandomValue, randomValue, valueOfBits } from "./wasm-random.ts";

const FUEL = 3_000_000n;
const LIMITS = { stackSlots: 16_384, maxDepth: 1000 };
const INSTANCES = 3;

/** One of the three engines, for one instance. */
interface Contender {
  /** What a call gave, as text: the values, or a trap. Undefined where a limit of this engine ended it. */
  call(name: string, args: readonly RandomValue[]): Promise<string | undefined>;
  /** The first bytes of the memory. */
  memory(): Promise<Uint8Array>;
  /** What imports were told in the last call. */
  readonly told: string[];
}

const LIMIT_TRAPS: readonly number[] = [Trap.OUT_OF_FUEL, Trap.STACK_EXHAUSTED];

/** A function of the host that only takes notes. */
function noting(told: string[], name: string): (...values: (number | bigint)[]) => number {
  return (...values) => {
    told.push(`${name}(${values.join()})`);
    return 0;
  };
}

function nodeContender({ binary, module }: RandomModule): Contender | undefined {
  const told: string[] = [];
  const imports: Record<string, Record<string, unknown>> = {};
  for (const { module: from, name } of module.imports) (imports[from] ??= {})[name] = noting(told, name);
  let exports: EngineInstance["exports"];
  try {
    exports = new NodeEngine.Instance(new NodeEngine.Module(binary), imports).exports;
  } catch (error) {
    if (error instanceof NodeEngine.RuntimeError) return undefined; // a segment does not fit, or the start traps
    throw error;
  }
  return {
    told,
    call: async (name, args) => {
      told.length = 0;
      try {
        const run = exports[name] as (...values: unknown[]) => undefined | number | bigint | number[];
        const given = run(...args.map(({ value }) => value));
        return Array.isArray(given) ? given.join() : String(given ?? "");
      } catch (error) {
        return error instanceof RangeError ? undefined : "trap"; // a RangeError: JavaScript's own stack
      }
    },
    memory: async () => {
      const memory = module.exports.find(({ kind }) => kind === "memory");
      return memory === undefined
        ? new Uint8Array()
        : new Uint8Array((exports[memory.name] as EngineMemory).buffer);
    },
  };
}

/** The store of a module, and its functions of the host. */
function link({ module }: RandomModule, told: string[]) {
  const store = new Store({ maxMemoryPages: 16, maxTableElements: 1024 });
  const externals = module.imports.map(({ index }) => store.addHost(module.functions[index]!.type));
  const hosts = module.imports.map(({ name }) => noting(told, name));
  const linked = store.instantiate(module, externals);
  const answer = (host: number, slots: BigUint64Array): HostAnswer => {
    try {
      return { slots: callHost(hosts[host]!, store.hostTypes[host]!, slots) };
    } catch (error) {
      if (error instanceof TypeError) return { trap: Trap.HOST }; // vectors cannot leave a module
      throw error;
    }
  };
  return { store, linked, answer };
}

function text({ results }: FunctionType, trap: number, slots: readonly bigint[]): string | undefined {
  if (LIMIT_TRAPS.includes(trap)) return undefined;
  if (trap !== Trap.NONE) return "trap";
  return results.map((type, index) => String(valueOfBits(type, slots[index]!))).join();
}

function referenceContender(random: RandomModule): Contender {
  const told: string[] = [];
  const { store, linked, answer } = link(random, told);
  const machine = new ReferenceMachine(store.program(), store.image, LIMITS, (host, slots) => {
    const answered = answer(
      host,
      BigUint64Array.from({ length: 8 }, (_, index) => slots[index] ?? 0n),
    );
    if ("trap" in answered) throw new HostTrap();
    return answered.slots;
  });
  const call = async (index: number, args: readonly bigint[]): Promise<string | undefined> => {
    told.length = 0;
    try {
      const { trap, slots } = machine.call(index, args, FUEL);
      return text(store.functions[index]!.type, trap, slots);
    } catch (error) {
      if (error instanceof HostTrap) return "trap";
      throw error;
    }
  };
  return {
    told,
    call: (name, args) =>
      call(
        linked.exports.get(name)!.index,
        args.map(({ bits }) => bits),
      ),
    memory: async () => store.image.memories[0]?.bytes ?? new Uint8Array(),
  };
}

class HostTrap extends Error {}

/** The second of three instances. The others get the same arguments, and nobody listens to what they tell. */
async function deviceContender(random: RandomModule, device: Device): Promise<Contender & Disposable> {
  const told: string[] = [];
  const { store, linked, answer } = link(random, told);
  const unheard = link(random, []).answer;
  const machine = await DeviceMachine.open({
    device,
    program: store.program(),
    image: store.image,
    instanceCount: INSTANCES,
    limits: LIMITS,
    hostSlots: 8,
    quantum: 777, // so that most calls are made of several runs
    maxBufferBytes: 1, // so that each group of neighbours has buffers of its own
    answer: async (requests) =>
      requests.map(({ instance, host, slots }) => (instance === 1 ? answer : unheard)(host, slots)),
  });
  return {
    told,
    call: async (name, args) => {
      told.length = 0;
      const { index } = linked.exports.get(name)!;
      const { type } = store.functions[index]!;
      const columns = BigUint64Array.from(
        args.flatMap(({ bits }) => Array.from({ length: INSTANCES }, () => bits)),
      );
      const results = await machine.call(index, columns, {
        resultSlots: slotCount(type.results),
        fuel: FUEL,
      });
      if (new Set(results.traps).size > 1)
        throw new Error(`instances with the same arguments ended as ${results.traps.join()}`);
      const slots = type.results.map((_, slot) => results.columns[slot * INSTANCES + 1]!);
      return text(type, results.traps[1]!, slots);
    },
    memory: async () => (await machine.memory.save(1)).memories[0]?.bytes ?? new Uint8Array(),
    [Symbol.dispose]: () => machine[Symbol.dispose](),
  };
}

/** What a module gave. */
export interface Contest {
  /** Calls whose results were compared. */
  readonly calls: number;
  /** What differed from Node's WebAssembly, for people. Nothing is compared after the first. */
  readonly differences: readonly string[];
}

/** Calls each function that takes and gives numbers, once on every engine. @param numbers for the arguments */
export async function contestOf(
  random: RandomModule,
  numbers: () => number,
  device: Device,
): Promise<Contest> {
  const { start, exports, functions } = random.module;
  // A start function may give a vector to an import, which no engine can do.
  const node = start === undefined ? nodeContender(random) : undefined;
  if (node === undefined) return { calls: 0, differences: [] };
  const reference = referenceContender(random);
  using onDevice = await deviceContender(random, device);
  let calls = 0;
  for (const { name, kind, index } of exports) {
    if (kind !== "func") continue;
    const { params, results } = functions[index]!.type;
    if (!areNumbers([...params, ...results])) continue;
    const args = params.map((type) => randomValue(type, numbers));
    const ended: Ended[] = [];
    for (const [engine, contender] of Object.entries({ node, reference, device: onDevice }))
      ended.push({ engine, result: await contender.call(name, args), told: contender.told.join(" ") });
    // Where an engine comes to its limits, the instances are no longer comparable.
    if (ended.some(({ result }) => result === undefined)) return { calls, differences: [] };
    const differences = differencesIn(ended);
    if (differences.length > 0) {
      const call = `${name}(${args.map(({ value }) => value).join()})`;
      return { calls, differences: differences.map((each) => `${call}: ${each}`) };
    }
    calls++;
  }
  return {
    calls,
    differences: memoryDifferences(await node.memory(), await reference.memory(), await onDevice.memory()),
  };
}

/** How a call ended on an engine. */
interface Ended {
  readonly engine: string;
  readonly result: string | undefined;
  readonly told: string;
}

function differencesIn([expected, ...others]: readonly Ended[]): string[] {
  return others
    .filter(({ result, told }) => result !== expected!.result || told !== expected!.told)
    .map(
      ({ engine, result, told }) =>
        `${engine} gave "${result}" and told "${told}", node "${expected!.result}" and "${expected!.told}"`,
    );
}

/** @param expected empty where the module does not export its memory */
function memoryDifferences(expected: Uint8Array, reference: Uint8Array, device: Uint8Array): string[] {
  const differences: string[] = [];
  if (expected.length > 0 && Buffer.compare(expected, reference) !== 0)
    differences.push("the reference's memory differs from node's");
  if (Buffer.compare(reference, device) !== 0)
    differences.push("the device's memory differs from the reference's");
  return differences;
}
