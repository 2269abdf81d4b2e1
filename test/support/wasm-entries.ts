/** The public functions of `everwarp/wasm`, and what they are called with. */
import { instantiate, WasmFleet, WasmModule } from "../../src/index.ts";
import { type ArgumentEntry, argument, type OptionsEntry } from "./public-entry.ts";
import { binaryOf } from "./wat.ts";

let module: WasmModule;
let fleet: WasmFleet;

/** Opens what the entries below are called on. */
export async function openWasm(): Promise<void> {
  module = await WasmModule.compile(binaryOf('(module (memory 1) (func (export "run") (param v128)))'));
  fleet = await WasmFleet.open(module, { device: "cpu" });
}

/** Closes what `openWasm` opened. */
export async function closeWasm(): Promise<void> {
  await fleet?.close();
}

/** Not `any`, but taken for whatever a function asks. */
const as = (value: unknown): never => value as never;

export const wasmOptions: readonly OptionsEntry[] = [
  {
    of: "WasmFleet",
    name: "WasmFleet.open",
    call: (given) => WasmFleet.open(module, as(given)),
    options: {
      device: "device",
      instances: "whole",
      maxMemoryPages: "whole",
      fuelPerCall: "fuel",
      imports: "record",
      threads: "whole",
      compile: "choice",
    },
  },
  {
    of: "WasmFleet",
    name: "fleet.call",
    call: (given) => fleet.call("run", as(given)),
    options: { args: "list", fuel: "fuel" },
  },
];

export const wasmArguments: readonly ArgumentEntry[] = [
  argument("WasmModule", "WasmModule.compile", "instance", (given) => WasmModule.compile(as(given))),
  argument("instantiate", "instantiate", "instance", (given) => instantiate(as(given))),
  argument("WasmFleet", "WasmFleet.open", "instance", (given) => WasmFleet.open(as(given))),
  argument("WasmFleet", "fleet.call", "text", (given) => fleet.call(as(given))),
  argument("WasmFleet", "fleet.read", "whole", (given) => fleet.read(as(given), 0, 0)),
  argument("WasmFleet", "fleet.read, offset", "whole", (given) => fleet.read(0, as(given), 0)),
  argument("WasmFleet", "fleet.read, length", "whole", (given) => fleet.read(0, 0, as(given))),
  argument("WasmFleet", "fleet.write", "instance", (given) => fleet.write(0, 0, as(given))),
  argument("WasmFleet", "fleet.memoryPages", "whole", (given) => fleet.memoryPages(as(given))),
  argument("WasmFleet", "fleet.global", "text", (given) => fleet.global(0, as(given))),
];
