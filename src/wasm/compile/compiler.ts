/** Which functions of a program can be compiled, and compiling them. */
import { Operation as Op } from "../form/index.ts";
import type { Program } from "../store/index.ts";
import { findBlocks } from "./blocks.ts";
import { CallTargets } from "./calls.ts";
import { type FunctionCode, ProgramCode } from "./function-code.ts";
import type { CompiledUnit } from "./function-glsl.ts";
import { programGlsl } from "./program-glsl.ts";
import { FunctionVariables } from "./registers.ts";

/** More instructions take compilers of kernels too long. */
const INSTRUCTIONS_MAX = 4000;
/** The branches of a function's tables count as instructions, too. */
const BRANCHES_MAX = 2000;
/** Each register is a variable, which is loaded and stored with every run. */
const REGISTERS_MAX = 1000;
/** No more instructions may run without a look at the fuel: a run of the kernel may have as many. */
const LONGEST_MAX = 10_000;

/** A compiled program, or why there is none. */
export type CompiledProgram =
  | {
      /** The text that kernels/compiled.comp includes as "wasm-program.glsl". */
      readonly glsl: string;
      /** Instances with less fuel are the interpreter's. */
      readonly leastFuel: number;
      readonly whyNot?: undefined;
    }
  | { readonly glsl?: undefined; readonly whyNot: string };

const CHANGES_A_TABLE = "it changes a table";
const INTERPRETED = new Map<number, string>([
  [Op.TABLE_SET, CHANGES_A_TABLE],
  [Op.TABLE_INIT, CHANGES_A_TABLE],
  [Op.TABLE_COPY, CHANGES_A_TABLE],
  [Op.TABLE_GROW, CHANGES_A_TABLE],
  [Op.TABLE_FILL, CHANGES_A_TABLE],
  [Op.ELEM_DROP, CHANGES_A_TABLE],
]);
const UNKNOWN_TABLE = "it calls through a table, and the module may put any function there";

/** A function and all that it calls, ready to be written. */
interface Plan {
  readonly unit: CompiledUnit;
  readonly leastFuel: number;
}

/** Compiles functions of a program, each together with all that it calls. */
export class Compiler {
  readonly #code: ProgramCode;
  readonly #targets: CallTargets;
  /** Why functions that were looked at are interpreted. */
  readonly #reasons = new Map<number, string>();

  constructor(program: Program) {
    this.#code = new ProgramCode(program);
    this.#targets = new CallTargets(program);
  }

  /** Why a function is interpreted; undefined where it can be compiled. */
  whyInterpreted(number: number): string | undefined {
    const plan = this.#plan(number);
    return typeof plan === "string" ? plan : undefined;
  }

  /** Compiles a function. */
  compile(number: number): CompiledProgram {
    const plan = this.#plan(number);
    if (typeof plan === "string") return { whyNot: plan };
    const { unit, leastFuel } = plan;
    return { glsl: programGlsl(unit, leastFuel), leastFuel };
  }

  #plan(entry: number): Plan | string {
    const order = this.#callOrder(entry);
    if (typeof order === "string") return order;
    const { program } = this.#code;
    const functions = new Map(
      order.map((code) => [
        code.number,
        { variables: new FunctionVariables(code, program), graph: findBlocks(code, program.jumps) },
      ]),
    );
    const leastFuel = [...functions.values()].reduce((most, { graph }) => Math.max(most, graph.longest), 1);
    if (leastFuel > LONGEST_MAX) return `${leastFuel} instructions have no loop and no call among them`;
    return { unit: { program, targets: this.#targets, functions }, leastFuel };
  }

  /** A function and what it calls, each before its callers; or why it is interpreted. */
  #callOrder(entry: number): FunctionCode[] | string {
    const order: FunctionCode[] = [];
    const open: { readonly code: FunctionCode; readonly callees: number[] }[] = [];
    const states = new Map<number, "open" | "done">();
    /** Everything open calls the function that is interpreted. */
    const fail = (number: number, reason: string): string => {
      this.#reasons.set(number, reason);
      const because = reason.startsWith("it calls function")
        ? reason
        : `it calls function ${number}: ${reason}`;
      for (const { code } of open) if (code.number !== number) this.#reasons.set(code.number, because);
      return this.#reasons.get(entry)!;
    };
    let count = 0;
    let registers = 0;
    const enter = (number: number): string | undefined => {
      const own = this.#ownReason(number);
      if (own !== undefined) return fail(number, own);
      count += this.#code.countOf(number);
      registers += this.#code.program.functions[number]!.frameSlots;
      if (count > INSTRUCTIONS_MAX)
        return `it and what it calls have more than ${INSTRUCTIONS_MAX} instructions`;
      if (registers > REGISTERS_MAX)
        return `it and what it calls have more than ${REGISTERS_MAX} locals and operands`;
      const code = this.#code.of(number);
      const branches = branchCount(code);
      count += branches;
      if (branches > BRANCHES_MAX) return fail(number, `it has tables of ${branches} branches`);
      const reason = this.#reasonIn(code);
      if (reason !== undefined) return fail(number, reason);
      states.set(number, "open");
      open.push({ code, callees: code.instructions.flatMap((each) => [...this.#targets.of(each)]) });
      return undefined;
    };
    let failure = enter(entry);
    while (failure === undefined && open.length > 0) {
      const { code, callees } = open.at(-1)!;
      const callee = callees.pop();
      if (callee === undefined) {
        open.pop();
        states.set(code.number, "done");
        order.push(code);
      } else if (states.get(callee) === "open") failure = fail(callee, "it may call itself");
      else if (!states.has(callee)) failure = enter(callee);
    }
    return failure ?? order;
  }

  #ownReason(number: number): string | undefined {
    const count = this.#code.countOf(number);
    if (count > INSTRUCTIONS_MAX)
      return `it has ${count} instructions; up to ${INSTRUCTIONS_MAX} are compiled`;
    return this.#reasons.get(number);
  }

  #reasonIn({ instructions }: FunctionCode): string | undefined {
    for (const { operation } of instructions) {
      const reason = INTERPRETED.get(operation);
      if (reason !== undefined) return reason;
      if (operation === Op.CALL_INDIRECT && !this.#targets.areTablesKnown) return UNKNOWN_TABLE;
    }
    return undefined;
  }
}

/** Branches of tables of jumps. */
function branchCount({ instructions }: FunctionCode): number {
  return instructions.reduce(
    (sum, { operation, target }) => sum + (operation === Op.TABLE_JUMP ? target : 0),
    0,
  );
}
