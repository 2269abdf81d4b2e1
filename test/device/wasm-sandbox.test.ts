/**
 * Hostile modules on a device. Every second instance only looks on. Words that no instance has are canaries, and so is
 * the room that memories, tables and stacks have left. After the attacks, all device memory of the instances is read:
 * each memory must be what V8 makes of it, and nothing else may have changed.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Device, DeviceBuffer } from "../../src/vulkan/index.ts";
import { StateCell } from "../../src/wasm/form/index.ts";
import { DeviceMachine } from "../../src/wasm/gpu/index.ts";
import { NodeEngine } from "../../src/wasm/host/index.ts";
import type { EngineMemory } from "../../src/wasm/host/node-engine.ts";
import { PAGE_BYTES } from "../../src/wasm/module/index.ts";
import { Store } from "../../src/wasm/store/index.ts";
import { randomSource } from "../support/numeric-cases.ts";
import { propertyRuns, propertySeed } from "../support/property-runs.ts";
import { openTestDevice, watchValidation } from "../support/vulkan.ts";
import { binaryOf, validated } from "../support/wat.ts";

watchValidation();

const seed = propertySeed();
const CANARY = 0xca_4a_12_e5;
const FUEL = 200_000n;
/** Few slots, so that recursion comes to the end of them. */
const LIMITS = { stackSlots: 192, maxDepth: 20 };
const ATTACKERS = 75;
/** Every second instance does nothing; the last ones have no neighbours, only lanes without an instance. */
const INSTANCES = ATTACKERS * 2;
const MEMORY_MAXIMUM = 2;
const TABLE_MAXIMUM = 8;
const FAR = 0xffff_ffff;

/** What an attack may do with three numbers. */
const ATTACKS = [
  "(i32.store8 (local.get $a) (local.get $b))",
  "(i32.store16 (local.get $a) (local.get $b))",
  "(i32.store (local.get $a) (local.get $b))",
  "(i64.store (local.get $a) (i64.const -1))",
  "(f64.store offset=1 (local.get $a) (f64.const 1.5))",
  "(v128.store (local.get $a) (i32x4.splat (local.get $b)))",
  "(v128.store64_lane 1 (local.get $a) (i32x4.splat (local.get $b)))",
  `(i32.store8 offset=${FAR} (local.get $a) (local.get $b))`,
  `(i64.store offset=${FAR} (local.get $a) (i64.const -1))`,
  `(v128.store offset=${FAR} (local.get $a) (i32x4.splat (local.get $b)))`,
  `(i64.store offset=${PAGE_BYTES - 8} (local.get $a) (i64.const -1))`,
  "(memory.fill (local.get $a) (local.get $b) (local.get $c))",
  "(memory.copy (local.get $a) (local.get $b) (local.get $c))",
  "(memory.init $bytes (local.get $a) (local.get $b) (local.get $c))",
  "(data.drop $bytes) (memory.init $bytes (local.get $a) (local.get $b) (local.get $c))",
  "(table.set (local.get $a) (ref.func $attack))",
  "(table.fill (local.get $a) (ref.func $attack) (local.get $c))",
  "(table.copy (local.get $a) (local.get $b) (local.get $c))",
  "(table.init $functions (local.get $a) (local.get $b) (local.get $c))",
  "(call_indirect (type $nothing) (local.get $a))",
  "(call $deeper (local.get $a))",
];
/** Attacks that make something larger first: what they reach then is theirs. */
const GROWING_ATTACKS = [
  "(drop (memory.grow (local.get $c))) (i64.store (local.get $a) (i64.const -1))",
  `(drop (memory.grow (local.get $c))) (memory.fill (local.get $a) (i32.const 7) (i32.const 40))`,
  "(drop (table.grow (ref.func $attack) (local.get $c))) (table.set (local.get $a) (ref.null func))",
];
const ALL_ATTACKS = [...ATTACKS, ...GROWING_ATTACKS];
/** Chooses none of them. */
const PEACE = ALL_ATTACKS.length;

