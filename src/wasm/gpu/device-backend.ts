/**
 * Instances of a module on a device.
 *
 *     FleetCall ──slots──▶ DeviceMachine ──slots, traps──▶ FleetAnswer
 *                               │ an instance waits for an import
 *                               └──▶ functions of the host, one instance after the other
 *
 * Invariant: functions of the module have the same numbers in the store, because imported functions come first.
 */
import { EverwarpError } from "../../base/index.ts";
import { type DeviceSession, openSession, type SessionOptions } from "../../residency/index.ts";
import type {
  FleetAnswer,
  FleetBackend,
  FleetCall,
  FleetRequest,
  FleetTrap,
  HostFunction,
} from "../contracts.ts";
import { Trap, TRAP_TEXTS } from "../form/index.ts";
import { importedFunctions } from "../imported-functions.ts";
import type { FunctionType } from "../module/index.ts";
import { type LinkedModule, stackNeeds, Store } from "../store/index.ts";
import { slotCount, slotsOf } from "../translate/index.ts";
import { fromSlots, toSlots } from "./columns.ts";
import { closedError, DeviceMachine } from "./device-machine.ts";
import type { HostAnswer, HostRequest } from "./host-calls.ts";
import { assertExact } from "./exactness.ts";
import { callHost } from "./host-values.ts";

/** Registers of all open calls of an instance, and how many calls may be open. */
const STACK_LIMITS = { stackSlots: 8192, maxDepth: 1024 } as const;
/** Elements that a table may grow to, if it has not more from the beginning. */
const TABLE_ELEMENTS_MAX = 1024;

/** Runs instances on a device. Open it with `DeviceBackend.open`. */
export class DeviceBackend implements FleetBackend {
  readonly #session: DeviceSession;
  readonly #request: FleetRequest;
  readonly #store: Store;
  readonly #linked: LinkedModule;
  readonly #machine: DeviceMachine;
  /** What functions of the host threw in this call, by instance. */
  readonly #thrown: Map<number, string>;
  /** Settles when nothing uses the device. */
  #lastUse: Promise<void> = Promise.resolve();
  #closing: Promise<void> | undefined;

  private constructor(parts: {
    session: DeviceSession;
    request: FleetRequest;
    store: Store;
    linked: LinkedModule;
    machine: DeviceMachine;
    thrown: Map<number, string>;
  }) {
    this.#session = parts.session;
    this.#request = parts.request;
    this.#store = parts.store;
    this.#linked = parts.linked;
    this.#machine = parts.machine;
    this.#thrown = parts.thrown;
  }

  /**
   * Opens a device and makes the instances.
   * @throws EW_NO_VULKAN, EW_NO_DEVICE, EW_OUT_OF_DEVICE_MEMORY, EW_WASM_UNSUPPORTED for what kernels do not have, and
   * for a device that does not compute exactly
   */
  static async open(request: FleetRequest, options: SessionOptions = {}): Promise<DeviceBackend> {
    const { store, linked, hosts } = link(request);
    const session = await openSession(options);
    try {
      await assertExact(session.device);
      const thrown = new Map<number, string>();
      const answer = (requests: readonly HostRequest[]): Promise<HostAnswer[]> =>
        Promise.resolve(requests.map((each) => answerOne(each, hosts, store.hostTypes, thrown)));
      const program = store.program();
      const machine = await DeviceMachine.open({
        device: session.device,
        program,
        image: store.image,
        instanceCount: request.instances,
        limits: stackNeeds(program, STACK_LIMITS),
        hostSlots: Math.max(
          0,
          ...store.hostTypes.map(({ params, results }) => Math.max(slotCount(params), slotCount(results))),
        ),
        answer,
        compile: request.compile ?? "auto",
      });
      const backend = new DeviceBackend({ session, request, store, linked, machine, thrown });
      try {
        await backend.#start();
      } catch (error) {
        machine[Symbol.dispose]();
        throw error;
      }
      return backend;
    } catch (error) {
      session.end();
      throw error;
    }
  }

  call(call: FleetCall): Promise<FleetAnswer> {
    return this.#use(() => this.#call(call));
  }

