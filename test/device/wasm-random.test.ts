/**
 * Random modules on a device, on the reference of its kernel, and on Node's WebAssembly: results, traps, what imports
 * are told, and memory at the end.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
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
import { randomSource } from "../support/numeric-cases.ts";
import { propertyRuns, propertySeed } from "../support/property-runs.ts";
import { openTestDevice, watchValidation } from "../support/vulkan.ts";
import {
  areNumbers,
  type RandomModule,
  randomModule,
  type RandomValue,
  randomValue,
  valueOfBits,
} from "../support/wasm-random.ts";

watchValidation();

const seed = propertySeed();
const FUEL = 3_000_000n;
const LIMITS = { stackSlots: 16_384, maxDepth: 1000 };
const INSTANCES = 3;
let device: Device;

beforeAll(() => {
  device = openTestDevice();
});
afterAll(() => device?.close());

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
async function deviceContender(random: RandomModule): Promise<Contender & Disposable> {
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
      expect(new Set(results.traps).size, "instances with the same arguments end in the same way").toBe(1);
      const slots = type.results.map((_, slot) => results.columns[slot * INSTANCES + 1]!);
      return text(type, results.traps[1]!, slots);
    },
    memory: async () => (await machine.memory.save(1)).memories[0]?.bytes ?? new Uint8Array(),
    [Symbol.dispose]: () => machine[Symbol.dispose](),
  };
}

async function compare(random: RandomModule, numbers: () => number): Promise<number> {
  // A start function may give a vector to an import, which no engine can do.
  if (random.module.start !== undefined) return 0;
  const node = nodeContender(random);
  if (node === undefined) return 0;
  const reference = referenceContender(random);
  using onDevice = await deviceContender(random);
  let calls = 0;
  for (const { name, kind, index } of random.module.exports) {
    if (kind !== "func") continue;
    const { params, results } = random.module.functions[index]!.type;
    if (!areNumbers([...params, ...results])) continue;
    const args = params.map((type) => randomValue(type, numbers));
    const [expected, slow, own] = [
      await node.call(name, args),
      await reference.call(name, args),
      await onDevice.call(name, args),
    ];
    // Where an engine comes to its limits, the instances are no longer comparable.
    if (expected === undefined || slow === undefined || own === undefined) return calls;
    expect({ name, args, own, told: onDevice.told }).toEqual({ name, args, own: expected, told: node.told });
    expect({ name, args, slow, told: reference.told }).toEqual({
      name,
      args,
      slow: expected,
      told: node.told,
    });
    calls++;
  }
  const memory = Buffer.from(await node.memory());
  const [slowBytes, ownBytes] = [await reference.memory(), await onDevice.memory()];
  if (memory.length > 0) expect(memory.equals(slowBytes), "the reference's memory").toBe(true);
  expect(Buffer.from(slowBytes).equals(ownBytes), "the device's memory").toBe(true);
  return calls;
}

describe(`random modules, seed ${seed}`, () => {
  const { numRuns } = propertyRuns(6);
  let calls = 0;
  test.each(Array.from({ length: numRuns }, (_, run) => run))("module %i", async (run) => {
    const numbers = randomSource(seed + run * 7919);
    calls += await compare(randomModule(numbers), numbers);
  });

  test("modules were called", () => expect(calls).toBeGreaterThan(0));
});
