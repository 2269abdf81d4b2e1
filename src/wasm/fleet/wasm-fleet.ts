/**
 * Many instances of one module, which are called all at once.
 *
 *     call ──columns──▶ backend (a device, or the host's threads) ──▶ columns and traps
 *
 * Invariant: the backend is asked for one thing after the other, in the order of the calls.
 */
import { assertInstance, badArgument, EverwarpError, wholeNumber } from "../../base/index.ts";
import type { FleetBackend } from "../contracts.ts";
import {
  type DecodedModule,
  functionNames,
  functionTypeText,
  PAGE_BYTES,
  typeName,
  VALUE_TYPE,
  type ValueType,
} from "../module/index.ts";
import { columnBytes, columnOf, hasColumns } from "./columns.ts";
import { openFleet, type OpenedFleet } from "./open-fleet.ts";
import {
  callOptions,
  fleetOptions,
  type WasmCallOptions,
  type WasmCallResult,
  type WasmFleetInfo,
  type WasmFleetOptions,
  type WasmFleetStats,
} from "./options.ts";
import { decodedOf, WasmModule } from "./wasm-module.ts";

const DEFAULT_PAGES = 16;
const DEFAULT_FUEL = 100_000_000n;

/** Instances of a module. */
export class WasmFleet implements AsyncDisposable {
  readonly #module: DecodedModule;
  readonly #opened: OpenedFleet;
  readonly #limits: { readonly instances: number; readonly maxMemoryPages: number; readonly fuel: bigint };
  #names: ReadonlyMap<number, string> | undefined;
  /** Settles when the backend is free. */
  #turn: Promise<unknown> = Promise.resolve();
  #closing: Promise<void> | undefined;
  #calls = 0;
  #traps = 0;
  #compiledCalls = 0;

  private constructor(
    module: DecodedModule,
    opened: OpenedFleet,
    limits: { instances: number; maxMemoryPages: number; fuel: bigint },
  ) {
    this.#module = module;
    this.#opened = opened;
    this.#limits = limits;
  }

  /**
   * Makes instances of a module.
   * @throws EW_WASM_LINK for imports that are not given; EW_WASM_TRAP where the module traps when it is instantiated;
   * EW_WASM_UNSUPPORTED for what an engine does not have; EW_OUT_OF_HOST_MEMORY, EW_OUT_OF_DEVICE_MEMORY with the
   * number of instances that fit; EW_NO_VULKAN, EW_NO_DEVICE, EW_DEVICE_FORBIDDEN, EW_DRIVER_TOO_OLD for a device that
   * was named; EW_NO_THREAD, EW_BAD_ARGUMENT
   */
  static async open(module: WasmModule, given: WasmFleetOptions = {}): Promise<WasmFleet> {
    assertInstance("module", module, WasmModule, "a WasmModule");
    const options = fleetOptions(given);
    const decoded = decodedOf(module);
    const pages = decoded.memories[0]?.minimum ?? 0;
    const { instances = 1, maxMemoryPages = Math.max(DEFAULT_PAGES, pages) } = options;
    const { fuelPerCall: fuel = DEFAULT_FUEL, imports = {}, compile } = options;
    if (pages > maxMemoryPages)
      throw badArgument(
        "maxMemoryPages",
        maxMemoryPages,
        `${pages} or more: the module begins with so many pages`,
      );
    const request = { module: decoded, instances, maxMemoryPages, startFuel: fuel, imports, compile };
    const opened = await openFleet(request, options);
    return new WasmFleet(decoded, opened, { instances, maxMemoryPages, fuel });
  }

  /** What the fleet runs on. */
  get info(): WasmFleetInfo {
    const { engine, fallbackReason } = this.#opened;
    return { engine, fallbackReason };
  }

  /** What the fleet has done, and its size. */
  stats(): WasmFleetStats {
    const { instances, maxMemoryPages } = this.#limits;
    return {
      instances,
      maxMemoryPages,
      calls: this.#calls,
      traps: this.#traps,
      compiledCalls: this.#compiledCalls,
    };
  }

