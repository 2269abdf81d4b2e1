/** A kernel with all that the rules ask about. */
import {
  decode,
  type Flow,
  flowOf,
  type Graph,
  type GraphNode,
  inlineKernel,
  isAtomic,
  isWorkgroupBarrier,
  type Location,
  type Loop,
  Op,
  Storage,
} from "../code/index.ts";
import { Lanes } from "./lanes.ts";
import { Loops } from "./loops.ts";
import { Memory, Role } from "./memory.ts";
import { TAINT_CONTROL, Uniformity } from "./uniformity.ts";

/** Steps for an entry of a list that is kept. */
const NODE_KEPT = 4;

/** An analysed kernel. */
export class Kernel {
  readonly graph: Graph;
  readonly flow: Flow;
  readonly memory: Memory;
  readonly lanes: Lanes;
  readonly loops: Loops;
  readonly pollLoops: readonly Loop[];
  /** What runs in a poll loop before its first barrier. */
  readonly pollPhase: ReadonlySet<GraphNode>;
  readonly uniformity: Uniformity;
  /** Barriers that all threads of a workgroup must reach. */
  readonly barriers: readonly GraphNode[];
  readonly #ends = new Map<Loop, boolean>();
  readonly #looks = new Map<number, boolean>();
  readonly #nodesOf = new Map<Loop, readonly GraphNode[]>();
  readonly #withBarrier = new Set<Loop>();

  /** @throws EW_BAD_SPIRV, EW_LINT_LIMIT */
  constructor(words: Uint32Array) {
    this.graph = inlineKernel(decode(words));
    this.flow = flowOf(this.graph);
    this.memory = new Memory(this.graph);
    this.lanes = new Lanes(this.graph, this.flow, this.memory);
    this.loops = new Loops(this.graph, this.flow, this.memory);
    this.pollLoops = this.loops.findPollLoops();
    this.pollPhase = new Set(this.pollLoops.flatMap((loop) => [...this.loops.beforeBarrier(loop)]));
    const { graph, flow, memory, pollPhase } = this;
    const isSingle = (block: number): boolean => this.lanes.isSingle(block);
    this.uniformity = new Uniformity({ graph, flow, memory, pollPhase, isSingle });
    const reached = new Set(flow.order);
    this.barriers = graph.nodes.filter((node) => reached.has(node.block) && isWorkgroupBarrier(graph, node));
    for (const { block } of this.barriers)
      for (let loop = flow.loopOf.get(block); loop !== undefined; loop = loop.parent) {
        if (this.#withBarrier.has(loop)) break;
        this.#withBarrier.add(loop);
      }
  }

  /** The instructions of a loop. */
  nodesOf(loop: Loop): readonly GraphNode[] {
    let nodes = this.#nodesOf.get(loop);
    if (nodes === undefined) {
      nodes = [...loop.blocks].flatMap((at) => this.graph.blocks[at]?.nodes ?? []);
      this.graph.effort.spend(loop.blocks.size + nodes.length * NODE_KEPT);
      this.#nodesOf.set(loop, nodes);
    }
    return nodes;
  }

  /** Where a loop begins. */
  locationOf(loop: Loop): Location | undefined {
    const header = this.graph.blocks[loop.header];
    const atHeader = header?.nodes[0]?.location ?? header?.location;
    if (atHeader !== undefined) return atHeader;
    for (const at of loop.blocks) {
      this.graph.effort.spend(1);
      const location = this.graph.blocks[at]?.location;
      if (location !== undefined) return location;
    }
    return undefined;
  }

  /** Whether all threads of the workgroup meet inside of a loop. */
  hasBarrier(loop: Loop): boolean {
    return this.#withBarrier.has(loop);
  }

  /** Whether a loop ends: by a bound, by a budget, or because it looks at the control block in its iterations. */
  ends(loop: Loop): boolean {
    let known = this.#ends.get(loop);
    if (known === undefined) {
      let looks = false;
      this.graph.effort.spend(loop.blocks.size);
      for (const at of loop.blocks) looks ||= this.#looksAtControl(at);
      const isStop = (node: GraphNode): boolean =>
        looks && (this.uniformity.taintOf(node) & TAINT_CONTROL) !== 0;
      known = this.loops.ends(loop, isStop);
      this.#ends.set(loop, known);
    }
    return known;
  }

  /** Whether a block reads the control block. */
  #looksAtControl(block: number): boolean {
    let known = this.#looks.get(block);
    if (known === undefined) {
      known = (this.graph.blocks[block]?.nodes ?? []).some((node) => this.isLoadOf(node, Role.control));
      this.#looks.set(block, known);
    }
    return known;
  }

  /** Whether a node reads memory of one of the roles. */
  isLoadOf(node: GraphNode, roles: number): boolean {
    const isLoad = node.opcode === Op.Load || node.opcode === Op.AtomicLoad;
    return (
      isLoad && this.memory.isBuffer(node.inputs[0]) && (this.memory.roleOf(node.inputs[0]) & roles) !== 0
    );
  }

  /** Whether a node changes memory outside of the workgroup. */
  isBufferWrite(node: GraphNode): boolean {
    const writes =
      node.opcode === Op.Store ||
      node.opcode === Op.CopyMemory ||
      (isAtomic(node.opcode) && node.opcode !== Op.AtomicLoad);
    return writes && this.memory.isBuffer(node.inputs[0]);
  }

  /** The loads that a value comes from: through arithmetic and local variables, not through memory. */
  loadsBehind(value: GraphNode, within?: Loop): readonly GraphNode[] {
    const found = new Set<GraphNode>();
    const seen = new Set<GraphNode>();
    const open = [value];
    for (let node = open.pop(); node !== undefined; node = open.pop()) {
      if (seen.has(node)) continue;
      seen.add(node);
      this.graph.effort.spend(1 + node.inputs.length);
      if (node.opcode !== Op.Load && node.opcode !== Op.AtomicLoad) {
        if (!isAtomic(node.opcode)) for (const input of node.inputs) open.push(input);
        continue;
      }
      const storage = this.memory.storageOf(node.inputs[0]);
      if (storage !== Storage.Function && storage !== Storage.Private) found.add(node);
      else
        for (const stored of this.#storedTo(node))
          if (within === undefined || within.blocks.has(stored.block)) open.push(stored);
    }
    return [...found];
  }

  #storedTo(load: GraphNode): readonly GraphNode[] {
    const cell = this.memory.cellOf(load.inputs[0]);
    if (cell === undefined) return [];
    return this.memory.overlapping(cell).flatMap((each) => {
      const stores = this.loops.storesOf(each);
      this.graph.effort.spend(stores.length);
      return stores.flatMap(({ inputs }) => inputs[1] ?? []);
    });
  }
}
