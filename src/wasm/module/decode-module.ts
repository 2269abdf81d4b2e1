/**
 * Decodes a binary into a module: sections, their order and their size.
 *
 * Source: "Modules" of the binary format, WebAssembly Core Specification 2.0. Time and memory are proportional to the
 * length of the binary, whatever is in it.
 */
import { BodyDecoder, readConstant, readReferenceType, readValueType } from "./decode-body.ts";
import { readData, readElements } from "./decode-segments.ts";
import { invalid, tooLarge, unsupported } from "./faults.ts";
import { MAX } from "./limits.ts";
import type {
  CustomSection,
  DataSegment,
  DecodedModule,
  ElementSegment,
  Export,
  ExternalKind,
  FunctionEntry,
  GlobalEntry,
  Import,
  ImportName,
  MemoryEntry,
  Start,
  TableEntry,
} from "./module.ts";
import { BinaryReader } from "./reader.ts";
import type { FunctionType, GlobalType, Limits, TableType } from "./types.ts";

const HEADER = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

/** The sections in the order in which they come. The count of data segments stands before the code. */
const ORDER = [1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 10, 11];

const SECTION_NAMES: Readonly<Record<number, string>> = {
  1: "types",
  2: "imports",
  3: "functions",
  4: "tables",
  5: "memories",
  6: "globals",
  7: "exports",
  8: "the start function",
  9: "elements",
  10: "code",
  11: "data",
  12: "the data count",
};

const KINDS: readonly ExternalKind[] = ["func", "table", "memory", "global"];

/**
 * Decodes a binary. What it means is not looked at, but indices of types are.
 *
 * @throws EW_WASM_INVALID for a malformed binary
 * @throws EW_WASM_UNSUPPORTED for one that needs more than WebAssembly 2.0
 */
export function decodeModule(binary: Uint8Array): DecodedModule {
  if (binary.length > MAX.moduleBytes) throw tooLarge(0, "bytes of a module", binary.length, MAX.moduleBytes);
  return new ModuleDecoder(binary).decode();
}

class ModuleDecoder {
  readonly #reader: BinaryReader;
  readonly #bodies: BodyDecoder;
  readonly #types: FunctionType[] = [];
  readonly #imports: Import[] = [];
  readonly #functions: FunctionEntry[] = [];
  readonly #tables: TableEntry[] = [];
  readonly #memories: MemoryEntry[] = [];
  readonly #globals: GlobalEntry[] = [];
  readonly #exports: Export[] = [];
  readonly #customs: CustomSection[] = [];
  #elements: ElementSegment[] = [];
  #data: DataSegment[] = [];
  #start: Start | undefined;
  #dataCount: number | undefined;
  #bodyCount = 0;
  #importedFunctions = 0;

  constructor(binary: Uint8Array) {
    this.#reader = new BinaryReader(binary);
    this.#bodies = new BodyDecoder(this.#reader);
  }

  decode(): DecodedModule {
    this.#header();
    let reached = -1;
    while (!this.#reader.isAtEnd) reached = this.#section(reached);
    const end = this.#reader.at;
    const declared = this.#functions.length - this.#importedFunctions;
    if (this.#bodyCount !== declared)
      throw invalid(end, `the module declares ${declared} functions, and has ${this.#bodyCount} bodies`);
    if (this.#dataCount !== undefined && this.#dataCount !== this.#data.length)
      throw invalid(end, `the data count is ${this.#dataCount}, and there are ${this.#data.length} segments`);
    return {
      binary: this.#reader.bytes,
      types: this.#types,
      imports: this.#imports,
      functions: this.#functions,
      tables: this.#tables,
      memories: this.#memories,
      globals: this.#globals,
      exports: this.#exports,
      start: this.#start,
      elements: this.#elements,
      data: this.#data,
      dataCount: this.#dataCount,
      customs: this.#customs,
      code: this.#bodies.code,
    };
  }

  #header(): void {
    for (const [at, expected] of HEADER.entries()) {
      const what = at < 4 ? "magic header not detected" : "unknown binary version";
      if (this.#reader.byte() !== expected) throw invalid(at < 4 ? 0 : 4, what);
    }
  }

  /** @returns the place in `ORDER` of the last section that is none of a custom kind */
  #section(reached: number): number {
    const reader = this.#reader;
    const start = reader.at;
    const id = reader.byte();
    const size = reader.u32();
    const end = reader.at + size;
    if (end > reader.bytes.length)
      throw invalid(start, `unexpected end: section ${id} is to have ${size} bytes, which are not there`);
    reader.limit = end;
    const place = ORDER.indexOf(id);
    if (id === 0) this.#custom(end);
    else if (id === 13) throw unsupported(start, "exceptions");
    else if (place < 0) throw invalid(start, `malformed section id ${id}`);
    else if (place <= reached) throw invalid(start, `unexpected section of ${SECTION_NAMES[id]}`);
    else this.#content(id);
    if (reader.at !== end)
      throw invalid(reader.at, `section size mismatch: ${SECTION_NAMES[id]} end before their section`);
    reader.limit = reader.bytes.length;
    return id === 0 ? reached : place;
  }

  #custom(end: number): void {
    const name = this.#reader.name();
    this.#customs.push({ name, bytes: this.#reader.take(end - this.#reader.at) });
  }

  #content(id: number): void {
    switch (id) {
      case 1:
        return this.#each("types", MAX.types, () => this.#types.push(this.#functionType()));
      case 2:
        return this.#each("imports", MAX.imports, () => this.#import());
      case 3:
        return this.#each("functions", MAX.functions, () => this.#function(undefined));
      case 4:
        return this.#each("tables", MAX.tables, () => this.#table(undefined));
      case 5:
        return this.#each("memories", MAX.memories, () => this.#memory(undefined));
      case 6:
        return this.#each("globals", MAX.globals, () => this.#global(undefined));
      case 7:
        return this.#each("exports", MAX.exports, () => this.#export());
      case 8:
        this.#start = { offset: this.#reader.at, index: this.#reader.u32() };
        return;
      case 9:
        this.#elements = readElements(this.#reader);
        return;
      case 10:
        return this.#each("function bodies", MAX.functions, () => this.#body());
      case 11:
        this.#data = readData(this.#reader);
        return;
      default:
        this.#dataCount = this.#reader.count("data segments", MAX.dataSegments);
    }
  }