  /**
   * Calls a function that the module exports, on all instances. An instance that traps harms no other.
   * @param name of the export
   * @returns results and traps, when all instances have ended
   * @throws EW_BAD_ARGUMENT for an unknown function and for columns that do not fit; EW_WASM_UNSUPPORTED for a function
   * with references; EW_DEVICE_LOST, EW_WORKER_DIED, EW_CLOSED: then no instance is to be trusted
   */
  async call(name: string, given: WasmCallOptions = {}): Promise<WasmCallResult> {
    const { args = [], fuel = this.#limits.fuel } = callOptions(given);
    const index = this.#exported("func", name);
    const { type } = this.#module.functions[index]!;
    const reference = [...type.params, ...type.results].find((each) => !hasColumns(each));
    if (reference !== undefined)
      throw new EverwarpError("EW_WASM_UNSUPPORTED", `"${name}" is ${functionTypeText(type)}`, {
        remedy: `There are no columns of ${typeName(reference)}: call a function of numbers and vectors.`,
      });
    if (args.length !== type.params.length)
      throw badArgument(
        "args",
        args,
        `${type.params.length} arguments: "${name}" is ${functionTypeText(type)}`,
      );
    const columns = args.map(
      (column, place) =>
        // A copy: the caller may change its columns while the call waits.
        new Uint8Array(columnBytes(`args[${place}]`, type.params[place]!, column, this.#limits.instances)),
    );
    const { results, traps, isCompiled } = await this.#inTurn((backend) =>
      backend.call({ index, type, args: columns, fuel }),
    );
    this.#calls++;
    this.#traps += traps.length;
    this.#compiledCalls += Number(isCompiled);
    return {
      results: results.map((bytes, place) => columnOf(type.results[place]!, bytes)),
      traps: traps.map((trap) => ({ ...trap, functionName: this.#nameOf(trap.index) })),
    };
  }

  #nameOf(index: number | undefined): string | undefined {
    if (index === undefined) return undefined;
    this.#names ??= functionNames(this.#module);
    return this.#names.get(index);
  }

  /** @throws EW_BAD_ARGUMENT */
  #exported(kind: "func" | "global", name: string): number {
    const found = this.#module.exports.find((each) => each.name === name && each.kind === kind);
    if (found !== undefined) return found.index;
    const names = this.#module.exports.filter((each) => each.kind === kind).map((each) => `"${each.name}"`);
    const what = kind === "func" ? "functions" : "globals";
    const some = names.slice(0, 20).join(", ");
    throw badArgument(
      "name",
      name,
      names.length === 0 ? `exported, and the module exports no ${what}` : `one of ${some}`,
    );
  }

  /** Pages of 64 KiB that the memory of an instance has now; 0 without a memory. @throws EW_BAD_ARGUMENT, EW_CLOSED */
  async memoryPages(instance: number): Promise<number> {
    this.#checkInstance(instance);
    return this.#inTurn((backend) => backend.memoryPages(instance));
  }

  /**
   * Bytes of an instance's memory.
   * @throws EW_BAD_ARGUMENT for a range beyond the memory, EW_CLOSED
   */
  async read(instance: number, offset: number, length: number): Promise<Uint8Array> {
    this.#checkInstance(instance);
    return this.#inTurn(async (backend) => {
      await checkRange(backend, instance, offset, length);
      return backend.read(instance, offset, length);
    });
  }

  /** Writes bytes into an instance's memory. @throws EW_BAD_ARGUMENT for a range beyond the memory, EW_CLOSED */
  async write(instance: number, offset: number, bytes: Uint8Array): Promise<void> {
    this.#checkInstance(instance);
    assertInstance("bytes", bytes, Uint8Array, "a Uint8Array");
    const copy = new Uint8Array(bytes);
    return this.#inTurn(async (backend) => {
      await checkRange(backend, instance, offset, copy.length);
      return backend.write(instance, offset, copy);
    });
  }

  /**
   * The value of a global that the module exports, in one instance. An i64 is a bigint, a v128 a `Uint8Array`.
   * @throws EW_BAD_ARGUMENT, EW_CLOSED; EW_WASM_UNSUPPORTED for a reference
   */
  async global(instance: number, name: string): Promise<number | bigint | Uint8Array> {
    this.#checkInstance(instance);
    const index = this.#exported("global", name);
    const { type } = this.#module.globals[index]!;
    if (!hasColumns(type))
      throw new EverwarpError("EW_WASM_UNSUPPORTED", `the global "${name}" is a ${typeName(type)}`, {
        remedy: "References cannot be read: read a global of a number or of a vector.",
      });
    return valueOfBits(type, await this.#inTurn((backend) => backend.global(instance, index)));
  }

  #checkInstance(instance: number): void {
    wholeNumber("instance", instance, 0, this.#limits.instances - 1);
  }

  /** All instances begin again, as they were after `open`. @throws EW_CLOSED, and what `open` throws */
  async reset(): Promise<void> {
    return this.#inTurn((backend) => backend.reset());
  }

  /** Ends the fleet. A call that runs ends with EW_CLOSED, or with its answer. */
  close(): Promise<void> {
    this.#closing ??= this.#opened.backend.close();
    return this.#closing;
  }

  /** For `await using`: the same as `close`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #inTurn<T>(act: (backend: FleetBackend) => Promise<T>): Promise<T> {
    const begin = (): Promise<T> => {
      if (this.#closing !== undefined)
        throw new EverwarpError("EW_CLOSED", "the fleet was closed", { remedy: "Open another one." });
      return act(this.#opened.backend);
    };
    const done = this.#turn.then(begin, begin);
    this.#turn = done.catch(() => undefined); // its caller gets the error
    return done;
  }
}

async function checkRange(
  backend: FleetBackend,
  instance: number,
  offset: number,
  length: number,
): Promise<void> {
  const size = (await backend.memoryPages(instance)) * PAGE_BYTES;
  wholeNumber("length", length, 0, size);
  wholeNumber("offset", offset, 0, size - length);
}

function valueOfBits(type: ValueType, bits: bigint): number | bigint | Uint8Array {
  const bytes = new Uint8Array(BigUint64Array.of(bits, bits >> 64n).buffer);
  return type === VALUE_TYPE.v128 ? bytes : columnOf(type, bytes)[0]!;
}
