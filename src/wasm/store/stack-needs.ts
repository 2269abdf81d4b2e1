/**
 * How much stack a program can need: the longest way through its calls. A program that calls itself, or calls through
 * tables, may need any amount.
 */
import { INSTRUCTION_WORDS, Operation as Op, unpackInstruction } from "../form/index.ts";
import type { Program } from "./program.ts";

/** What the calls of an instance may use. */
export interface StackLimits {
  /** Registers of all open calls together. */
  readonly stackSlots: number;
  /** Calls that are open at once, beside the first. */
  readonly maxDepth: number;
}

/** A call that stands in a function's code. */
interface CallSite {
  readonly callee: number;
  /** The called function's registers begin there, in the caller's frame. */
  readonly argumentsAt: number;
}

/** The most that any function of a program needs, and no more than `limits`. */
export function stackNeeds(program: Program, limits: StackLimits): StackLimits {
  const { functions } = program;
  const sites = callSites(program);
  if (sites === undefined) return limits;
  const callers: number[][] = functions.map(() => []);
  const waitsFor = sites.map((calls) => calls.length);
  sites.forEach((calls, caller) => calls.forEach(({ callee }) => callers[callee]!.push(caller)));
  const slots = functions.map(({ frameSlots }) => frameSlots);
  const depths = functions.map(() => 0);
  // Functions whose callees are all known, as in Kahn's sort of a graph.
  const known = functions.map((_, index) => index).filter((index) => waitsFor[index] === 0);
  for (let at = 0; at < known.length; at++) {
    const index = known[at]!;
    for (const { callee, argumentsAt } of sites[index]!) {
      slots[index] = Math.max(slots[index]!, argumentsAt + slots[callee]!);
      depths[index] = Math.max(depths[index]!, 1 + depths[callee]!);
    }
    for (const caller of callers[index]!) if (--waitsFor[caller]! === 0) known.push(caller);
  }
  if (known.length < functions.length) return limits;
  return {
    stackSlots: Math.min(limits.stackSlots, most(slots)),
    maxDepth: Math.min(limits.maxDepth, most(depths)),
  };
}

const most = (numbers: readonly number[]): number => numbers.reduce((a, b) => Math.max(a, b), 0);

/** The calls of each function; undefined if there is one through a table. */
function callSites({ code, functions }: Program): CallSite[][] | undefined {
  const sites: CallSite[][] = functions.map(() => []);
  const inOrder = functions
    .map((_, index) => index)
    .toSorted((a, b) => functions[a]!.start - functions[b]!.start);
  let place = -1;
  for (let index = 0; index < code.length / INSTRUCTION_WORDS; index++) {
    while (place + 1 < inOrder.length && functions[inOrder[place + 1]!]!.start <= index) place++;
    const { operation, target, b } = unpackInstruction(code, index);
    if (operation === Op.CALL_INDIRECT) return undefined;
    if (operation === Op.CALL) sites[inOrder[place]!]!.push({ callee: target, argumentsAt: b.value });
  }
  return sites;
}
