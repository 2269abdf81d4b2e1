/** Which functions of a program can be compiled, and compiling them. */
import { Operation as Op } from "../form/index.ts";
import type { Program } from "../store/index.ts";
import { findBlocks } from "./blocks.ts";
import { type FunctionCode, ProgramCode } from "./function-code.ts";
import type { CompiledFunction } from "./function-glsl.ts";
import { programGlsl } from "./program-glsl.ts";
import { FunctionVariables } from "./registers.ts";

/** More instructions take compilers of kernels too long. */
const INSTRUCTIONS_MAX = 4000;
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
const READS_A_TABLE = "it reads a table";
const BULK = "it copies or fills memory by one instruction";
const INTERPRETED = new Map<number, string>([
  [Op.CALL_INDIRECT, "it calls through a table"],
  [Op.TABLE_GET, READS_A_TABLE],
  [Op.TABLE_SIZE, READS_A_TABLE],
  [Op.TABLE_SET, CHANGES_A_TABLE],
  [Op.TABLE_INIT, CHANGES_A_TABLE],
  [Op.TABLE_COPY, CHANGES_A_TABLE],
  [Op.TABLE_GROW, CHANGES_A_TABLE],
  [Op.TABLE_FILL, CHANGES_A_TABLE],
  [Op.ELEM_DROP, CHANGES_A_TABLE],
  [Op.MEMORY_INIT, BULK],
  [Op.MEMORY_COPY, BULK],
  [Op.MEMORY_FILL, BULK],
  [Op.DATA_DROP, BULK],
]);

/** A function and all that it calls, ready to be written. */
interface Plan {
  /** Each before its callers. */
  readonly functions: ReadonlyMap<number, CompiledFunction>;
  readonly leastFuel: number;
}

/** Compiles functions of a program, each together with all that it calls. */
export class Compiler {
  readonly #code: ProgramCode;
  /** Why functions that were looked at are interpreted. */
  readonly #reasons = new Map<number, string>();

  constructor(program: Program) {
    this.#code = new ProgramCode(program);
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
    const { functions, leastFuel } = plan;
    return { glsl: programGlsl(this.#code.program, functions, leastFuel), leastFuel };
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
    return { functions, leastFuel };
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
    const enter = (number: number): string | undefined => {
      const own = this.#ownReason(number);
      if (own !== undefined) return fail(number, own);
      count += this.#code.countOf(number);
      if (count > INSTRUCTIONS_MAX)
        return `it and what it calls have more than ${INSTRUCTIONS_MAX} instructions`;
      const code = this.#code.of(number);
      const reason = code.instructions.map(({ operation }) => INTERPRETED.get(operation)).find(Boolean);
      if (reason !== undefined) return fail(number, reason);
      states.set(number, "open");
      open.push({ code, callees: calleesOf(code) });
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
}

function calleesOf({ instructions }: FunctionCode): number[] {
  return instructions.flatMap(({ operation, target }) => (operation === Op.CALL ? [target] : []));
}
