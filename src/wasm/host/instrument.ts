/**
 * Changes a module so that its instances can be held from outside: they count what they do, their memory has a limit,
 * and everything that they export can be reached bit by bit. What was exported before keeps its name and its index.
 */
import { BinaryReader, type DecodedModule, type FunctionType, VALUE_TYPE } from "../module/index.ts";
import { ByteWriter } from "./byte-writer.ts";
import { carrierType, writeCarrierBody } from "./carriers.ts";
import { type Copy, FuelWriter } from "./fuel.ts";

/** The sections in the order of the binary. */
const ORDER = [1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 10, 11] as const;
const SECTION = { type: 1, function: 3, memory: 5, global: 6, export: 7, code: 10 } as const;

/** A module that was changed. */
export interface Instrumented {
  readonly binary: Uint8Array<ArrayBuffer>;
  /** Names of exports that were added begin with it. No other name does. */
  readonly prefix: string;
  /** From a byte of the new code to the byte that the module had there. */
  readonly copies: readonly Copy[];
}

/** What the changes depend on. */
export interface InstrumentOptions {
  /** Pages that a memory of the module may have. Default: as the module says. */
  readonly maxMemoryPages?: number;
  /** How much an instance may do before anything sets its fuel: in its start function. */
  readonly startFuel: bigint;
}

/** The names of the exports that are added. */
export const ADDED = {
  /** The global that holds the fuel. */
  fuel: "fuel",
  memory: "memory",
  /** Calls a function by carriers (carriers.ts). */
  call: (index: number): string => `call${index}`,
  /** Gives a global's value in carriers. */
  global: (index: number): string => `global${index}`,
} as const;

/** A function that is added: its type, and the instruction that it wraps. */
interface Shim {
  readonly name: string;
  readonly type: FunctionType;
  readonly act: ByteWriter;
}

/** Changes a module. See the head of this file. */
export function instrument(module: DecodedModule, options: InstrumentOptions): Instrumented {
  const prefix = freePrefix(module);
  const shims = shimsOf(module);
  const old = sectionsOf(module.binary);
  const fuel = new FuelWriter(module, module.globals.length);
  const output = new ByteWriter();
  output.append(module.binary.subarray(0, 8));
  let codeAt = 0;
  for (const id of ORDER) {
    const section = changedSection(id, old.get(id), { module, options, prefix, shims, fuel });
    if (section === undefined) continue;
    output.write(id);
    output.sized(section);
    if (id === SECTION.code) codeAt = output.length - fuel.code.length;
  }
  const copies = fuel.copies.map((copy) => ({ ...copy, to: copy.to + codeAt }));
  return { binary: output.bytes.slice(), prefix, copies };
}

/** A byte of the changed binary, in the module as it was given. */
export interface OriginalPlace {
  readonly offset: number;
  /** Whether the byte is one of those that count fuel: they stand before `offset`. */
  readonly isFuel: boolean;
}

/** Where a byte of the changed code was before. @returns undefined where it is none of the module's functions */
export function originalPlace(copies: readonly Copy[], offset: number): OriginalPlace | undefined {
  let [least, most] = [-1, copies.length - 1];
  while (least < most) {
    const middle = (least + most + 1) >> 1;
    if (copies[middle]!.to <= offset) least = middle;
    else most = middle - 1;
  }
  const copy = copies[least];
  if (copy === undefined) return undefined;
  const isFuel = offset >= copy.to + copy.length;
  return { offset: copy.from + Math.min(offset - copy.to, copy.length), isFuel };
}

function freePrefix({ exports }: DecodedModule): string {
  let prefix = "everwarp:";
  while (exports.some(({ name }) => name.startsWith(prefix))) prefix += ":";
  return prefix;
}

function shimsOf(module: DecodedModule): Shim[] {
  const shims = new Map<string, Shim>();
  for (const { kind, index } of module.exports) {
    const act = new ByteWriter();
    if (kind === "func") {
      act.write(0x10); // call
      act.u32(index);
      const name = ADDED.call(index);
      shims.set(name, { name, type: module.functions[index]!.type, act });
    } else if (kind === "global") {
      act.write(0x23); // global.get
      act.u32(index);
      const name = ADDED.global(index);
      shims.set(name, { name, type: { params: [], results: [module.globals[index]!.type] }, act });
    }
  }
  return [...shims.values()];
}

