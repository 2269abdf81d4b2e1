/**
 * A function in the middle of its translation: what is on the stack, which blocks are open, and how results find their
 * place.
 *
 * Invariants:
 * - Where branches come together, all operands are at home.
 * - `#fresh` is the last instruction, if its only effect is a result that lies at home on top of the stack. Such a
 *   result may be sent elsewhere: into a local, a global, or the decision of a branch.
 */
import { EverwarpError } from "../../base/index.ts";
import { C_MAX, Field, Kind, Mode, NO_OPERAND, Operation as Op, type Operand } from "../form/index.ts";
import type { DecodedModule, FunctionBody, FunctionType, ValueType } from "../module/index.ts";
import { VALUE_TYPE } from "../module/index.ts";
import type { CodeWriter } from "./code-writer.ts";
import { isBorrowed, isHome, OperandHomes, type StackOperand } from "./operands.ts";

/** The numbers that a module's indices have in the program. */
export interface Binding {
  readonly functions: readonly number[];
  /** For each type of the module, the number of the equal types of all modules. */
  readonly types: readonly number[];
  readonly tables: readonly number[];
  readonly memories: readonly number[];
  /** The first slot of each global. */
  readonly globals: readonly number[];
  readonly elements: readonly number[];
  readonly data: readonly number[];
}

/** A place that is told later where a label is. */
export type Patch =
  | { readonly in: "code"; readonly at: number }
  | { readonly in: "jumps"; readonly at: number };

/** An open block. */
export interface Label {
  /** Slots of what a branch to it carries. */
  readonly carried: readonly number[];
  /** Slots of its results. */
  readonly results: readonly number[];
  /** Operands below its own. */
  readonly height: number;
  /** The first home of its own operands. */
  readonly home: number;
  /** Where a loop begins; undefined for labels at the end of a block. */
  readonly start: number | undefined;
  readonly patches: Patch[];
  /** Slots of its parameters. */
  readonly params: readonly number[];
  /** The branch to what follows the condition of an `if`, while there is no `else`. */
  elsePatch?: number | undefined;
}

/** Registers that a value of a type fills. */
export function slotsOf(type: ValueType): number {
  return type === VALUE_TYPE.v128 ? 2 : 1;
}

/** Registers that values of these types fill, one behind the other. */
export function slotCount(types: readonly ValueType[]): number {
  return types.reduce((sum, type) => sum + slotsOf(type), 0);
}

/** See the head of this file. */
export class Translation {
  readonly module: DecodedModule;
  readonly binding: Binding;
  readonly code: CodeWriter;
  readonly operands: OperandHomes;
  readonly labels: Label[] = [];
  /** The first register and the slots of each local. */
  readonly locals: readonly { readonly at: number; readonly slots: number }[];
  /** Slots of the results of the function. */
  readonly results: readonly number[];
  #fresh = -1;
  #freshHome = -1;

  constructor(
    module: DecodedModule,
    binding: Binding,
    code: CodeWriter,
    { type, body }: { type: FunctionType; body: FunctionBody },
  ) {
    this.module = module;
    this.binding = binding;
    this.code = code;
    this.locals = placeLocals(type, body);
    const last = this.locals.at(-1);
    this.operands = new OperandHomes(last === undefined ? 0 : last.at + last.slots);
    this.results = type.results.map(slotsOf);
    this.operands.frameSlots = Math.max(this.operands.frameSlots, slotCount(type.results));
  }

  /** Writes an instruction whose result goes on top of the stack. */
  value(operation: number, a: Operand, b: Operand = NO_OPERAND, { c = 0, slots = 1 } = {}): void {
    const { home } = this.operands.push(slots);
    this.#fresh = this.code.emit({ operation, a, b, c, target: home });
    this.#freshHome = home;
  }

  /** Writes an instruction that gives no result by `MODE_WRITE`. */
  effect(operation: number, a: Operand, b: Operand = NO_OPERAND, { c = 0, target = 0 } = {}): number {
    this.#fresh = -1;
    return this.code.emit({ operation, mode: Mode.NOTHING, a, b, c, target });
  }

  /** Moves a value, slot by slot. */
  move(from: Operand, slots: number, target: number, isGlobal = false): void {
    this.#fresh = -1;
    for (let slot = 0; slot < slots; slot++)
      this.code.emit({
        operation: Op.MOVE,
        a: this.part(from, slot),
        isGlobal,
        target: target + slot,
      });
  }

  /** One slot of an operand. The high half of a number is 0. */
  part({ kind, value }: Operand, slot: number): Operand {
    return kind === Kind.NUMBER && slot > 0 ? NO_OPERAND : { kind, value: value + slot };
  }

  /** Pops a value and stores it. */
  store(target: number, isGlobal: boolean): void {
    const operand = this.operands.pop();
    const kind = isGlobal ? Kind.GLOBAL : Kind.REGISTER;
    this.#bringHome((other) => other.kind === kind && other.value === target);
    if (this.#isFresh(operand)) {
      this.code.redirect(this.#fresh, { bits: Number(isGlobal) << Field.GLOBAL_AT, target });
      this.#fresh = -1;
    } else this.move(operand, operand.slots, target, isGlobal);
  }

  /** Whether an operand is what the last instruction gave, and may be sent elsewhere. */
  #isFresh(operand: StackOperand): boolean {
    return this.#fresh >= 0 && isHome(operand) && operand.home === this.#freshHome;
  }