  #each(what: string, most: number, read: () => void): void {
    for (let left = this.#reader.count(what, most); left > 0; left--) read();
  }

  #functionType(): FunctionType {
    const reader = this.#reader;
    const start = reader.at;
    const form = reader.byte();
    if ([0x4e, 0x4f, 0x50, 0x5e, 0x5f].includes(form)) throw unsupported(start, "garbage collection");
    if (form !== 0x60) throw invalid(start, `malformed type: 0x${form.toString(16)} is no form of a type`);
    const params = this.#valueTypes("parameters", MAX.parameters);
    return { params, results: this.#valueTypes("results", MAX.results) };
  }

  #valueTypes(what: string, most: number) {
    return Array.from({ length: this.#reader.count(what, most) }, () => readValueType(this.#reader));
  }

  #import(): void {
    const reader = this.#reader;
    const imported = { module: reader.name(), name: reader.name() };
    const kind = this.#kind("import");
    const index = this.#spaceOf(kind).length;
    if (kind === "func") {
      this.#function(imported);
      this.#importedFunctions++;
    } else if (kind === "table") this.#table(imported);
    else if (kind === "memory") this.#memory(imported);
    else this.#global(imported);
    this.#imports.push({ ...imported, kind, index });
  }

  #kind(what: string): ExternalKind {
    const start = this.#reader.at;
    const byte = this.#reader.byte();
    if (byte === 4) throw unsupported(start, "exceptions");
    const kind = KINDS[byte];
    if (kind === undefined) throw invalid(start, `malformed ${what} kind ${byte}`);
    return kind;
  }

  #spaceOf(kind: ExternalKind): readonly unknown[] {
    const spaces = {
      func: this.#functions,
      table: this.#tables,
      memory: this.#memories,
      global: this.#globals,
    };
    return spaces[kind];
  }

  #function(imported: ImportName | undefined): void {
    const start = this.#reader.at;
    const typeIndex = this.#reader.u32();
    const type = this.#types[typeIndex];
    if (type === undefined) throw invalid(start, `unknown type ${typeIndex}`);
    this.#functions.push({ typeIndex, type, imported, body: undefined });
    if (this.#functions.length > MAX.functions)
      throw tooLarge(start, "functions", this.#functions.length, MAX.functions);
  }

  #table(imported: ImportName | undefined): void {
    const offset = this.#reader.at;
    const element = readReferenceType(this.#reader);
    const limits: TableType = { element, ...this.#limits() };
    if (limits.minimum > MAX.tableElements)
      throw tooLarge(offset, "elements of a table", limits.minimum, MAX.tableElements);
    this.#tables.push({ ...limits, imported, offset });
  }

  #memory(imported: ImportName | undefined): void {
    const offset = this.#reader.at;
    this.#memories.push({ ...this.#limits(), imported, offset });
    if (this.#memories.length > MAX.memories) throw invalid(offset, "multiple memories");
  }

  #limits(): Limits {
    const reader = this.#reader;
    const start = reader.at;
    const flags = reader.byte();
    if (flags === 2 || flags === 3) throw unsupported(start, "shared memory");
    if (flags > 3 && flags < 8) throw unsupported(start, "memories of 64-bit addresses");
    if (flags > 1) throw invalid(start, `malformed limits flags ${flags}`);
    return { minimum: reader.u32(), maximum: flags === 1 ? reader.u32() : undefined };
  }

  #globalType(): GlobalType {
    const type = readValueType(this.#reader);
    const start = this.#reader.at;
    const mutability = this.#reader.byte();
    if (mutability > 1) throw invalid(start, `malformed mutability ${mutability}`);
    return { type, isMutable: mutability === 1 };
  }

  #global(imported: ImportName | undefined): void {
    const offset = this.#reader.at;
    const type = this.#globalType();
    const initial = imported === undefined ? readConstant(this.#reader) : undefined;
    this.#globals.push({ ...type, imported, initial, offset });
  }

  #export(): void {
    const offset = this.#reader.at;
    const name = this.#reader.name();
    const kind = this.#kind("export");
    this.#exports.push({ name, kind, index: this.#reader.u32(), offset });
  }

  #body(): void {
    const index = this.#importedFunctions + this.#bodyCount;
    const entry = this.#functions[index];
    if (entry === undefined)
      throw invalid(this.#reader.at, "function and code section have inconsistent lengths");
    const body = this.#bodies.body(entry.type.params.length);
    this.#functions[index] = { ...entry, body };
    this.#bodyCount++;
  }
}
