/**
 * Which values, and which blocks, are the same for all threads of a workgroup, for those of a subgroup, or for none.
 *
 *     sources: invocation ids, atomics, clocks ──▶ values ──▶ branches ──▶ regions ──▶ what is stored there ──▶ values
 *
 * Invariants: levels only rise, so the analysis ends. A value that is loaded from shared memory at a uniform address is
 * uniform, as the threads agree about memory behind a barrier; it is not where a thread stored there since the last
 * barrier, or may store there before the next one. A value that is loaded from a buffer at a uniform address is
 * uniform, except while the kernel polls memory that the host writes.
 */
import {
  BuiltIn,
  type Flow,
  type Graph,
  type GraphBlock,
  type GraphNode,
  isAtomic,
  Op,
  OPCODE_CONSTANT,
  OPCODE_UNKNOWN,
  Storage,
} from "../code/index.ts";
import { type Cell, type Memory, Role } from "./memory.ts";
import { Races } from "./races.ts";

/** The same for the whole workgroup. */
export const UNIFORM = 0;
/** The same for a subgroup. */
export const SUBGROUP = 1;
/** Different from thread to thread. */
export const VARYING = 2;

/** It depends on the control block, where the stop flag is. */
export const TAINT_CONTROL = 1;
/** It was read from the queue by several threads, and they did not agree about it yet. */
export const TAINT_UNSHARED = 2;
/** It was read from the queue, and threads agreed about it: behind it a request has arrived. */
const TAINT_AGREED = 4;

/** Steps for the level and the taint of a value. */
const VISIT_STEPS = 10;

/** What the analysis starts from. */
export interface UniformityParts {
  readonly graph: Graph;
  readonly flow: Flow;
  readonly memory: Memory;
  /** What runs in the poll loop before its first barrier. */
  readonly pollPhase: ReadonlySet<GraphNode>;
  /** Blocks that a single thread runs. */
  readonly isSingle: (block: number) => boolean;
}

/** The levels and taints of a kernel. */
export class Uniformity {
  readonly #parts: UniformityParts;
  readonly #levels: Uint8Array;
  readonly #taints: Uint8Array;
  readonly #blockLevels: Uint8Array;
  readonly #blockTaints: Uint8Array;
  /** What each branch has already told its region: its level, and its taint above it. */
  readonly #applied: Uint8Array;
  readonly #cellLevels = new Map<Cell, number>();
  readonly #cellTaints = new Map<Cell, number>();
  /** Branches by the block that all their ways lead to: phis there depend on them. */
  readonly #joins = new Map<number, GraphBlock[]>();
  readonly #races: Races;
  #isChanged = false;

