/** Instances that run in this thread, on Node's own WebAssembly. */
import type { ValueType } from "../module/index.ts";
import { type Carrier, ColumnReader, ColumnWriter } from "./columns.ts";
import { ADDED } from "./instrument.ts";
import {
  type EngineGlobal,
  type EngineImports,
  type EngineInstance,
  type EngineMemory,
  type EngineModule,
  NodeEngine,
} from "./node-engine.ts";
import { type RawTrap, rawTrapOf } from "./traps.ts";

/** One function, on the instances of a thread. */
export interface PartCall {
  readonly index: number;
  readonly params: readonly ValueType[];
  readonly results: readonly ValueType[];
  readonly args: readonly Uint8Array[];
  readonly fuel: bigint;
}

/** What a part of a call gave. Instances are counted from the first one of the thread. */
export interface PartAnswer {
  readonly results: readonly Uint8Array<ArrayBuffer>[];
  readonly traps: readonly { readonly instance: number; readonly raw: RawTrap }[];
}

/** A module that was changed (instrument.ts), ready to run. */
export interface HostProgram {
  readonly compiled: EngineModule;
  readonly prefix: string;
  readonly hasMemory: boolean;
}

/** How far the making of instances came. */
export interface FillOutcome {
  readonly count: number;
  /** Why it ended early: the engine's text where there is no room, or a trap of the start function. */
  readonly full?: string;
  readonly trap?: RawTrap;
}

/** Instances of one changed module. */
export class HostInstances {
  readonly #program: HostProgram;
  readonly #imports: EngineImports;
  #instances: EngineInstance[] = [];

  constructor(program: HostProgram, imports: EngineImports) {
    this.#program = program;
    this.#imports = imports;
  }

  /** Makes all instances anew. @throws what is neither a trap nor a lack of room */
  fill(count: number): FillOutcome {
    this.#instances = [];
    try {
      for (let made = 0; made < count; made++)
        this.#instances.push(new NodeEngine.Instance(this.#program.compiled, this.#imports));
    } catch (error) {
      const made = this.#instances.length;
      if (error instanceof RangeError && error.message.includes("Out of memory"))
        return { count: made, full: error.message };
      return { count: made, trap: trapOf(error) };
    }
    return { count };
  }

  #added<T>(instance: number, name: string): T {
    return this.#instances[instance]!.exports[`${this.#program.prefix}${name}`] as T;
  }

  call({ index, params, results, args, fuel }: PartCall): PartAnswer {
    const reader = new ColumnReader(params, args);
    const writer = new ColumnWriter(results, this.#instances.length);
    const traps = [];
    const name = ADDED.call(index);
    for (let row = 0; row < this.#instances.length; row++) {
      this.#added<EngineGlobal>(row, ADDED.fuel).value = fuel;
      try {
        writer.row(row, this.#added<(...values: Carrier[]) => unknown>(row, name)(...reader.row(row)));
      } catch (error) {
        traps.push({ instance: row, raw: trapOf(error) });
      }
    }
    return { results: writer.columns, traps };
  }

  /** The bytes of an instance's memory: valid until the instance runs again. */
  memory(instance: number): Uint8Array {
    if (!this.#program.hasMemory) return new Uint8Array(0);
    return new Uint8Array(this.#added<EngineMemory>(instance, ADDED.memory).buffer);
  }

  /** The bytes of a global that is exported. */
  global(instance: number, index: number, type: ValueType): Uint8Array<ArrayBuffer> {
    const writer = new ColumnWriter([type], 1);
    writer.row(0, this.#added<() => unknown>(instance, ADDED.global(index))());
    return writer.columns[0]!;
  }
}

/** @throws the error itself if it is no trap */
function trapOf(error: unknown): RawTrap {
  const raw = rawTrapOf(error);
  if (raw === undefined) throw error;
  return raw;
}
