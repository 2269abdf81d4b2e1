/**
 * Which loops end, as far as it can be proved, and which one is the poll loop.
 *
 * A loop ends where a condition that leaves it, in every iteration, depends on a value that advances: one that an
 * iteration makes of itself by arithmetic, without memory in between. `index++` advances. `node = next[node]` does not.
 * That is no proof of an end for every arithmetic, but finds what was forgotten.
 */
import {
  type Effort,
  type Flow,
  type Graph,
  type GraphNode,
  isAtomic,
  isWorkgroupBarrier,
  KEPT,
  type Loop,
  Op,
  Storage,
} from "../code/index.ts";
import { shortCircuit } from "./lanes.ts";
import { type Cell, type Memory, Role } from "./memory.ts";

/** What each cell and phi is made of: several sets together. */
type Edges = ReadonlyMap<object, readonly ReadonlySet<object>[]>;

const NOTHING: ReadonlySet<object> = new Set();
/** Steps for an instruction of a loop whose sources are kept. */
const EDGE_KEPT = 4;

/** A search for what bounds a condition, and what was found of its parts, by their outcome. */
interface BoundSearch {
  readonly isProgress: (node: GraphNode) => boolean;
  readonly whenTrue: Map<GraphNode, boolean>;
  readonly whenFalse: Map<GraphNode, boolean>;
}

/** Loops of a kernel. */
export class Loops {
  readonly #graph: Graph;
  readonly #flow: Flow;
  readonly #memory: Memory;
  readonly #advancing = new Map<Loop, Map<object, boolean>>();
  readonly #edges = new Map<Loop, Edges>();
  readonly #sources = new Map<GraphNode, ReadonlySet<object>>();
  readonly #stores: ReadonlyMap<Cell, readonly GraphNode[]>;

  constructor(graph: Graph, flow: Flow, memory: Memory) {
    this.#graph = graph;
    this.#flow = flow;
    this.#memory = memory;
    this.#stores = groupStores(graph, memory);
  }

