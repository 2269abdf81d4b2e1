/**
 * Which blocks a single thread runs: those behind a comparison of an invocation's number with a fixed one, or behind
 * the election of a subgroup.
 */
import {
  BuiltIn,
  type Flow,
  type Graph,
  type GraphNode,
  Op,
  KEPT,
  OPCODE_CONSTANT,
  reach,
  Storage,
} from "../code/index.ts";
import type { Cell, Memory } from "./memory.ts";

/** A branch of which one outcome is for a single thread. */
export interface SingleRegion {
  readonly branch: number;
  readonly blocks: ReadonlySet<number>;
}

/** The blocks that a single thread runs. */
export class Lanes {
  readonly regions: readonly SingleRegion[];
  readonly #graph: Graph;
  readonly #memory: Memory;
  readonly #stores: ReadonlyMap<Cell, readonly GraphNode[]>;
  readonly #single = new Set<number>();
  readonly #known = new Map<GraphNode, { whenTrue: boolean; whenFalse: boolean }>();

  constructor(graph: Graph, flow: Flow, memory: Memory) {
    this.#graph = graph;
    this.#memory = memory;
    this.#stores = storesByCell(graph, memory);
    const regions: SingleRegion[] = [];
    for (const at of flow.order) {
      const block = graph.blocks[at];
      if (block?.condition === undefined || block.successors.length !== 2) continue;
      const { whenTrue, whenFalse } = this.#claim(block.condition);
      if (whenTrue === whenFalse) continue;
      const [first = 0, second = 0] = block.successors;
      const [own, other] = whenTrue ? [first, second] : [second, first];
      const stop = flow.postDominatorOf(at);
      const next = (from: number): readonly number[] => graph.blocks[from]?.successors ?? [];
      const others = new Set(reach(graph.effort, [other], next, stop));
      const blocks = new Set(reach(graph.effort, [own], next, stop).filter((to) => !others.has(to)));
      graph.effort.spend(blocks.size * KEPT);
      if (blocks.size === 0) continue;
      regions.push({ branch: at, blocks });
      for (const to of blocks) this.#single.add(to);
    }
    this.regions = regions;
  }

  /** Whether at most one thread of a subgroup, or of the workgroup, runs the block. */
  isSingle(block: number): boolean {
    return this.#graph.code.isSingleThread || this.#single.has(block);
  }