  async #call({ index, type, args, fuel }: FleetCall): Promise<FleetAnswer> {
    const { instances } = this.#request;
    this.#thrown.clear();
    const { columns, traps, instructions, isCompiled } = await this.#machine.call(
      index,
      toSlots(type.params, args, instances),
      { resultSlots: slotCount(type.results), fuel },
    );
    const found: FleetTrap[] = [];
    traps.forEach((trap, instance) => {
      if (trap !== Trap.NONE) found.push(this.#trapOf(instance, trap, instructions[instance]!));
    });
    const results = fromSlots(type.results, columns, instances, (row) => traps[row] === 0);
    return { results, traps: found, isCompiled };
  }

  async memoryPages(instance: number): Promise<number> {
    if (this.#linked.module.memories.length === 0) return 0;
    const [pages] = await this.#use(() => this.#machine.memory.sizes(instance));
    return pages!;
  }

  async read(instance: number, offset: number, length: number): Promise<Uint8Array> {
    return this.#use(() => this.#machine.memory.readBytes(0, instance, offset, length));
  }

  async write(instance: number, offset: number, bytes: Uint8Array): Promise<void> {
    await this.#use(() => this.#machine.memory.writeBytes(0, instance, offset, bytes));
  }

  async global(instance: number, index: number): Promise<bigint> {
    const { slot, type } = this.#store.globals[index]!;
    const words = await this.#use(() => this.#machine.memory.collect("slots", slot, slotsOf(type), instance));
    return words.reduceRight((bits, word) => (bits << 32n) | BigInt(word), 0n);
  }

  async reset(): Promise<void> {
    await this.#use(async () => {
      await this.#machine.memory.load(this.#store.image);
      await this.#start();
    });
  }

  async close(): Promise<void> {
    this.#machine.isEnding = true;
    this.#closing ??= this.#lastUse.then(async () => {
      await this.#machine.compiled.settled(); // a kernel that is being made needs the device
      this.#machine[Symbol.dispose]();
      this.#session.end();
    });
    await this.#closing;
  }

  /** Runs something that needs the device, after everything before it. */
  #use<T>(body: () => Promise<T>): Promise<T> {
    const use = this.#lastUse.then(() => {
      if (this.#machine.isEnding) throw closedError();
      return body();
    });
    this.#lastUse = use.then(
      () => undefined,
      () => undefined,
    );
    return use;
  }

  /** Runs the start function. @throws EW_WASM_TRAP if an instance traps in it */
  async #start(): Promise<void> {
    const { start } = this.#linked;
    if (start === undefined) return;
    const type = { params: [], results: [] };
    const { traps } = await this.#call({ index: start, type, args: [], fuel: this.#request.startFuel });
    const [first] = traps;
    if (first !== undefined) throw startError(first, traps.length);
  }

  #trapOf(instance: number, trap: number, instruction: number): FleetTrap {
    const place = this.#store.locate(instruction);
    const isImported = this.#linked.module.functions[place.function]?.body === undefined;
    return {
      instance,
      reason: this.#thrown.get(instance) ?? TRAP_TEXTS[trap]!,
      index: place.function,
      offset: isImported ? undefined : place.offset,
    };
  }
}

/** Links the module with the functions of the host. */
function link({ module, maxMemoryPages, imports }: FleetRequest): {
  store: Store;
  linked: LinkedModule;
  hosts: HostFunction[];
} {
  const store = new Store({ maxMemoryPages, maxTableElements: TABLE_ELEMENTS_MAX, isAlone: true });
  const functions = importedFunctions(module, imports);
  const hosts = functions.map(({ run }) => run);
  const externals = functions.map(({ type }) => store.addHost(type));
  const linked = store.instantiate(module, externals);
  if (linked.trap !== Trap.NONE) {
    throw startError(
      { reason: TRAP_TEXTS[linked.trap]!, index: undefined, offset: undefined, instance: 0 },
      1,
    );
  }
  return { store, linked, hosts };
}

function startError({ reason, instance }: FleetTrap, count: number): EverwarpError {
  return new EverwarpError("EW_WASM_TRAP", `the module traps when it is instantiated: ${reason}`, {
    remedy: `Instance ${instance} is the first of ${count} that do. Correct the module, or give it more fuel.`,
  });
}

function answerOne(
  { instance, host, slots }: HostRequest,
  hosts: readonly HostFunction[],
  types: readonly FunctionType[],
  thrown: Map<number, string>,
): HostAnswer {
  try {
    return { slots: callHost(hosts[host]!, types[host]!, slots) };
  } catch (error) {
    thrown.set(
      instance,
      `${TRAP_TEXTS[Trap.HOST]}: ${error instanceof Error ? error.message : String(error)}`,
    );
    return { trap: Trap.HOST };
  }
}
