/** What callers give to fleets, and what they get. */
import {
  badArgument,
  type Check,
  deviceOrChoice,
  matching,
  oneOf,
  type OptionChecks,
  readOptions,
  recordOf,
  callback,
  whole,
} from "../../base/index.ts";
import type { DeviceChoice } from "../../engine/index.ts";
import type { CompileChoice, FleetTrap, HostFunctions } from "../contracts.ts";
import { MODULE_LIMITS } from "../module/index.ts";
import type { WasmArgument, WasmColumn } from "./columns.ts";

/** How a fleet is opened. */
export interface WasmFleetOptions {
  /**
   * `"auto"` (default): a hardware GPU if one works and can run the module, otherwise the host. `"cpu"`: the host.
   * Anything else is a device, or an error: see `SearchEngine.open`.
   */
  readonly device?: DeviceChoice;
  /** How many instances there are. Default: 1. */
  readonly instances?: number;
  /**
   * Pages of 64 KiB that the memory of each instance may have; `memory.grow` gives -1 beyond. Default: 16, or as many
   * as the module begins with.
   */
  readonly maxMemoryPages?: number;
  /**
   * How much an instance may do in a call, and in the module's start function. A unit is about one instruction.
   * Default: 100 million.
   */
  readonly fuelPerCall?: bigint;
  /** The functions that the module imports, by the names of module and function. */
  readonly imports?: HostFunctions;
  /** Threads of the host engine. Default: one for each core. */
  readonly threads?: number;
  /**
   * Whether a device compiles functions. `"auto"` (default): those that were interpreted for about a second, beside
   * their calls. `"always"`: a call waits until its function is compiled. `"never"`: all are interpreted. Functions
   * that cannot be compiled are interpreted. The host engine always compiles.
   */
  readonly compile?: CompileChoice;
}

/** What a call is given. */
export interface WasmCallOptions {
  /** For each parameter a column with a row for each instance, or one number for all. Default: no arguments. */
  readonly args?: readonly WasmArgument[];
  /** How much each instance may do in this call. Default: the fleet's `fuelPerCall`. */
  readonly fuel?: bigint;
}

/** What a call gave. */
export interface WasmCallResult {
  /** A column for each result. Rows of instances that trapped are zero. */
  readonly results: readonly WasmColumn[];
  /** The instances that trapped, in their order. All others returned. */
  readonly traps: readonly WasmTrap[];
}

/** An instance that trapped. What it did before has happened, and it can be called again. */
export interface WasmTrap extends FleetTrap {
  /** The name of the function that trapped, where the module names it. */
  readonly functionName: string | undefined;
}

/** What a fleet runs on. */
export interface WasmFleetInfo {
  readonly engine: "device" | "host";
  /** Why the host stands in for a device, where it does. */
  readonly fallbackReason: string | undefined;
}

/** What a fleet has done. */
export interface WasmFleetStats {
  readonly instances: number;
  readonly maxMemoryPages: number;
  /** Calls that were answered. */
  readonly calls: number;
  /** Instances that trapped in them. */
  readonly traps: number;
  /** Calls of functions that were compiled; on the host all of them. */
  readonly compiledCalls: number;
}

const MOST_FUEL = 2n ** 62n;

const fuel: Check = matching(
  "a bigint from 1n to 2n ** 62n",
  (value) => typeof value === "bigint" && value >= 1n && value <= MOST_FUEL,
);

const FLEET_OPTIONS: OptionChecks<WasmFleetOptions> = {
  device: deviceOrChoice,
  instances: whole(1, 2 ** 24),
  maxMemoryPages: whole(0, MODULE_LIMITS.memoryPages),
  fuelPerCall: fuel,
  imports: recordOf(recordOf(callback, "an object of functions"), "an object of modules and their functions"),
  threads: whole(1, 1024),
  compile: oneOf("auto", "always", "never"),
};
const CALL_OPTIONS: OptionChecks<WasmCallOptions> = {
  args: (name, value) => {
    if (!Array.isArray(value)) throw badArgument(name, value, "an array with an argument for each parameter");
  },
  fuel,
};

/** @throws EW_BAD_ARGUMENT */
export function fleetOptions(given: unknown): WasmFleetOptions {
  return readOptions("the options of WasmFleet.open", given, FLEET_OPTIONS);
}

/** @throws EW_BAD_ARGUMENT */
export function callOptions(given: unknown): WasmCallOptions {
  return readOptions("the options of call", given, CALL_OPTIONS);
}
