/**
 * Loads of shared memory that have no barrier between them and a store of another thread: some threads may read what
 * was there before the store, and others what the store left.
 *
 *     store ── no barrier ──▶ load      the threads that come early read the old value
 *     load ── no barrier ──▶ store      the threads that come late read the new value
 */
import {
  type Flow,
  type Graph,
  type GraphNode,
  isAtomic,
  isWorkgroupBarrier,
  Op,
  Storage,
} from "../code/index.ts";
import type { Cell, Memory } from "./memory.ts";

/** Parts of shared variables that are stored to on a way without a barrier, a bit each. */
type Stored = bigint;
const CELLS_A_STEP = 8;

/** What a block does to the stored parts on a way through it. */
interface Effect {
  readonly added: Stored;
  readonly hasBarrier: boolean;
}

/** The direction of a search, and what counts in it. */
interface Direction {
  readonly order: readonly number[];
  readonly next: (at: number) => readonly number[];
  readonly nodes: (at: number) => readonly GraphNode[];
  readonly storeCounts: (store: GraphNode) => boolean;
  readonly loadCounts: (load: GraphNode) => boolean;
}

/** The racing loads of a kernel. */
export class Races {
  readonly #graph: Graph;
  readonly #memory: Memory;
  readonly #racy = new Set<GraphNode>();
  readonly #bits = new Map<Cell, bigint>();
  readonly #forward: Direction;

  /** @param disagrees whether a store gives other threads another value than its own thread sees; may become true */
  constructor(
    { graph, flow, memory }: { readonly graph: Graph; readonly flow: Flow; readonly memory: Memory },
    disagrees: (store: GraphNode) => boolean,
  ) {
    this.#graph = graph;
    this.#memory = memory;
    const { order } = flow;
    const { blocks } = graph;
    this.#forward = {
      order,
      next: (at) => blocks[at]?.successors ?? [],
      nodes: (at) => blocks[at]?.nodes ?? [],
      storeCounts: disagrees,
      loadCounts: () => true,
    };
    if (graph.code.isSingleThread) return;
    const reached = new Set(order);
    this.#search({
      order: order.toReversed(),
      next: (at) => (blocks[at]?.predecessors ?? []).filter((from) => reached.has(from)),
      nodes: (at) => blocks[at]?.nodes.toReversed() ?? [],
      storeCounts: () => true,
      loadCounts: (load) => !this.#hasChosenElement(load),
    });
  }

  /** Whether a load is one of those that were found. */
  has(load: GraphNode): boolean {
    return this.#racy.has(load);
  }

  /** Looks for loads behind stores that disagree by now. @returns whether there are new ones */
  find(): boolean {
    if (this.#graph.code.isSingleThread) return false;
    const before = this.#racy.size;
    this.#search(this.#forward);
    return this.#racy.size > before;
  }

  #search(direction: Direction): void {
    const { order, next } = direction;
    const effects = new Map(order.map((at) => [at, this.#effectOf(direction, at, undefined)]));
    const storedAt = new Map<number, Stored>();
    for (let isChanged = true; isChanged;) {
      isChanged = false;
      for (const at of order) {
        const { added, hasBarrier } = effects.get(at) ?? { added: 0n, hasBarrier: false };
        const after = hasBarrier ? added : added | (storedAt.get(at) ?? 0n);
        for (const to of next(at)) {
          this.#graph.effort.spend(this.#steps());
          const there = storedAt.get(to) ?? 0n;
          if ((there | after) === there) continue;
          storedAt.set(to, there | after);
          isChanged = true;
        }
      }
    }
    for (const at of order) this.#effectOf(direction, at, storedAt.get(at) ?? 0n);
  }

  /** What a block adds. With what was stored before it, its loads of that are noted. */
  #effectOf({ nodes, storeCounts, loadCounts }: Direction, at: number, stored: Stored | undefined): Effect {
    let added = stored ?? 0n;
    let hasBarrier = false;
    for (const node of nodes(at)) {
      this.#graph.effort.spend(1);
      if (isWorkgroupBarrier(this.#graph, node)) {
        added = 0n;
        hasBarrier = true;
        continue;
      }
      const cell = this.#sharedCell(node);
      if (cell === undefined) continue;
      this.#graph.effort.spend(this.#steps());
      if (isStore(node)) {
        if (storeCounts(node)) for (const each of this.#memory.overlapping(cell)) added |= this.#bitOf(each);
      } else if (stored !== undefined && (added & this.#bitOf(cell)) !== 0n && loadCounts(node))
        this.#racy.add(node);
    }
    return { added, hasBarrier };
  }

  /** The part of shared memory that an instruction loads or stores. */
  #sharedCell(node: GraphNode): Cell | undefined {
    if (node.opcode !== Op.Load && !isStore(node)) return undefined;
    const cell = this.#memory.cellOf(node.inputs[0]);
    return cell?.variable.value === Storage.Workgroup ? cell : undefined;
  }

  /** Whether a load's element is not constant. Kernels change over between elements to save a barrier. */
  #hasChosenElement({ inputs: [pointer] }: GraphNode): boolean {
    const cell = this.#memory.cellOf(pointer);
    return cell !== undefined && cell.member < 0 && pointer !== cell.variable;
  }

  /** Steps for an operation on a set of parts, and for keeping it. */
  #steps(): number {
    return 1 + Math.floor(this.#bits.size / CELLS_A_STEP);
  }

  #bitOf(cell: Cell): bigint {
    let bit = this.#bits.get(cell);
    if (bit === undefined) this.#bits.set(cell, (bit = 1n << BigInt(this.#bits.size)));
    return bit;
  }
}

const isStore = ({ opcode }: GraphNode): boolean =>
  opcode === Op.Store || opcode === Op.CopyMemory || (isAtomic(opcode) && opcode !== Op.AtomicLoad);
