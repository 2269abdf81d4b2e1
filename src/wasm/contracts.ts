/**
 * The border inside `wasm`: what a fleet asks of the engine that runs its instances. Types only.
 *
 *   WasmModule ──DecodedModule──▶ WasmFleet ──FleetCall──▶ FleetBackend (host | gpu) ──FleetAnswer──▶ columns and traps
 *
 * An instance is a row. Values travel as columns of bytes in the order of memory, so that every bit of a float arrives:
 * 4 bytes a row for i32 and f32, 8 for i64 and f64, 16 for v128. References do not travel.
 */
import type { DecodedModule, FunctionType } from "./module/index.ts";

/** A function of the host that a module imports. Numbers are what JavaScript's WebAssembly makes of them. */
export type HostFunction = (...values: (number | bigint)[]) => unknown;

/** The functions of the host, by the names of module and function. */
export type HostFunctions = Readonly<Record<string, Readonly<Record<string, HostFunction>>>>;

/** Whether devices compile functions: those that run for a while, all that can be compiled, or none. */
export type CompileChoice = "auto" | "always" | "never";

/** How a backend is opened. */
export interface FleetRequest {
  readonly module: DecodedModule;
  /** How many instances there are, 1 or more. */
  readonly instances: number;
  /** Pages of 64 KiB that the memory of an instance may have. `memory.grow` gives -1 beyond. */
  readonly maxMemoryPages: number;
  /** How much an instance may do while the module's start function runs. */
  readonly startFuel: bigint;
  readonly imports: HostFunctions;
  /** "auto" if not given. The host engine always compiles. */
  readonly compile?: CompileChoice | undefined;
}

/** One call of one function, on all instances. */
export interface FleetCall {
  /** An index of the module's functions. It is exported. */
  readonly index: number;
  readonly type: FunctionType;
  /** A column for each parameter, with a row for each instance. */
  readonly args: readonly Uint8Array[];
  /**
   * How much each instance may do. A unit is about one instruction. Backends count differently, but no loop and no
   * recursion is free on any of them.
   */
  readonly fuel: bigint;
}

/** What a call gave. */
export interface FleetAnswer {
  /** A column for each result, with a row for each instance. Rows of instances that trapped are zero. */
  readonly results: readonly Uint8Array[];
  /** The instances that trapped, in their order. */
  readonly traps: readonly FleetTrap[];
  /** Whether machine code ran, and not an interpreter. */
  readonly isCompiled: boolean;
}

/** An instance that trapped. What it did before has happened, and it can be called again. */
export interface FleetTrap {
  readonly instance: number;
  /** The reason, in the words of the specification's test suite: `TRAP_TEXTS`. */
  readonly reason: string;
  /** The function that trapped, or undefined where that is unknown. */
  readonly index: number | undefined;
  /** The byte of the binary at which the instruction begins that trapped, or undefined. */
  readonly offset: number | undefined;
}

/** An engine that holds the instances of one module. Calls come one after the other, each when the last has ended. */
export interface FleetBackend {
  /** Calls a function on all instances. @throws what ends the backend: a lost device, a thread that died */
  call(call: FleetCall): Promise<FleetAnswer>;
  /** How many pages the memory of an instance has now; 0 without a memory. */
  memoryPages(instance: number): Promise<number>;
  /** Bytes of an instance's memory. The range lies within it. */
  read(instance: number, offset: number, length: number): Promise<Uint8Array>;
  /** Writes into an instance's memory. The range lies within it. */
  write(instance: number, offset: number, bytes: Uint8Array): Promise<void>;
  /** The bits of a global. @param index an index of the module's globals, of a number or of a vector */
  global(instance: number, index: number): Promise<bigint>;
  /** All instances begin again, as they were when the backend was opened. */
  reset(): Promise<void>;
  /** Ends the backend; a call that runs ends with it. */
  close(): Promise<void>;
}
