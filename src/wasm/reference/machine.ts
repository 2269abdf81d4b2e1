/**
 * Runs the register form, one instruction after the other, for one instance: the reference of the interpreter kernel.
 * Nothing here is meant to be fast.
 */
import {
  type Instruction,
  Kind,
  Mode,
  Operation as Op,
  Trap,
  unpackInstruction,
  unpackLanes,
} from "../form/index.ts";
import { PAGE_BYTES } from "../module/index.ts";
import type { Program, StackLimits, StoreImage } from "../store/index.ts";
import { readLane, saturate, writeLane } from "./lanes.ts";
import { assertWithin, growMemory, growTable, load, store, TrapSignal } from "./memory.ts";
import { numericReference } from "./numeric.ts";

/** How a call ended. */
export interface MachineOutcome {
  /** A reason of `Trap`; 0 if the call returned. */
  readonly trap: number;
  /** The instruction that trapped, or the last one. */
  readonly instruction: number;
  /** The first slots of the frame: the results, if the call returned. */
  readonly slots: readonly bigint[];
}

/** Answers calls of the host's functions. @returns the slots of the results; throws to trap */
export type HostCalls = (host: number, slots: readonly bigint[]) => readonly bigint[];

interface Frame {
  readonly returnTo: number;
  readonly base: number;
}

/** See the head of this file. */
export class ReferenceMachine {
  readonly program: Program;
  readonly image: StoreImage;
  readonly #limits: StackLimits;
  readonly #hosts: HostCalls;
  #registers: bigint[] = [];
  #frames: Frame[] = [];
  #base = 0;
  #next = 0;

  constructor(program: Program, image: StoreImage, limits: StackLimits, hosts: HostCalls) {
    this.program = program;
    this.image = image;
    this.#limits = limits;
    this.#hosts = hosts;
  }