const MODULE = `(module
  (type $nothing (func))
  (memory (export "memory") 1 ${MEMORY_MAXIMUM})
  (table $table (export "table") 4 ${TABLE_MAXIMUM} funcref)
  (global (mut i64) (i64.const 0x1234567890abcdef))
  (data (i32.const 0) "begin") (data (i32.const ${PAGE_BYTES - 6}) "at end")
  (data $bytes "0123456789abcdef")
  (elem $functions funcref (ref.func $attack) (ref.func $deeper) (ref.null func))
  (func $deeper (export "deeper") (param i32)
    (local i64 i64 i64 i64)
    (call $deeper (i32.add (local.get 0) (i32.const 1))) (local.set 1 (i64.const -1)))
  (func $attack (export "attack") (param $which i32) (param $a i32) (param $b i32) (param $c i32)
    ${"(block ".repeat(ALL_ATTACKS.length + 1)}
    (br_table ${ALL_ATTACKS.map((_, index) => index).join(" ")} ${PEACE} (local.get $which))
    ${ALL_ATTACKS.map((attack) => `) ${attack} (return)`).join("\n")}
    )))`;

/** Numbers at which a check may be wrong. */
const EDGES = [0, 1, 4, 5, 8, 9, 16, 17, PAGE_BYTES, 2 * PAGE_BYTES, 2 ** 31, 2 ** 32 - PAGE_BYTES, 2 ** 32];

/** What an instance is told to do. */
interface Attack {
  readonly which: number;
  readonly a: number;
  readonly b: number;
  readonly c: number;
}

function attacksOf(random: () => number): Attack[] {
  const edge = (): number =>
    (EDGES[Math.floor(random() * EDGES.length)]! + Math.floor(random() * 36) - 18) >>> 0;
  return Array.from({ length: INSTANCES }, (_, instance) => ({
    which: instance % 2 === 0 ? Math.floor(random() * ALL_ATTACKS.length) : PEACE,
    a: edge(),
    b: edge(),
    c: random() < 0.5 ? Math.floor(random() * 6) : edge(),
  }));
}

/** All words of a buffer, and of which instance and element each is. */
class Words {
  readonly words: Uint32Array;
  readonly #shift: number;
  readonly #perInstance: number;
  readonly #elementWords: number;

  constructor(words: Uint32Array, shift: number, perInstance: number, elementWords: number) {
    this.words = words;
    this.#shift = shift;
    this.#perInstance = perInstance;
    this.#elementWords = elementWords;
  }

