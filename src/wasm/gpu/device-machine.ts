/**
 * Instances of a program on a device: the machine that runs the interpreter kernel.
 *
 *     call ──columns──▶ begin ──▶ interpret ──▶ fetch ──▶ counters ──nothing runs──▶ results
 *                                     ▲                     │  └──instances wait──▶ host ──▶ answer ─┐
 *                                     └──────some run───────┘◀──────────────────────────────────────┘
 *
 * Invariants: one run of the kernel has at most `quantum` instructions for each instance. Between two runs all state
 * lies in device memory. One call is under way at a time.
 */
import { EverwarpError } from "../../base/index.ts";
import type { Device, DeviceBuffer, Recorder } from "../../vulkan/index.ts";
import type { CompileChoice } from "../contracts.ts";
import { Machine, Status, Trap, WasmCounters, WasmTransfer } from "../form/index.ts";
import type { Program, StackLimits, StoreImage } from "../store/index.ts";
import { type CompiledKernel, CompiledKernels } from "./compiled-kernels.ts";
import { assertFits, type Geometry, placeInstances } from "./geometry.ts";
import type { HostBatch, HostRequest } from "./host-calls.ts";
import { LaneMemory } from "./lane-memory.ts";
import { type LaunchWriter, launchWriter } from "./launch.ts";
import { machinePipelines, type Pipelines } from "./machine-pipelines.ts";
import { Pace } from "./pace.ts";
import { TransferBuffers, upload } from "./transfer-buffers.ts";

/**
 * Instructions that an instance may run at once. Mesa before 25.0 ends loops after 65,535 rounds without a word; the
 * kernel has one loop with a round for each instruction.
 */
export const QUANTUM_MAX = 30_000;

/** How long one run of the kernel may take before the device counts as hung. */
const RUN_TIMEOUT_MS = 60_000;

/** Bytes of a row of states: status, trap, instruction, import. */
const STATE_BYTES = 16;

/** What a machine is made of. */
export interface DeviceMachineOptions {
  readonly device: Device;
  readonly program: Program;
  readonly image: StoreImage;
  readonly instanceCount: number;
  readonly limits: StackLimits;
  /** Instructions that an instance may run at once; QUANTUM_MAX if not given. For tests. */
  readonly quantum?: number;
  /** Slots of the arguments or results of the host's functions: the most that one has. */
  readonly hostSlots?: number;
  /** The most that a buffer of instances may have; the device's limit if not given. For tests. */
  readonly maxBufferBytes?: number;
  readonly answer?: HostBatch;
  /** Whether functions are compiled; "never" if not given. */
  readonly compile?: CompileChoice;
}

/** How a call ended, for every instance. */
export interface CallResults {
  /** Column after column: slot `s` of instance `i` is at `s * instanceCount + i`. */
  readonly columns: BigUint64Array;
  /** For each instance a reason of `Trap`; 0 where the call returned. */
  readonly traps: Uint8Array;
  /** For each instance the instruction that trapped. */
  readonly instructions: Uint32Array;
  /** Whether the function was compiled. */
  readonly isCompiled: boolean;
}

/** See the head of this file. */
export class DeviceMachine implements Disposable {
  readonly memory: LaneMemory;
  readonly geometry: Geometry;
  /** Runs of the interpreter kernel so far. */
  runs = 0;
  /** Once set, a call ends after its current run. */
  isEnding = false;
  readonly #device: Device;
  readonly #program: Program;
  readonly #pipelines: Pipelines;
  readonly #lists: DeviceBuffer[];
  readonly #counters: DeviceBuffer;
  readonly #buffers: TransferBuffers;
  readonly #launch: LaunchWriter;
  /** As the options have it. */
  readonly #quantum: number | undefined;
  readonly compiled: CompiledKernels;
  readonly #limits: StackLimits;
  readonly #hostSlots: number;
  readonly #answer: HostBatch | undefined;
  readonly #giveBack: () => void;