/** The contents of the sections that are not custom. */
function sectionsOf(binary: Uint8Array): Map<number, Uint8Array> {
  const reader = new BinaryReader(binary);
  reader.at = 8;
  const sections = new Map<number, Uint8Array>();
  while (!reader.isAtEnd) {
    const id = reader.byte();
    const content = reader.take(reader.u32());
    if (id !== 0) sections.set(id, content);
  }
  return sections;
}

interface Change {
  readonly module: DecodedModule;
  readonly options: InstrumentOptions;
  readonly prefix: string;
  readonly shims: readonly Shim[];
  readonly fuel: FuelWriter;
}

/** @returns undefined where the new module has no such section */
function changedSection(id: number, old: Uint8Array | undefined, change: Change): ByteWriter | undefined {
  const { module, options, shims } = change;
  switch (id) {
    case SECTION.type:
      return extended(
        old,
        shims.map(
          ({ type }) =>
            (to) =>
              writeType(to, carrierType(type)),
        ),
      );
    case SECTION.function:
      return extended(
        old,
        shims.map((_, index) => (to) => to.u32(module.types.length + index)),
      );
    case SECTION.memory:
      return old === undefined ? undefined : memorySection(module, options);
    case SECTION.global:
      return extended(old, [
        (to) => {
          to.write(VALUE_TYPE.i64, 1, 0x42); // mutable, i64.const
          to.s64(options.startFuel);
          to.write(0x0b);
        },
      ]);
    case SECTION.export:
      return extended(old, addedExports(change));
    case SECTION.code:
      return codeSection(change);
    default:
      return old === undefined ? undefined : copyOf(old);
  }
}

function copyOf(bytes: Uint8Array): ByteWriter {
  const writer = new ByteWriter();
  writer.append(bytes);
  return writer;
}

/** A list with more entries at its end. */
function extended(old: Uint8Array | undefined, added: readonly ((to: ByteWriter) => void)[]): ByteWriter {
  const reader = new BinaryReader(old ?? new Uint8Array([0]));
  const writer = new ByteWriter();
  writer.u32(reader.u32() + added.length);
  writer.append(reader.bytes.subarray(reader.at));
  for (const write of added) write(writer);
  return writer;
}

function writeType(to: ByteWriter, { params, results }: FunctionType): void {
  to.write(0x60);
  for (const types of [params, results]) {
    to.u32(types.length);
    to.append(Uint8Array.from(types));
  }
}

function memorySection({ memories }: DecodedModule, { maxMemoryPages }: InstrumentOptions): ByteWriter {
  const writer = new ByteWriter();
  const own = memories.filter(({ imported }) => imported === undefined);
  writer.u32(own.length);
  for (const { minimum, maximum } of own) {
    const most = Math.min(maximum ?? Infinity, maxMemoryPages ?? Infinity);
    writer.write(most === Infinity ? 0 : 1);
    writer.u32(minimum);
    if (most !== Infinity) writer.u32(most);
  }
  return writer;
}

function addedExports({ module, prefix, shims }: Change): ((to: ByteWriter) => void)[] {
  const entry = (name: string, kind: number, index: number) => (to: ByteWriter) => {
    to.name(`${prefix}${name}`);
    to.write(kind);
    to.u32(index);
  };
  return [
    entry(ADDED.fuel, 3, module.globals.length),
    ...(module.memories.length > 0 ? [entry(ADDED.memory, 2, 0)] : []),
    ...shims.map(({ name }, index) => entry(name, 0, module.functions.length + index)),
  ];
}

function codeSection({ module, shims, fuel }: Change): ByteWriter {
  const writer = new ByteWriter();
  const bodies = module.functions.flatMap(({ body }) => (body === undefined ? [] : [body]));
  writer.u32(bodies.length + shims.length);
  for (const body of bodies) fuel.body(body);
  for (const { type, act } of shims) {
    const body = new ByteWriter();
    writeCarrierBody(body, type, act);
    fuel.code.sized(body);
  }
  writer.append(fuel.code.bytes);
  return writer;
}