  /** The first word of an element. */
  at(instance: number, element: number): number {
    const lane = instance & ((1 << this.#shift) - 1);
    const group = instance >> this.#shift;
    return (((group * this.#perInstance + element) << this.#shift) | lane) * this.#elementWords;
  }

  set(instance: number, firstElement: number, elements: ArrayLike<number>): void {
    for (let index = 0; index < elements.length; index++)
      this.words[this.at(instance, firstElement + index)] = elements[index]!;
  }

  /** The same elements of both, so that they do not differ. */
  take(instance: number, firstElement: number, count: number, from: Words): void {
    for (let element = firstElement; element < firstElement + count; element++) {
      const at = this.at(instance, element);
      for (let word = at; word < at + this.#elementWords; word++) this.words[word] = from.words[word]!;
    }
  }

  copy(): Words {
    return new Words(this.words.slice(), this.#shift, this.#perInstance, this.#elementWords);
  }

  /** Where the first difference is, for people. */
  firstDifference(other: Words): string | undefined {
    if (Buffer.compare(bytesOf(this.words), bytesOf(other.words)) === 0) return undefined;
    const word = this.words.findIndex((each, index) => each !== other.words[index]);
    const place = Math.floor(word / this.#elementWords);
    const element = (place >> this.#shift) % this.#perInstance;
    const group = Math.floor((place >> this.#shift) / this.#perInstance);
    const instance = (group << this.#shift) + (place & ((1 << this.#shift) - 1));
    const [found, expected] = [other.words[word]!, this.words[word]!].map((each) => each.toString(16));
    return `element ${element} of lane ${instance} is ${found} instead of ${expected}`;
  }
}

const bytesOf = (words: Uint32Array): Uint8Array =>
  new Uint8Array(words.buffer, words.byteOffset, words.byteLength);

let device: Device;
beforeAll(() => {
  device = openTestDevice();
});
afterAll(() => device?.close());

async function read(buffer: DeviceBuffer): Promise<Uint32Array> {
  const { sizeBytes } = buffer;
  using list = device.createBuffer({ role: "readback", sizeBytes, label: "canaries" });
  await device.runAsync((recorder) => recorder.copy(buffer, list).barrier("transfer", "all"));
  return new Uint32Array(list.host).slice();
}

async function write(buffer: DeviceBuffer, words: Uint32Array): Promise<void> {
  const { sizeBytes } = buffer;
  using list = device.createBuffer({ role: "upload", sizeBytes, label: "canaries" });
  new Uint32Array(list.host).set(words);
  await device.runAsync((recorder) => recorder.copy(list, buffer).barrier("transfer", "all"));
}

/** Buffers of canaries, allocated before and after those of the instances. */
async function sentinel(): Promise<DeviceBuffer> {
  const buffer = device.createBuffer({ role: "device", sizeBytes: 1 << 20, label: "canaries" });
  await write(buffer, new Uint32Array(buffer.sizeBytes / 4).fill(CANARY));
  return buffer;
}

interface Machine extends Disposable {
  readonly machine: DeviceMachine;
  readonly cells: Words;
  readonly slots: Words;
  /** Numbers of functions, by what they are exported as. */
  readonly functions: ReadonlyMap<string, number>;
  readonly frameSlots: number;
  readonly memoryAt: number;
  readonly tableAt: number;
  readonly globalSlots: number;
}

async function openMachine(binary: Uint8Array): Promise<Machine> {
  const store = new Store({ maxMemoryPages: 1024, maxTableElements: 1024 });
  const linked = store.instantiate(validated(binary), []);
  const program = store.program();
  const machine = await DeviceMachine.open({
    device,
    program,
    image: store.image,
    instanceCount: INSTANCES,
    limits: LIMITS,
    quantum: 5_000, // so that long fills are made of several runs
  });
  const { laneShift, slotsPerInstance, cellsPerInstance } = machine.geometry;
  const functions = new Map(
    ["attack", "deeper"].map((name) => [name, linked.exports.get(name)!.index] as const),
  );
  return {
    machine,
    functions,
    cells: new Words(await read(machine.memory.parts[0]!.cells), laneShift, cellsPerInstance, 1),
    slots: new Words(await read(machine.memory.parts[0]!.slots), laneShift, slotsPerInstance, 2),
    frameSlots: program.functions[functions.get("attack")!]!.frameSlots,
    memoryAt: program.memoryCells[0]!,
    tableAt: program.tableCells[0]!,
    globalSlots: program.globalSlots,
    [Symbol.dispose]: () => machine[Symbol.dispose](),
  };
}

/** The words before the attacks: canaries where nothing of an instance is. */
function withCanaries(
  { cells, slots, memoryAt, tableAt, globalSlots, machine }: Machine,
  attacks: readonly Attack[],
): { cells: Words; slots: Words } {
  const filled = { cells: cells.copy(), slots: slots.copy() };
  filled.cells.words.fill(CANARY);
  filled.slots.words.fill(CANARY);
  for (const [instance, { which }] of attacks.entries()) {
    filled.slots.take(instance, 0, globalSlots, slots);
    filled.cells.take(instance, 0, tableAt + 4, cells);
    const isGrowing = which >= ATTACKS.length && which < PEACE;
    const pages = isGrowing ? MEMORY_MAXIMUM : 1;
    filled.cells.take(instance, memoryAt, (pages * PAGE_BYTES) / 4, cells);
  }
  expect(machine.geometry.cellsPerInstance).toBe(memoryAt + (MEMORY_MAXIMUM * PAGE_BYTES) / 4);
  return filled;
}

/** What V8 makes of an attack. */
interface Outcome {
  readonly isTrap: boolean;
  readonly memory: Uint32Array;
  /** For each element of the table the export that it is. */
  readonly table: readonly (string | null)[];
}

interface EngineTable {
  readonly length: number;
  get(index: number): unknown;
}

function outcomeOf(module: object, { which, a, b, c }: Attack): Outcome {
  const { exports } = new NodeEngine.Instance(module);
  let isTrap = false;
  try {
    (exports["attack"] as (...values: number[]) => void)(which, a, b, c);
  } catch (error) {
    // A RangeError is about JavaScript's own stack.
    if (!(error instanceof NodeEngine.RuntimeError || error instanceof RangeError)) throw error;
    isTrap = true;
  }
  const table = exports["table"] as EngineTable;
  const names = Array.from({ length: table.length }, (_, index) => {
    const element = table.get(index);
    return element === null ? null : element === exports["attack"] ? "attack" : "deeper";
  });
  return { isTrap, memory: new Uint32Array((exports["memory"] as EngineMemory).buffer), table: names };
}

/** The words after the attacks, if nothing was reached that is not the instance's own. */
function expectedAfter(
  { machine, functions, frameSlots, memoryAt, tableAt }: Machine,
  before: { cells: Words; slots: Words },
  found: { cells: Words; slots: Words },
  outcomes: readonly (Outcome | undefined)[],
): { cells: Words; slots: Words } {
  const cells = before.cells.copy();
  const slots = before.slots.copy();
  const { framesAt, registersAt, slotsPerInstance } = machine.geometry;
  for (const [instance, outcome] of outcomes.entries()) {
    // What it does, where it is, and its fuel.
    cells.take(instance, 0, StateCell.SIZES, found.cells);
    if (outcome === undefined) {
      slots.take(instance, registersAt, frameSlots, found.slots);
      continue;
    }
    slots.take(instance, framesAt, slotsPerInstance - framesAt, found.slots);
    // The flags of dropped segments.
    cells.take(instance, StateCell.SIZES + 2, tableAt - StateCell.SIZES - 2, found.cells);
    const { memory, table } = outcome;
    cells.set(instance, StateCell.SIZES, [memory.byteLength / PAGE_BYTES, table.length]);
    cells.set(
      instance,
      tableAt,
      table.map((name) => (name === null ? 0 : functions.get(name)! + 1)),
    );
    cells.set(instance, memoryAt, memory);
  }
  return { cells, slots };
}

describe(`hostile modules, seed ${seed}`, () => {
  const { numRuns } = propertyRuns(4);
  const binary = binaryOf(MODULE);
  const compiled = new NodeEngine.Module(binary);
  let [traps, returns] = [0, 0];

  test.each(Array.from({ length: numRuns }, (_, run) => run))("%i: no byte outside", async (run) => {
    const attacks = attacksOf(randomSource(seed + run * 7919));
    using first = await sentinel();
    using opened = await openMachine(binary);
    using last = await sentinel();
    const { machine, functions } = opened;
    const before = withCanaries(opened, attacks);
    await write(machine.memory.parts[0]!.cells, before.cells.words);
    await write(machine.memory.parts[0]!.slots, before.slots.words);
    const columns = (["which", "a", "b", "c"] as const).flatMap((name) =>
      attacks.map((attack) => BigInt(attack[name])),
    );
    const ended = await machine.call(functions.get("attack")!, BigUint64Array.from(columns), {
      resultSlots: 0,
      fuel: FUEL,
    });
    const outcomes = attacks.map((attack) =>
      attack.which === PEACE ? undefined : outcomeOf(compiled, attack),
    );
    const wrong = attacks.filter(
      (_, instance) => (ended.traps[instance] !== 0) !== (outcomes[instance]?.isTrap ?? false),
    );
    expect(wrong, "attacks that end otherwise than on V8").toEqual([]);
    const found = { cells: before.cells.copy(), slots: before.slots.copy() };
    found.cells.words.set(await read(machine.memory.parts[0]!.cells));
    found.slots.words.set(await read(machine.memory.parts[0]!.slots));
    const expected = expectedAfter(opened, before, found, outcomes);
    expect(expected.cells.firstDifference(found.cells), "cells").toBeUndefined();
    expect(expected.slots.firstDifference(found.slots), "slots").toBeUndefined();
    for (const buffer of [first, last])
      expect(
        (await read(buffer)).every((word) => word === CANARY),
        "buffers beside",
      ).toBe(true);
    const tried = outcomes.filter((outcome) => outcome !== undefined);
    const trapped = tried.filter(({ isTrap }) => isTrap).length;
    traps += trapped;
    returns += tried.length - trapped;
  });

  test("some attacks were refused, and some kept to their own", () => {
    expect(Math.min(traps, returns)).toBeGreaterThan(10 * numRuns);
  });
});