  /** Moves the operands that satisfy a condition to their homes. */
  #bringHome(isMeant: (operand: StackOperand) => boolean, from = 0): void {
    const { list } = this.operands;
    for (let index = from; index < list.length; index++) {
      const operand = list[index]!;
      if (isHome(operand) || !isMeant(operand)) continue;
      this.move(operand, operand.slots, operand.home);
      list[index] = { ...operand, kind: Kind.REGISTER, value: operand.home };
    }
  }

  /** Before other code may run: nothing on the stack may depend on a local or a global. */
  settle(): void {
    this.#bringHome(isBorrowed);
  }

  /** Whether the operands are as a block needs them: its parameters, from an index on, at home, the others settled. */
  isReady(paramsFrom: number, end: number): boolean {
    const { list } = this.operands;
    for (let index = 0; index < end; index++) {
      const operand = list[index]!;
      if (index >= paramsFrom ? !isHome(operand) : isBorrowed(operand)) return false;
    }
    return true;
  }

  /** Before a call: nothing on the stack may depend on a global. */
  settleGlobals(): void {
    this.#bringHome(({ kind }) => kind === Kind.GLOBAL);
  }

  /** Moves the topmost operands to their homes, all of them. @returns the home of the first one */
  gather(count: number): number {
    const { list } = this.operands;
    this.#bringHome(() => true, list.length - count);
    return count === 0 ? this.operands.top : list[list.length - count]!.home;
  }

  /** Pops operands that `gather` brought home. */
  drop(count: number): void {
    for (let index = 0; index < count; index++) this.operands.pop();
  }

  /** Pops an operand for the field `c`, which takes a register with a small number. */
  popRegister(): number {
    const operand = this.operands.pop();
    let register = operand.value;
    if (operand.kind !== Kind.REGISTER || register > C_MAX) {
      this.move(operand, 1, operand.home);
      register = operand.home;
    }
    if (register > C_MAX) {
      throw new EverwarpError(
        "EW_WASM_UNSUPPORTED",
        `a function with more than ${C_MAX} operands and locals`,
        {
          remedy: "Split the function.",
        },
      );
    }
    return register;
  }

  /** Pops a condition and branches on it. @returns the instruction whose target is to be set */
  branch(isIf: boolean): number {
    const condition = this.operands.pop();
    const mode = isIf ? Mode.BRANCH_IF : Mode.BRANCH_UNLESS;
    const fresh = this.#isFresh(condition) ? this.#fresh : -1;
    this.#fresh = -1;
    if (fresh >= 0) {
      this.code.redirect(fresh, { bits: mode << Field.MODE_AT, target: 0 });
      return fresh;
    }
    return this.code.emit({ operation: Op.MOVE, mode, a: condition });
  }

  /** Whether a branch that carries the topmost operands to `home` has something to move. */
  carriesMoves(label: Label): boolean {
    return this.#carried(label).some(
      ({ operand, home }) => operand.kind !== Kind.REGISTER || operand.value !== home,
    );
  }

  #carried({ carried, home }: Label): { operand: StackOperand; home: number }[] {
    const { list } = this.operands;
    let next = home;
    return carried.map((slots, index) => {
      const operand = list[list.length - carried.length + index]!;
      const place = { operand, home: next };
      next += slots;
      return place;
    });
  }

  /** Moves what a branch carries to where its label expects it. The stack stays as it is. */
  carry(label: Label): void {
    // From the bottom on: a home is never above the operand that comes to it.
    for (const { operand, home } of this.#carried(label)) {
      if (operand.kind !== Kind.REGISTER || operand.value !== home) this.move(operand, operand.slots, home);
    }
  }

  /** Moves the results of the function to the first registers and returns. The stack stays as it is. */
  return(): void {
    const { list } = this.operands;
    const count = this.results.length;
    const values = (): readonly StackOperand[] => list.slice(list.length - count);
    const [only] = values();
    if (count === 1 && only!.slots === 1) {
      if (this.#isFresh(only!)) this.code.redirect(this.#fresh, { bits: 0, target: 0 });
      else if (only!.kind !== Kind.REGISTER || only!.value !== 0) this.move(only!, 1, 0);
    } else {
      const before = [...list];
      // A local may lie where an earlier result goes.
      this.#bringHome(isBorrowed, list.length - count);
      let target = 0;
      for (const operand of values()) {
        this.move(operand, operand.slots, target);
        target += operand.slots;
      }
      list.splice(0, list.length, ...before);
    }
    this.effect(Op.RETURN, NO_OPERAND);
  }

  /** Jumps to a label, with what it carries. */
  jump(label: Label | undefined): void {
    if (label === undefined) return this.return();
    this.carry(label);
    this.aim(label, { in: "code", at: this.effect(Op.JUMP, NO_OPERAND) });
  }

  /** Points an instruction or a jump of a table to a label, now or when it is known. */
  aim(label: Label, patch: Patch): void {
    if (label.start !== undefined) this.patch(patch, label.start);
    else label.patches.push(patch);
  }

  patch({ in: place, at }: Patch, target: number): void {
    if (place === "code") this.code.setTarget(at, target);
    else this.code.jumps[at] = target;
  }

  /** Branches come here: the last instruction is no longer the only way to this place. */
  place(patches: readonly Patch[] = []): void {
    this.#fresh = -1;
    for (const patch of patches) this.patch(patch, this.code.count);
  }
}

function placeLocals(type: FunctionType, body: FunctionBody): { at: number; slots: number }[] {
  const places: { at: number; slots: number }[] = [];
  let at = 0;
  const place = (valueType: ValueType): void => {
    places.push({ at, slots: slotsOf(valueType) });
    at += slotsOf(valueType);
  };
  for (const param of type.params) place(param);
  for (const run of body.locals) for (let index = 0; index < run.count; index++) place(run.type);
  return places;
}
