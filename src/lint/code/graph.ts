/**
 * The kernel as one graph: every call is replaced by the blocks of its function, so that barriers, loops and returns
 * of the whole kernel lie side by side.
 *
 * Invariants: block 0 is the entry. Every edge is in `successors` of one block and in `predecessors` of the other. The
 * last instruction of a block decides among its successors. A value is a node; constants and global variables are
 * nodes that lie in no block (-1).
 */
import type { Code, Location } from "./decode.ts";
import type { Effort } from "./effort.ts";
import { Op, SCOPE_WORKGROUP } from "./opcodes.ts";

/** A value, or an instruction with an effect, in one place of the inlined kernel. */
export interface GraphNode {
  readonly opcode: number;
  /** Id of the type in the module. */
  readonly type: number;
  /** Values it is made of. A phi has one for each entry of `incoming`. */
  readonly inputs: GraphNode[];
  /** The words behind the result. */
  readonly operands: readonly number[];
  readonly block: number;
  /** Its number among all nodes. */
  readonly index: number;
  readonly location: Location | undefined;
  /** Of a phi: the blocks that its inputs come from. */
  readonly incoming: number[];
  /** Of a constant: its value, if known. Of a variable: its storage class. */
  readonly value: number | undefined;
  /** Of a global variable: what the device puts there. */
  readonly builtIn: number | undefined;
  /** Of a variable: its name. */
  readonly name: string;
}

/** A block of the inlined kernel. */
export interface GraphBlock {
  readonly index: number;
  /** Of the block in the module that it is, or is a part of: calls part a block. */
  readonly label: number;
  readonly nodes: GraphNode[];
  readonly successors: number[];
  readonly predecessors: number[];
  /** What decides among several successors: for a conditional branch, true leads to the first. */
  condition: GraphNode | undefined;
  /** Where the block ends. */
  location: Location | undefined;
  /** Whether the kernel ends here. */
  isExit: boolean;
}

/** The inlined kernel. */
export interface Graph {
  readonly code: Code;
  readonly blocks: readonly GraphBlock[];
  readonly nodes: readonly GraphNode[];
  /** What the analysis of this kernel has done so far. */
  readonly effort: Effort;
}

/** Most nodes of a graph. The largest kernel of this package has a tenth of it. */
export const MAX_NODES = 300_000;
/** Most calls inside of each other. */
export const MAX_CALL_DEPTH = 100;
/** Opcodes that no module has: a constant, and a word that cannot be understood. */
export const OPCODE_CONSTANT = 70_000;
/** See OPCODE_CONSTANT. */
export const OPCODE_UNKNOWN = 70_001;

/** Whether all threads of a workgroup wait for each other here. */
export function isWorkgroupBarrier({ code }: Graph, { opcode, operands }: GraphNode): boolean {
  if (opcode !== Op.ControlBarrier) return false;
  return (code.constants.get(operands[0] ?? 0)?.value ?? SCOPE_WORKGROUP) <= SCOPE_WORKGROUP;
}