  constructor(parts: UniformityParts) {
    this.#parts = parts;
    const { graph, flow } = parts;
    this.#levels = new Uint8Array(graph.nodes.length);
    this.#taints = new Uint8Array(graph.nodes.length);
    this.#blockLevels = new Uint8Array(graph.blocks.length);
    this.#blockTaints = new Uint8Array(graph.blocks.length);
    this.#applied = new Uint8Array(graph.blocks.length);
    for (const at of flow.order) {
      const block = graph.blocks[at];
      if (block?.condition === undefined) continue;
      const join = flow.postDominatorOf(at);
      const known = this.#joins.get(join);
      if (known === undefined) this.#joins.set(join, [block]);
      else known.push(block);
    }
    this.#races = new Races(parts, (node) => this.#disagrees(node));
    for (const node of graph.nodes) if (node.block < 0) this.#visit(node);
    do {
      this.#settle();
    } while (this.#races.find());
  }

  /** UNIFORM, SUBGROUP or VARYING. */
  levelOf(node: GraphNode | undefined): number {
    return node === undefined ? VARYING : (this.#levels[node.index] ?? VARYING);
  }

  /** Of the branches that decide whether, or how often, a block runs. */
  levelOfBlock(block: number): number {
    return this.#blockLevels[block] ?? VARYING;
  }

  /** Whether a load of shared memory has no barrier between it and a store of another thread. */
  isRacing(load: GraphNode): boolean {
    return this.#races.has(load);
  }

  /** TAINT_CONTROL, TAINT_UNSHARED. */
  taintOf(node: GraphNode | undefined): number {
    return node === undefined ? 0 : (this.#taints[node.index] ?? 0);
  }

  #settle(): void {
    const { graph, flow } = this.#parts;
    do {
      this.#isChanged = false;
      for (const at of flow.order) {
        const block = graph.blocks[at];
        if (block === undefined) continue;
        for (const node of block.nodes) this.#visit(node);
        if (block.condition !== undefined) this.#branch(block, block.condition);
      }
    } while (this.#isChanged);
  }

  /** A branch raises the level of its region. */
  #branch(block: GraphBlock, condition: GraphNode): void {
    const level = this.levelOf(condition);
    const taint = this.taintOf(condition) & (TAINT_CONTROL | TAINT_AGREED);
    const state = level | (taint << 2);
    if (state === (this.#applied[block.index] ?? 0)) return;
    this.#applied[block.index] = state;
    const { graph, flow } = this.#parts;
    const region = flow.regionOf(block.index);
    graph.effort.spend(region.length);
    for (const at of region) {
      const levelNow = Math.max(this.#blockLevels[at] ?? 0, level);
      const taintNow = (this.#blockTaints[at] ?? 0) | taint;
      if (levelNow === this.#blockLevels[at] && taintNow === this.#blockTaints[at]) continue;
      this.#blockLevels[at] = levelNow;
      this.#blockTaints[at] = taintNow;
      this.#isChanged = true;
    }
  }

  #visit(node: GraphNode): void {
    this.#parts.graph.effort.spend(VISIT_STEPS + node.inputs.length);
    if (node.opcode === Op.Store) this.#store(node.inputs[0], node.inputs[1], node.block);
    else if (node.opcode === Op.CopyMemory) this.#copy(node);
    const level = Math.max(this.levelOf(node), this.#levelNow(node));
    const taint = this.taintOf(node) | this.#taintNow(node);
    if (level === this.levelOf(node) && taint === this.taintOf(node)) return;
    this.#levels[node.index] = level;
    this.#taints[node.index] = taint;
    this.#isChanged = true;
  }

  #copy({ inputs, block }: GraphNode): void {
    const cell = this.#parts.memory.cellOf(inputs[0]);
    if (cell !== undefined) this.#raise(cell, Math.max(VARYING, this.#blockLevels[block] ?? 0), 0);
  }

  #store(pointer: GraphNode | undefined, value: GraphNode | undefined, block: number): void {
    const cell = this.#parts.memory.cellOf(pointer);
    if (cell === undefined) return;
    // Which element of an array a thread stores to may depend on the thread.
    const level = Math.max(this.levelOf(value), this.#blockLevels[block] ?? 0, this.levelOf(pointer));
    const shared = cell.variable.value === Storage.Workgroup ? ~TAINT_UNSHARED : ~0;
    this.#raise(cell, level, (this.taintOf(value) | (this.#blockTaints[block] ?? 0)) & shared);
  }

  #raise(cell: Cell, level: number, taint: number): void {
    const before = this.#cellLevels.get(cell) ?? 0;
    const tainted = this.#cellTaints.get(cell) ?? 0;
    if (level > before || (taint | tainted) !== tainted) this.#isChanged = true;
    this.#cellLevels.set(cell, Math.max(before, level));
    this.#cellTaints.set(cell, tainted | taint);
  }

  /** The branches that decide which input of a phi counts. */
  #joinsOf({ block }: GraphNode): readonly GraphBlock[] {
    const joins = this.#joins.get(block) ?? [];
    this.#parts.graph.effort.spend(joins.length);
    return joins;
  }

  #join(inputs: readonly GraphNode[]): number {
    let level = UNIFORM;
    for (const input of inputs) level = Math.max(level, this.levelOf(input));
    return level;
  }

  #levelNow(node: GraphNode): number {
    const { opcode, inputs } = node;
    if (opcode === OPCODE_CONSTANT || opcode === Op.Variable) return UNIFORM;
    if (this.#parts.graph.code.isSingleThread) return UNIFORM;
    if (opcode === OPCODE_UNKNOWN) return VARYING;
    if (opcode === Op.Load) return this.#levelOfLoad(node);
    if (isAtomic(opcode) || opcode === Op.ReadClock || opcode === Op.GroupElect) return VARYING;
    if (opcode >= Op.GroupElect && opcode <= 366) return this.#levelOfGroup(node);
    if (opcode === Op.Phi) {
      // A phi at the head of a loop has the threads' last values behind it: they differ if the rounds did.
      let level = Math.max(this.#blockLevels[node.block] ?? UNIFORM, this.#join(inputs));
      for (const { condition } of this.#joinsOf(node)) level = Math.max(level, this.levelOf(condition));
      return level;
    }
    return this.#join(inputs);
  }

  #levelOfLoad(node: GraphNode): number {
    const { memory, pollPhase, isSingle } = this.#parts;
    const pointer = node.inputs[0];
    // A pointer differs between threads as its indexes do, or the address that it begins with.
    const place = this.levelOf(pointer);
    const variable = memory.variableOf(pointer);
    switch (memory.storageOf(pointer)) {
      case Storage.Input:
        return Math.max(place, levelOfInput(variable?.builtIn));
      case Storage.Function:
      case Storage.Private: {
        const cell = memory.cellOf(pointer);
        let level = place;
        if (cell !== undefined)
          for (const each of memory.overlapping(cell))
            level = Math.max(level, this.#cellLevels.get(each) ?? 0);
        return level;
      }
      case Storage.Workgroup:
        return this.#races.has(node) ? VARYING : place;
      default: {
        const isPolled = (memory.roleOf(pointer) & (Role.control | Role.slots)) !== 0 && pollPhase.has(node);
        return isPolled && !isSingle(node.block) ? VARYING : place;
      }
    }
  }

  /** Whether a store, or an atomic operation, may give other threads another value than the thread itself sees. */
  #disagrees({ opcode, inputs, block }: GraphNode): boolean {
    if (opcode !== Op.Store) return true;
    const level = Math.max(this.levelOf(inputs[0]), this.levelOf(inputs[1]), this.levelOfBlock(block));
    return level > UNIFORM;
  }

  /** Operations of a subgroup: what they agree about is the same for the subgroup. */
  #levelOfGroup({ opcode, inputs, operands }: GraphNode): number {
    const level = this.#join(inputs);
    // A ballot has the bits of the threads that are there: the last subgroup of a workgroup may have fewer.
    if (opcode === Op.GroupBallot) return SUBGROUP;
    if (opcode <= Op.GroupAllEqual || opcode === Op.GroupBroadcastFirst) return Math.min(level, SUBGROUP);
    if (opcode === Op.GroupBroadcast) return Math.min(this.levelOf(inputs[0]), SUBGROUP);
    if (opcode === Op.GroupInverseBallot) return VARYING;
    if (opcode === Op.GroupBallotBitCount) return operands[1] === 0 ? level : VARYING;
    if (opcode <= Op.GroupBallotFindMsb) return level;
    if (opcode === Op.GroupShuffle)
      return this.levelOf(inputs[0]) === UNIFORM ? UNIFORM : this.levelOf(inputs[1]);
    if (opcode <= Op.GroupShuffleDown) return level;
    if (opcode <= Op.GroupLogicalXor) return operands[1] === 0 ? SUBGROUP : VARYING;
    return VARYING;
  }

  #taintNow(node: GraphNode): number {
    const { memory, pollPhase, isSingle } = this.#parts;
    const { opcode, inputs } = node;
    let taint = 0;
    for (const input of inputs) taint |= this.taintOf(input);
    if (opcode === Op.Phi) {
      for (const { condition } of this.#joinsOf(node)) taint |= this.taintOf(condition);
      for (const from of node.incoming) taint |= this.#blockTaints[from] ?? 0;
    }
    if (opcode >= Op.GroupElect && opcode <= Op.GroupLogicalXor) return agreed(taint);
    if (opcode !== Op.Load && opcode !== Op.AtomicLoad) return taint;
    const cell = memory.cellOf(inputs[0]);
    if (cell !== undefined) {
      for (const each of memory.overlapping(cell)) taint |= this.#cellTaints.get(each) ?? 0;
      return cell.variable.value === Storage.Workgroup ? taint & ~TAINT_UNSHARED : taint;
    }
    const role = memory.roleOf(inputs[0]);
    if ((role & Role.control) !== 0) taint |= TAINT_CONTROL;
    const hasArrived = ((this.#blockTaints[node.block] ?? 0) & TAINT_AGREED) !== 0;
    const isQueue = (role & (Role.control | Role.slots)) !== 0 && !hasArrived;
    return isQueue && pollPhase.has(node) && !isSingle(node.block) ? taint | TAINT_UNSHARED : taint;
  }
}

/** A taint behind an operation by which threads agree. */
function agreed(taint: number): number {
  return (taint & TAINT_UNSHARED) === 0 ? taint : (taint & ~TAINT_UNSHARED) | TAINT_AGREED;
}

function levelOfInput(builtIn: number | undefined): number {
  switch (builtIn) {
    case BuiltIn.NumWorkgroups:
    case BuiltIn.WorkgroupSize:
    case BuiltIn.WorkgroupId:
    case BuiltIn.SubgroupSize:
    case BuiltIn.NumSubgroups:
      return UNIFORM;
    case BuiltIn.SubgroupId:
      return SUBGROUP;
    default:
      return VARYING;
  }
}