  /**
   * Calls a function.
   *
   * @param number of the function in the program
   * @param slots the arguments
   * @param fuel how many instructions may run
   */
  call(number: number, slots: readonly bigint[], fuel: bigint): MachineOutcome {
    const entry = this.program.functions[number]!;
    this.#registers = [...slots];
    this.#frames = [];
    this.#base = 0;
    this.#next = entry.start;
    let current = entry.start;
    try {
      if (entry.frameSlots > this.#limits.stackSlots) throw new TrapSignal(Trap.STACK_EXHAUSTED);
      for (let left = fuel; ; left--) {
        current = this.#next;
        if (left === 0n) throw new TrapSignal(Trap.OUT_OF_FUEL);
        if (this.#step()) return { trap: Trap.NONE, instruction: current, slots: this.#registers };
      }
    } catch (error) {
      if (!(error instanceof TrapSignal)) throw error;
      return { trap: error.trap, instruction: current, slots: [] };
    }
  }

  /** @returns whether the first function returned */
  #step(): boolean {
    const instruction = unpackInstruction(this.program.code, this.#next++);
    if (instruction.operation === Op.RETURN) {
      const frame = this.#frames.pop();
      if (frame === undefined) return true;
      this.#next = frame.returnTo;
      this.#base = frame.base;
      return false;
    }
    if (instruction.operation >= Op.LANE_FIRST) {
      this.#lane(instruction);
      return false;
    }
    const result = this.#result(instruction);
    if (instruction.mode === Mode.NOTHING) return false;
    if (instruction.mode === Mode.WRITE) this.#write(instruction, result);
    else if ((result !== 0n) === (instruction.mode === Mode.BRANCH_IF)) this.#next = instruction.target;
    return false;
  }

  #lane({ operation, mode, a, b, c, target }: Instruction): void {
    const lanes = unpackLanes(c);
    const x = readLane(this.#read(a.kind, a.value), lanes.a, lanes);
    const y = readLane(this.#read(b.kind, b.value), lanes.b, lanes);
    const { bits, trap } = numericReference(operation - Op.LANE_FIRST, x, y);
    if (trap !== Trap.NONE) throw new TrapSignal(trap);
    const value = lanes.isMask && bits !== 0n ? -1n : bits;
    const before = this.#registers[this.#base + target] ?? 0n;
    this.#registers[this.#base + target] = writeLane(before, saturate(value, mode, lanes.to), lanes);
  }

  #write({ isGlobal, target }: Instruction, value: bigint): void {
    if (isGlobal) this.image.globals[target] = value;
    else this.#registers[this.#base + target] = value;
  }

  #read(kind: number, value: number): bigint {
    switch (kind) {
      case Kind.REGISTER:
        return this.#registers[this.#base + value] ?? 0n;
      case Kind.NUMBER:
        return BigInt(value);
      case Kind.CONSTANT:
        return this.program.constants[value]!;
      default:
        return this.image.globals[value]!;
    }
  }

  #result(instruction: Instruction): bigint {
    const { operation, c, target } = instruction;
    const a = this.#read(instruction.a.kind, instruction.a.value);
    const b = this.#read(instruction.b.kind, instruction.b.value);
    if (operation >= Op.MEMORY_INIT) return this.#bulk(instruction, Number(a), Number(b));
    if (operation >= Op.I32_EQZ) {
      const { bits, trap } = numericReference(operation, a, b);
      if (trap !== Trap.NONE) throw new TrapSignal(trap);
      return bits;
    }
    if (operation >= Op.FIRST_LOAD) return this.#memory(instruction, a, b);
    switch (operation) {
      case Op.UNREACHABLE:
        throw new TrapSignal(Trap.UNREACHABLE);
      case Op.ZERO:
        for (let index = 0; index < Number(b); index++) this.#registers[this.#base + target + index] = 0n;
        return 0n;
      case Op.JUMP:
        this.#next = target;
        return 0n;
      case Op.TABLE_JUMP:
        this.#next = this.program.jumps[Number(b) + Math.min(Number(a), target - 1)]!;
        return 0n;
      case Op.CALL:
        this.#enter(target, Number(b));
        return 0n;
      case Op.CALL_INDIRECT:
        this.#enter(this.#callee(c, Number(a), target), Number(b));
        return 0n;
      case Op.HOST_CALL:
        this.#callHost(target);
        return 0n;
      case Op.SELECT:
        return this.#read(Kind.REGISTER, c) === 0n ? b : a;
      case Op.MOVE:
        return a;
      case Op.TABLE_GET:
        assertWithin(Number(a), 1, this.#elements(c).length, Trap.TABLE_BOUNDS);
        return BigInt(this.#elements(c)[Number(a)]!);
      case Op.TABLE_SET:
        assertWithin(Number(a), 1, this.#elements(c).length, Trap.TABLE_BOUNDS);
        this.#elements(c)[Number(a)] = Number(b);
        return 0n;
      default:
        throw new Error(`there is no operation ${operation}`);
    }
  }

  #elements(table: number): number[] {
    return this.image.tables[table]!.elements;
  }

  #callee(table: number, index: number, typeNumber: number): number {
    const elements = this.#elements(table);
    if (index >= elements.length) throw new TrapSignal(Trap.UNDEFINED_ELEMENT);
    if (elements[index] === 0) throw new TrapSignal(Trap.UNINITIALIZED_ELEMENT);
    const callee = elements[index]! - 1;
    if (this.program.functions[callee]!.typeNumber !== typeNumber) throw new TrapSignal(Trap.TYPE_MISMATCH);
    return callee;
  }

  #enter(callee: number, argumentsAt: number): void {
    const { start, frameSlots } = this.program.functions[callee]!;
    const base = this.#base + argumentsAt;
    if (this.#frames.length >= this.#limits.maxDepth || base + frameSlots > this.#limits.stackSlots)
      throw new TrapSignal(Trap.STACK_EXHAUSTED);
    this.#frames.push({ returnTo: this.#next, base: this.#base });
    this.#base = base;
    this.#next = start;
  }

  #callHost(host: number): void {
    const results = this.#hosts(host, this.#registers.slice(this.#base));
    results.forEach((value, index) => (this.#registers[this.#base + index] = value));
  }

  #memory({ operation, c, target }: Instruction, a: bigint, b: bigint): bigint {
    const { bytes } = this.image.memories[c]!;
    if (operation === Op.MEMORY_SIZE) return BigInt(bytes.length / PAGE_BYTES);
    if (operation === Op.MEMORY_GROW)
      return growMemory(this.image, c, Number(a), this.program.memoryMaxima[c]!);
    if (operation < Op.FIRST_STORE) return load(bytes, operation - Op.FIRST_LOAD, Number(a) + Number(b));
    store(bytes, operation - Op.FIRST_STORE, Number(a) + target, b);
    return 0n;
  }

  #bulk({ operation, c, target }: Instruction, a: number, b: number): bigint {
    const { image, program } = this;
    if (operation === Op.TABLE_SIZE) return BigInt(this.#elements(c).length);
    if (operation === Op.TABLE_GROW)
      return growTable(image, c, { reference: a, count: b, maximum: program.tableMaxima[c]! });
    if (operation === Op.DATA_DROP || operation === Op.ELEM_DROP) {
      image.dropped[target] = true;
      return 0n;
    }
    // `b` is the first of three registers: a place, a place or a value, a count.
    const [to, from, count] = [0, 1, 2].map((index) => Number(this.#read(Kind.REGISTER, b + index)));
    const isTable = operation >= Op.TABLE_INIT;
    const trap = isTable ? Trap.TABLE_BOUNDS : Trap.MEMORY_BOUNDS;
    const cells: Uint8Array | number[] = isTable ? this.#elements(c) : image.memories[c]!.bytes;
    const source = this.#source(operation, target);
    if (source !== undefined) assertWithin(from!, count!, source.length, trap);
    assertWithin(to!, count!, cells.length, trap);
    const values = source?.slice(from, from! + count!);
    for (let index = 0; index < count!; index++) cells[to! + index] = values?.[index] ?? from!;
    return 0n;
  }

  /** What is copied from; undefined where a value is repeated. */
  #source(operation: number, target: number): Uint8Array | readonly number[] | undefined {
    if (operation === Op.MEMORY_COPY) return this.image.memories[target]!.bytes;
    if (operation === Op.TABLE_COPY) return this.#elements(target);
    if (operation !== Op.MEMORY_INIT && operation !== Op.TABLE_INIT) return undefined;
    const segment = this.program.segments[target]!;
    if (this.image.dropped[target] === true) return [];
    return segment.kind === "data" ? segment.bytes : segment.references;
  }
}