  /** For which outcomes of a condition at most one thread has it. */
  #claim(node: GraphNode, depth = 0): { whenTrue: boolean; whenFalse: boolean } {
    const known = this.#known.get(node);
    if (known !== undefined) return known;
    const nothing = { whenTrue: false, whenFalse: false };
    if (depth > 50) return nothing;
    this.#known.set(node, nothing);
    const claim = this.#claimOf(node, depth + 1) ?? nothing;
    this.#known.set(node, claim);
    return claim;
  }

  #claimOf(node: GraphNode, depth: number): { whenTrue: boolean; whenFalse: boolean } | undefined {
    const { opcode, inputs } = node;
    const [a, b] = inputs;
    switch (opcode) {
      case Op.GroupElect:
        return { whenTrue: true, whenFalse: false };
      case Op.IEqual:
      case Op.INotEqual: {
        const isNumbered = this.#isNumbered(a, b) || this.#isNumbered(b, a);
        return {
          whenTrue: isNumbered && opcode === Op.IEqual,
          whenFalse: isNumbered && opcode === Op.INotEqual,
        };
      }
      case Op.LogicalNot: {
        if (a === undefined) return undefined;
        const { whenTrue, whenFalse } = this.#claim(a, depth);
        return { whenTrue: whenFalse, whenFalse: whenTrue };
      }
      case Op.LogicalAnd:
      case Op.LogicalOr:
        return this.#combine(inputs, opcode === Op.LogicalAnd, depth);
      case Op.Phi: {
        const kind = shortCircuit(this.#graph, node);
        return kind === undefined ? undefined : this.#combine(inputs, kind === "and", depth);
      }
      case Op.Load: {
        const cell = this.#memory.cellOf(a);
        const stored = this.#onlyStored(cell);
        return stored === undefined ? undefined : this.#claim(stored, depth);
      }
      default:
        return undefined;
    }
  }

  #combine(
    inputs: readonly GraphNode[],
    isAnd: boolean,
    depth: number,
  ): { whenTrue: boolean; whenFalse: boolean } {
    this.#graph.effort.spend(inputs.length);
    const claims = inputs.map((input) => this.#claim(input, depth));
    return {
      whenTrue: isAnd && claims.some(({ whenTrue }) => whenTrue),
      whenFalse: !isAnd && claims.some(({ whenFalse }) => whenFalse),
    };
  }

  /** Whether the first is the number of an invocation, and the second a constant. */
  #isNumbered(id: GraphNode | undefined, number: GraphNode | undefined): boolean {
    return number?.opcode === OPCODE_CONSTANT && this.#isInvocationNumber(id, 0);
  }

  #isInvocationNumber(node: GraphNode | undefined, depth: number): boolean {
    if (node === undefined || depth > 20) return false;
    if (node.opcode === Op.CompositeExtract)
      return node.operands[1] === 0 && this.#isInvocationVector(node.inputs[0], depth + 1);
    if (node.opcode === Op.Bitcast) return this.#isInvocationNumber(node.inputs[0], depth + 1);
    if (node.opcode !== Op.Load) return false;
    const pointer = node.inputs[0];
    const builtIn = this.#memory.variableOf(pointer)?.builtIn;
    if (builtIn === BuiltIn.LocalInvocationIndex || builtIn === BuiltIn.SubgroupLocalInvocationId)
      return true;
    if (isVectorInput(builtIn)) return pointer?.inputs[1]?.value === 0;
    const cell = this.#memory.cellOf(pointer);
    return this.#isInvocationNumber(this.#onlyStored(cell), depth + 1);
  }

  /** What is stored in a cell of a thread's own, where that happens in one place. */
  #onlyStored(cell: Cell | undefined): GraphNode | undefined {
    if (cell === undefined || cell.variable.value === Storage.Workgroup) return undefined;
    const stores = this.#memory.overlapping(cell).flatMap((each) => this.#stores.get(each) ?? []);
    return stores.length === 1 ? this.#stores.get(cell)?.[0] : undefined;
  }

  #isInvocationVector(node: GraphNode | undefined, depth: number): boolean {
    if (node?.opcode !== Op.Load || depth > 20) return false;
    return isVectorInput(this.#memory.variableOf(node.inputs[0])?.builtIn);
  }
}

const isVectorInput = (builtIn: number | undefined): boolean =>
  builtIn === BuiltIn.LocalInvocationId || builtIn === BuiltIn.GlobalInvocationId;

/** What is stored in each cell of a function, of the kernel, or of the workgroup. */
function storesByCell(graph: Graph, memory: Memory): ReadonlyMap<Cell, readonly GraphNode[]> {
  const stores = new Map<Cell, GraphNode[]>();
  for (const node of graph.nodes) {
    if (node.opcode !== Op.Store) continue;
    const cell = memory.cellOf(node.inputs[0]);
    const value = node.inputs[1];
    if (cell === undefined || value === undefined) continue;
    const list = stores.get(cell);
    if (list === undefined) stores.set(cell, [value]);
    else list.push(value);
  }
  return stores;
}

/** Whether a phi is what a compiler makes of `a && b` or of `a || b`. */
export function shortCircuit(graph: Graph, { inputs, incoming, block }: GraphNode): "and" | "or" | undefined {
  if (inputs.length !== 2) return undefined;
  for (const [index, from] of incoming.entries()) {
    const before = graph.blocks[from];
    if (before?.condition === undefined || before.condition !== inputs[index]) continue;
    if (before.successors[1] === block) return "and";
    if (before.successors[0] === block) return "or";
  }
  return undefined;
}
