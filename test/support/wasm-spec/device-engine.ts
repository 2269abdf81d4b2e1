/** The interpreter kernel under the specification's test suite: one instance of a store that grows with the script. */
import { TRAP_TEXTS } from "../../../src/wasm/form/index.ts";
import type { CompileChoice } from "../../../src/wasm/contracts.ts";
import { DeviceMachine } from "../../../src/wasm/gpu/index.ts";
import type { DecodedModule } from "../../../src/wasm/module/index.ts";
import type { Store } from "../../../src/wasm/store/index.ts";
import { slotCount } from "../../../src/wasm/translate/index.ts";
import type { Device } from "../../../src/vulkan/index.ts";
import { type SpecInstance, SpecTrap } from "./engine.ts";
import { StoreSpecEngine } from "./reference-engine.ts";

/** More than any script needs. */
const FUEL = 1n << 40n;
const LIMITS = { stackSlots: 16_384, maxDepth: 1024 };

/** Runs of the kernels by all engines so far, and calls of compiled functions. */
export const kernelRuns = { count: 0, compiledCalls: 0 };

/** An engine for one script, on a device. */
export class DeviceSpecEngine extends StoreSpecEngine {
  readonly #runner: StoreRunner;

  /** @param compile whether functions are compiled */
  constructor(device: Device, compile: CompileChoice = "never") {
    const runner = new StoreRunner(device, compile);
    super((store, index, slots) => runner.call(store, index, slots));
    this.#runner = runner;
  }

  override async instantiate(
    module: DecodedModule,
    instances: ReadonlyMap<string, SpecInstance>,
  ): Promise<SpecInstance> {
    await this.#runner.suspend();
    return super.instantiate(module, instances);
  }

  override async close(): Promise<void> {
    await this.#runner.suspend();
  }
}

/** A machine for a store. When a module is added, its contents go back to the store's image. */
class StoreRunner {
  readonly #device: Device;
  readonly #compile: CompileChoice;
  #store: Store | undefined;
  #machine: DeviceMachine | undefined;

  constructor(device: Device, compile: CompileChoice) {
    this.#device = device;
    this.#compile = compile;
  }

  async suspend(): Promise<void> {
    const machine = this.#machine;
    if (machine === undefined) return;
    this.#machine = undefined;
    this.#store!.image = await machine.memory.save(0);
    machine[Symbol.dispose]();
  }

  async call(store: Store, index: number, slots: readonly bigint[]): Promise<readonly bigint[]> {
    this.#store = store;
    const machine = (this.#machine ??= await this.#open(store));
    const runsBefore = machine.runs;
    const resultSlots = slotCount(store.functions[index]!.type.results);
    const { columns, traps, isCompiled } = await machine.call(index, BigUint64Array.from(slots), {
      resultSlots,
      fuel: FUEL,
    });
    kernelRuns.count += machine.runs - runsBefore;
    kernelRuns.compiledCalls += Number(isCompiled);
    // Scripts read globals between calls.
    const globals = await machine.memory.collect("slots", 0, store.image.globals.length, 0);
    store.image.globals = new BigUint64Array(globals.buffer);
    if (traps[0] !== 0) throw new SpecTrap(TRAP_TEXTS[traps[0]!]);
    return [...columns];
  }

  #open(store: Store): Promise<DeviceMachine> {
    return DeviceMachine.open({
      device: this.#device,
      program: store.program(),
      image: store.image,
      instanceCount: 1,
      limits: LIMITS,
      hostSlots: 0,
      compile: this.#compile,
    });
  }
}