  private constructor(
    options: DeviceMachineOptions,
    { pipelines, geometry, release }: { pipelines: Pipelines; geometry: Geometry; release: () => void },
  ) {
    const { device, program, limits, hostSlots = 0, compile = "never" } = options;
    this.#device = device;
    this.#program = program;
    this.#pipelines = pipelines;
    this.geometry = geometry;
    this.#quantum = options.quantum;
    this.#hostSlots = hostSlots;
    this.#limits = limits;
    this.#answer = options.answer;
    const owned: Disposable[] = [];
    this.#giveBack = () => {
      for (const each of owned.splice(0).toReversed()) each[Symbol.dispose]();
      release();
    };
    const own = <T extends Disposable>(each: T): T => {
      owned.push(each);
      return each;
    };
    try {
      this.compiled = own(new CompiledKernels(device, program, compile));
      this.memory = own(new LaneMemory(device, pipelines, program, geometry));
      this.#lists = [program.code, program.constants, program.words].map((list) => own(upload(device, list)));
      this.#buffers = own(new TransferBuffers(device));
      const sizeBytes = WasmCounters.strideBytes;
      this.#counters = own(device.createBuffer({ role: "readback", sizeBytes, label: "wasm counters" }));
    } catch (error) {
      this.#giveBack();
      throw error;
    }
    this.#launch = launchWriter({
      program,
      limits,
      geometry,
      lists: this.#lists,
      counters: this.#counters,
    });
  }

  /**
   * Makes instances that all contain the same.
   * @throws EW_OUT_OF_DEVICE_MEMORY with the number that fits, EW_WASM_UNSUPPORTED for a device without 64-bit floats
   */
  static async open(options: DeviceMachineOptions): Promise<DeviceMachine> {
    const { device, program, limits, instanceCount } = options;
    if (!device.info.features.includes("shaderFloat64")) {
      throw new EverwarpError("EW_WASM_UNSUPPORTED", `${device.info.name} has no floats of 64 bits`, {
        remedy: "Use another device or the host engine.",
      });
    }
    const geometry = placeInstances(program, limits, instanceCount, {
      subgroupSize: device.info.subgroupSize,
      maxBufferBytes: options.maxBufferBytes ?? device.info.limits.maxAllocationBytes,
    });
    assertFits(device, geometry);
    const { pipelines, release } = await machinePipelines(device);
    try {
      const machine = new DeviceMachine(options, { pipelines, geometry, release });
      await machine.load(options.image);
      return machine;
    } catch (error) {
      release();
      throw error;
    }
  }

  /** Gives all instances these contents. Without memory for that, the machine is of no use and is given back. */
  private async load(image: StoreImage): Promise<void> {
    try {
      await this.memory.load(image);
    } catch (error) {
      this.#giveBack();
      throw error;
    }
  }

  /** Frees all memory. No call may be under way. */
  [Symbol.dispose](): void {
    this.#giveBack();
  }

  /**
   * Calls a function in every instance.
   *
   * @param number of the function in the program
   * @param columns arguments, slot after slot, with one value for each instance
   * @param resultSlots slots of the results
   * @param fuel instructions that each instance may run
   * @throws EW_LOOP_LIMIT if the driver ended a loop of the kernel early, EW_TIMEOUT, EW_DEVICE_LOST, EW_CLOSED
   */
  async call(
    number: number,
    columns: BigUint64Array,
    { resultSlots, fuel }: { resultSlots: number; fuel: bigint },
  ): Promise<CallResults> {
    const { start, frameSlots } = this.#program.functions[number]!;
    if (frameSlots > this.#limits.stackSlots) return this.#exhausted(resultSlots, start);
    const compiled = await this.compiled.take(number);
    const given = { columns: this.#buffers.fill("arguments", columns), start, fuel };
    const columnCount = columns.length / this.geometry.instanceCount;
    // Most calls end in their first run, so all three steps are one submission.
    const run = this.#runner(compiled, resultSlots);
    const began = performance.now();
    let counts = await run((recorder) => this.#record(recorder, "begin", { ...given, columnCount }));
    while (counts.running > 0 || counts.waiting > 0) {
      if (this.isEnding) throw closedError();
      const answer = counts.running === 0 ? await this.#answerHost() : undefined;
      counts = await run(answer);
    }
    if (compiled === undefined) this.compiled.interpreted(number, performance.now() - began);
    const { values, states } = this.#fetched(resultSlots);
    const { instanceCount } = this.geometry;
    const traps = new Uint8Array(instanceCount);
    const instructions = new Uint32Array(instanceCount);
    for (let instance = 0; instance < instanceCount; instance++) {
      traps[instance] = states[instance * 4 + 1]!;
      instructions[instance] = states[instance * 4 + 2]!;
    }
    return { columns: values, traps, instructions, isCompiled: compiled !== undefined };
  }

  /** What a call gives whose first frame is larger than the stack: nothing of it runs. */
  #exhausted(resultSlots: number, instruction: number): CallResults {
    const { instanceCount } = this.geometry;
    return {
      columns: new BigUint64Array(resultSlots * instanceCount),
      traps: new Uint8Array(instanceCount).fill(Trap.STACK_EXHAUSTED),
      instructions: new Uint32Array(instanceCount).fill(instruction),
      isCompiled: false,
    };
  }

  /** What runs a call on. A call that is compiled has runs as long as its pace allows. */
  #runner(
    compiled: CompiledKernel | undefined,
    fetchedSlots: number,
  ): (before?: (recorder: Recorder) => void) => Promise<Counts> {
    const least = Math.max(this.#quantum ?? QUANTUM_MAX, compiled?.leastFuel ?? 0);
    const pace = new Pace(least);
    return async (before) => {
      const { quantum } = pace;
      const began = performance.now();
      const counts = await this.#run({ quantum, compiled, fetchedSlots, before });
      if (compiled !== undefined && this.#quantum === undefined)
        pace.ran(performance.now() - began, counts.running > 0);
      return counts;
    };
  }

  /** Runs the kernels once and fetches registers and states. */
  async #run({ quantum, compiled, fetchedSlots, before }: RunParts): Promise<Counts> {
    const { instanceCount } = this.geometry;
    this.#buffers.take("results", fetchedSlots * instanceCount * 8);
    this.#buffers.take("states", instanceCount * STATE_BYTES);
    await this.#submit((recorder) => {
      recorder.fill(this.#counters, 0, this.#counters.sizeBytes, 0).barrier("transfer", "compute");
      if (before !== undefined) {
        before(recorder);
        recorder.barrier("compute", "compute");
      }
      // The interpreter comes last: it runs what is left to it, and counts.
      for (const pipeline of [compiled?.pipeline, this.#pipelines.interpret]) {
        if (pipeline === undefined) continue;
        recorder.bind(pipeline);
        for (const part of this.memory.parts) {
          recorder.push(this.#launch(part, quantum, compiled?.leastFuel ?? 0));
          recorder.dispatch(Math.ceil(part.instanceCount / Machine.WORKGROUP_SIZE));
        }
        recorder.barrier("compute", "compute");
      }
      this.#recordFetch(recorder, fetchedSlots);
    });
    this.runs++;
    const counts = WasmCounters.unpack(new Uint32Array(this.#counters.host));
    const stands = counts.running > 0 && counts.steps === 0;
    if (counts.missing > 0 || stands) {
      throw new EverwarpError(
        "EW_LOOP_LIMIT",
        stands
          ? `${this.#device.info.name} ended the loops of a compiled program before anything ran`
          : `${this.#device.info.name} ended the interpreter's loop early: ${counts.missing} instructions did not run`,
        {
          remedy:
            "This is a fault of everwarp: the quantum is too large for the driver. Use the host engine.",
        },
      );
    }
    return counts;
  }

  /** Asks the host for what instances wait for. @returns what gives its answers, before the next run */
  async #answerHost(): Promise<(recorder: Recorder) => void> {
    const { instanceCount } = this.geometry;
    const slots = this.#hostSlots;
    this.#buffers.take("results", slots * instanceCount * 8);
    await this.#submit((recorder) => this.#recordFetch(recorder, slots));
    const { values, states } = this.#fetched(slots);
    const requests: HostRequest[] = [];
    for (let instance = 0; instance < instanceCount; instance++) {
      if (states[instance * 4] !== Status.WAITING) continue;
      const own = BigUint64Array.from(
        { length: slots },
        (_, slot) => values[slot * instanceCount + instance]!,
      );
      requests.push({ instance, host: states[instance * 4 + 3]!, slots: own });
    }
    if (this.#answer === undefined)
      throw new EverwarpError("EW_WASM_UNSUPPORTED", "an import is called, and nobody answers", {
        remedy: "Give a function for each import.",
      });
    const answers = await this.#answer(requests);
    requests.forEach(({ instance }, index) => {
      const answer = answers[index]!;
      if ("trap" in answer) states[instance * 4 + 1] = answer.trap;
      else answer.slots.forEach((value, slot) => (values[slot * instanceCount + instance] = value));
    });
    const columns = this.#buffers.fill("arguments", values);
    const given = this.#buffers.fill("given", states);
    return (recorder) => this.#record(recorder, "answer", { columns, states: given, columnCount: slots });
  }

  #recordFetch(recorder: Recorder, columnCount: number): void {
    const columns = this.#buffers.take("results", 0);
    this.#record(recorder, "fetch", { columns, states: this.#buffers.take("states", 0), columnCount });
  }

  /** What the last fetch brought. */
  #fetched(slots: number): { values: BigUint64Array<ArrayBuffer>; states: Uint32Array<ArrayBuffer> } {
    const { instanceCount } = this.geometry;
    const { host: values } = this.#buffers.take("results", 0);
    const { host: states } = this.#buffers.take("states", 0);
    return {
      values: new BigUint64Array(values, 0, slots * instanceCount).slice(),
      states: new Uint32Array(states, 0, instanceCount * (STATE_BYTES / 4)).slice(),
    };
  }

  #record(
    recorder: Recorder,
    name: "begin" | "answer" | "fetch",
    { columns, states, columnCount, start = 0, fuel = 0n }: TransferParts,
  ): void {
    const { laneShift, slotsPerInstance, cellsPerInstance, registersAt } = this.geometry;
    recorder.bind(this.#pipelines[name]);
    for (const { firstInstance, instanceCount, slots, cells } of this.memory.parts) {
      const launch = WasmTransfer.pack({
        columns: columns.address + BigInt(firstInstance * 8),
        states: states === undefined ? 0n : states.address + BigInt(firstInstance * STATE_BYTES),
        slotMemory: slots.address,
        cellMemory: cells.address,
        instanceCount,
        rowCount: this.geometry.instanceCount,
        laneShift,
        slotsPerInstance,
        cellsPerInstance,
        firstSlot: registersAt,
        columnCount,
        start,
        fuelLow: Number(fuel & 0xffff_ffffn),
        fuelHigh: Number(fuel >> 32n),
      });
      recorder.push(launch);
      recorder.dispatch(Math.ceil(instanceCount / Machine.WORKGROUP_SIZE));
    }
  }

  async #submit(body: (recorder: Recorder) => void): Promise<void> {
    await this.#device.runAsync(
      (recorder) => {
        body(recorder);
        recorder.barrier("compute", "all");
      },
      { timeoutMs: RUN_TIMEOUT_MS },
    );
  }
}

/** For what was asked of instances that were closed. */
export function closedError(): EverwarpError {
  return new EverwarpError("EW_CLOSED", "the instances were closed before this call had ended", {
    remedy: "Wait for calls before closing.",
  });
}

/** What instances do after a run. */
interface Counts {
  readonly running: number;
  readonly waiting: number;
}

interface RunParts {
  readonly quantum: number;
  readonly compiled: CompiledKernel | undefined;
  readonly fetchedSlots: number;
  /** Work of the same submission. */
  readonly before: ((recorder: Recorder) => void) | undefined;
}

interface TransferParts {
  readonly columns: DeviceBuffer;
  /** A call that begins has none. */
  readonly states?: DeviceBuffer;
  readonly columnCount: number;
  readonly start?: number;
  readonly fuel?: bigint;
}