  /** The outermost loops that read the control block or the queue. */
  findPollLoops(): readonly Loop[] {
    const found = new Set<Loop>();
    for (const node of this.#graph.nodes) {
      if (node.opcode !== Op.Load && node.opcode !== Op.AtomicLoad) continue;
      if ((this.#memory.roleOf(node.inputs[0]) & (Role.control | Role.slots)) === 0) continue;
      let loop = this.#flow.loopOf.get(node.block);
      for (; loop?.parent !== undefined; loop = loop.parent) this.#graph.effort.spend(1);
      if (loop !== undefined) found.add(loop);
    }
    return [...found];
  }

  /** What runs in an iteration of a loop before its first barrier. */
  beforeBarrier(loop: Loop): ReadonlySet<GraphNode> {
    const found = new Set<GraphNode>();
    const seen = new Set<number>();
    const open = [loop.header];
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      if (seen.has(at)) continue;
      seen.add(at);
      const block = this.#graph.blocks[at];
      const barrier = block?.nodes.findIndex((node) => isWorkgroupBarrier(this.#graph, node)) ?? -1;
      for (const node of barrier < 0 ? (block?.nodes ?? []) : (block?.nodes.slice(0, barrier) ?? []))
        found.add(node);
      if (barrier >= 0) continue;
      for (const to of block?.successors ?? []) if (loop.blocks.has(to)) open.push(to);
    }
    return found;
  }

  /** Whether a way out of the loop is certain to be taken at some time. `isGood` accepts further conditions. */
  ends(loop: Loop, isGood: (condition: GraphNode) => boolean = () => false): boolean {
    const isProgress = (node: GraphNode): boolean => {
      if (isGood(node)) return true;
      for (const source of this.#sourcesOf(node)) {
        this.#graph.effort.spend(1);
        if (this.#advances(loop, source)) return true;
      }
      return false;
    };
    return loop.exits.some(({ from, to }) => {
      const block = this.#graph.blocks[from];
      if (block?.condition !== undefined && loop.blocks.size > 0) {
        const search = { isProgress, whenTrue: new Map(), whenFalse: new Map() };
        const isCertain = this.#bounds(block.condition, block.successors[0] === to, search, 0);
        if (!isCertain) return false;
      }
      return this.#isReachedByProgress(loop, from, isProgress);
    });
  }

  /** Whether a condition becomes `outcome` some time. Both sides of an `&&` must become true, one of them false. */
  #bounds(node: GraphNode, outcome: boolean, search: BoundSearch, depth: number): boolean {
    this.#graph.effort.spend(1);
    // A condition may be a part of many others: without this, the search would double at each level.
    const known = (outcome ? search.whenTrue : search.whenFalse).get(node);
    if (known !== undefined || depth > 30) return known ?? false;
    const answer = this.#boundsNow(node, outcome, search, depth + 1);
    (outcome ? search.whenTrue : search.whenFalse).set(node, answer);
    return answer;
  }

  #boundsNow(node: GraphNode, outcome: boolean, search: BoundSearch, depth: number): boolean {
    const [first] = node.inputs;
    if (node.opcode === Op.LogicalNot && first !== undefined)
      return this.#bounds(first, !outcome, search, depth);
    const kind =
      node.opcode === Op.LogicalAnd
        ? "and"
        : node.opcode === Op.LogicalOr
          ? "or"
          : node.opcode === Op.Phi
            ? shortCircuit(this.#graph, node)
            : undefined;
    if (kind === undefined) return search.isProgress(node);
    const needsAll = (kind === "and") === outcome;
    const each = (input: GraphNode): boolean => this.#bounds(input, outcome, search, depth);
    return needsAll ? node.inputs.every(each) : node.inputs.some(each);
  }

  /** Whether each branch on the way to an exit leaves the loop otherwise, or depends on what advances. */
  #isReachedByProgress(loop: Loop, exit: number, isProgress: (node: GraphNode) => boolean): boolean {
    for (let at = exit; at !== loop.header;) {
      this.#graph.effort.spend(1);
      at = this.#flow.dominatorOf(at);
      if (at < 0) return true;
      const block = this.#graph.blocks[at];
      if (block?.condition === undefined || this.#passesAlways(loop, at, exit)) continue;
      if (block.successors.some((to) => !loop.blocks.has(to))) continue;
      if (!isProgress(block.condition)) return false;
    }
    return true;
  }

  /** Whether every iteration that comes from `at` also comes to `exit`, or leaves the loop before. */
  #passesAlways(loop: Loop, at: number, exit: number): boolean {
    if (this.#flow.postDominates(exit, at)) return true;
    const seen = new Set<number>();
    const open = [...(this.#graph.blocks[at]?.successors ?? [])];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      this.#graph.effort.spend(1);
      if (next === loop.header) return false;
      if (seen.has(next) || next === exit || !loop.blocks.has(next)) continue;
      seen.add(next);
      for (const to of this.#graph.blocks[next]?.successors ?? []) open.push(to);
    }
    return true;
  }

  /** Whether an iteration makes a cell, or a phi, of itself. */
  #advances(loop: Loop, source: object): boolean {
    let known = this.#advancing.get(loop);
    if (known === undefined) this.#advancing.set(loop, (known = new Map()));
    let answer = known.get(source);
    if (answer === undefined)
      known.set(source, (answer = reaches(this.#graph.effort, this.#edgesOf(loop), source)));
    return answer;
  }

  /** What each cell and phi that an iteration changes is made of. */
  #edgesOf(loop: Loop): Edges {
    const known = this.#edges.get(loop);
    if (known !== undefined) return known;
    const edges = new Map<object, ReadonlySet<object>[]>();
    const add = (to: object, sources: ReadonlySet<object>): void => {
      if (sources === NOTHING) return;
      const all = edges.get(to);
      if (all === undefined) edges.set(to, [sources]);
      else all.push(sources);
    };
    for (const at of loop.blocks)
      for (const node of this.#graph.blocks[at]?.nodes ?? []) {
        this.#graph.effort.spend(EDGE_KEPT * (1 + node.inputs.length));
        const [pointer, value] = node.inputs;
        if (node.opcode === Op.Phi) {
          node.inputs.forEach((input, index) => {
            if (loop.blocks.has(node.incoming[index] ?? -1)) add(node, this.#sourcesOf(input));
          });
        }
        if (node.opcode !== Op.Store || value === undefined) continue;
        const cell = this.#memory.cellOf(pointer);
        if (cell === undefined || cell.variable.value === Storage.Workgroup) continue;
        for (const each of this.#memory.overlapping(cell))
          if (!this.#isCopy(value, each)) add(each, this.#sourcesOf(value));
      }
    this.#edges.set(loop, edges);
    return edges;
  }

  /** A store of what was loaded from the same place changes nothing. */
  #isCopy(value: GraphNode, cell: Cell): boolean {
    return value.opcode === Op.Load && this.#memory.cellOf(value.inputs[0]) === cell;
  }

  /** The cells and phis that a value is made of by arithmetic. */
  #sourcesOf(node: GraphNode, depth = 0): ReadonlySet<object> {
    const known = this.#sources.get(node);
    if (known !== undefined) return known;
    let sources = NOTHING;
    if (depth <= 200 && !isAtomic(node.opcode)) {
      if (node.opcode === Op.Load) sources = this.#sourcesOfLoad(node, depth);
      else if (node.opcode === Op.Phi) sources = this.#sourcesOfPhi(node, depth);
      else sources = this.#joinSources(node.inputs, depth);
    }
    this.#sources.set(node, sources);
    return sources;
  }

  #sourcesOfLoad(node: GraphNode, depth: number): ReadonlySet<object> {
    const cell = this.#memory.cellOf(node.inputs[0]);
    const storage = cell?.variable.value;
    if (cell === undefined || (storage !== Storage.Function && storage !== Storage.Private)) return NOTHING;
    const sources = new Set<object>();
    // What decides about a cell may be made of it.
    this.#sources.set(node, sources);
    for (const each of this.#memory.overlapping(cell)) {
      this.#graph.effort.spend(KEPT);
      sources.add(each);
      this.#addDeciding(each, sources, depth);
    }
    return sources;
  }

  #sourcesOfPhi(node: GraphNode, depth: number): ReadonlySet<object> {
    const sources = new Set<object>([node]);
    this.#sources.set(node, sources); // it may be made of itself
    for (const input of node.inputs) this.#addAll(sources, this.#sourcesOf(input, depth + 1));
    return sources;
  }

  /** Most values have the sources of one of their inputs: they share its set. */
  #joinSources(inputs: readonly GraphNode[], depth: number): ReadonlySet<object> {
    let joined = NOTHING;
    let own: Set<object> | undefined;
    for (const input of inputs) {
      const sources = this.#sourcesOf(input, depth + 1);
      if (sources === NOTHING || sources === joined) continue;
      if (joined === NOTHING) joined = sources;
      else {
        if (own === undefined) this.#addAll((own = new Set()), joined);
        this.#addAll(own, sources);
        joined = own;
      }
    }
    return joined;
  }

  #addAll(to: Set<object>, sources: ReadonlySet<object>): void {
    this.#graph.effort.spend(1 + sources.size * KEPT);
    for (const source of sources) to.add(source);
  }

  /** A flag that is set to a constant depends on what decides that it is set. */
  #addDeciding(cell: Cell, sources: Set<object>, depth: number): void {
    const stores = this.storesOf(cell);
    if (stores.length > 8) return;
    for (const node of stores) {
      if ((node.inputs[1]?.inputs.length ?? 0) > 0) continue;
      const decider = this.#graph.blocks[this.#flow.dominatorOf(node.block)]?.condition;
      if (decider === undefined) continue;
      this.#addAll(sources, this.#sourcesOf(decider, depth + 1));
    }
  }

  /** The stores to a cell. */
  storesOf(cell: Cell): readonly GraphNode[] {
    return this.#stores.get(cell) ?? [];
  }
}

function groupStores(graph: Graph, memory: Memory): ReadonlyMap<Cell, readonly GraphNode[]> {
  const stores = new Map<Cell, GraphNode[]>();
  for (const node of graph.nodes) {
    const cell = node.opcode === Op.Store ? memory.cellOf(node.inputs[0]) : undefined;
    if (cell === undefined) continue;
    const list = stores.get(cell);
    if (list === undefined) stores.set(cell, [node]);
    else list.push(node);
  }
  return stores;
}

/** Whether a way leads from a node back to itself. */
function reaches(effort: Effort, edges: Edges, start: object): boolean {
  const seen = new Set<object>();
  const open: object[] = [];
  const openAll = (of: object): void => {
    for (const sources of edges.get(of) ?? []) {
      effort.spend(1 + sources.size);
      for (const source of sources) if (!seen.has(source)) open.push(source);
    }
  };
  openAll(start);
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (at === start) return true;
    if (seen.has(at)) continue;
    seen.add(at);
    openAll(at);
  }
  return false;
}
