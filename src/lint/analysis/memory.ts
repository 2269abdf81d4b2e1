/**
 * Which memory a pointer leads to: a variable of the kernel, or memory that host and kernel share.
 *
 * Shared memory is known by the names of the push constants that the queue's schema gives its addresses (`Launch`), and
 * `control` of the probes. A module without names, or with other names, has no memory with a role: rules about roles
 * say nothing of it.
 */
import { type Graph, type GraphNode, Op, OPCODE_CONSTANT, Storage } from "../code/index.ts";

/** What memory is for, as bits: an address may be made of several. */
export const Role = {
  /** The host writes it: stop flag, lease, limits. */
  control: 1,
  /** The host writes it: the slots of the queue. */
  slots: 2,
  /** The kernel writes it: the answers. */
  completions: 4,
  /** The kernel writes it: heartbeat and signing in. */
  heartbeat: 8,
  /** The number of vectors of a completion: it tells an answer's first vector from the others. */
  completionSize: 16,
} as const;

const ROLE_OF_MEMBER: Readonly<Record<string, number>> = {
  control: Role.control,
  slots: Role.slots,
  completions: Role.completions,
  heartbeat: Role.heartbeat,
  alive: Role.heartbeat,
  completionVectors: Role.completionSize,
};

/** A variable, or a part of one, whose content the analysis follows. */
export interface Cell {
  readonly variable: GraphNode;
  /** Index of the member, component or element; -1 for the whole variable. */
  readonly member: number;
}

/** Steps for the roles of a value. */
const ROLE_STEPS = 6;

/** In place of a storage class. */
const UNKNOWN = -1;
const NOT_LOOKED_UP = -2;

/** Variables and pointers of a graph. */
export class Memory {
  readonly #graph: Graph;
  readonly #cells = new Map<GraphNode, Map<number, Cell>>();
  readonly #roles: Uint8Array;
  /** By the number of a pointer's node. All cells are made at the beginning. */
  readonly #cellOfPointer: readonly (Cell | undefined)[];
  /** By the number of a node: the variable that it leads into. */
  readonly #variables: readonly (GraphNode | undefined)[];
  /** By the number of a chain: the first chain of those that it goes on with. */
  readonly #firstChains: readonly (GraphNode | undefined)[];
  readonly #storages: Int32Array;
  readonly #overlapping = new Map<Cell, readonly Cell[]>();

  constructor(graph: Graph) {
    this.#graph = graph;
    this.#roles = new Uint8Array(graph.nodes.length);
    const variables: (GraphNode | undefined)[] = [];
    const firstChains: (GraphNode | undefined)[] = [];
    // What a chain goes on with was made before the chain.
    for (const node of graph.nodes) {
      const [base] = node.inputs;
      const isVariable = node.opcode === Op.Variable;
      variables.push(isVariable ? node : isChain(node.opcode) ? variables[base?.index ?? -1] : undefined);
      firstChains.push(isChain(node.opcode) ? (firstChains[base?.index ?? -1] ?? node) : undefined);
    }
    this.#variables = variables;
    this.#firstChains = firstChains;
    this.#storages = new Int32Array(graph.nodes.length).fill(NOT_LOOKED_UP);
    this.#cellOfPointer = graph.nodes.map((node) => this.#findCell(node));
    this.#findRoles();
  }

  /** The variable that a pointer leads into; undefined for an address. */
  variableOf(pointer: GraphNode | undefined): GraphNode | undefined {
    return pointer === undefined ? undefined : this.#variables[pointer.index];
  }

  /** The storage class that a pointer leads to; undefined where it is not known. */
  storageOf(pointer: GraphNode | undefined): number | undefined {
    if (pointer === undefined) return undefined;
    let storage = this.#storages[pointer.index] ?? UNKNOWN;
    if (storage === NOT_LOOKED_UP)
      this.#storages[pointer.index] = storage = this.#findStorage(pointer) ?? UNKNOWN;
    return storage === UNKNOWN ? undefined : storage;
  }

  /** Whether a pointer leads to a buffer: memory outside of the workgroup. */
  isBuffer(pointer: GraphNode | undefined): boolean {
    const storage = this.storageOf(pointer);
    return (
      storage === Storage.PhysicalStorageBuffer ||
      storage === Storage.StorageBuffer ||
      storage === Storage.Uniform
    );
  }

  /** The cell that a pointer leads to; undefined for an address. */
  cellOf(pointer: GraphNode | undefined): Cell | undefined {
    if (pointer === undefined) return undefined;
    return this.#cellOfPointer[pointer.index];
  }

  /** The cells that a load of `cell` may read from, and a store to it may change. */
  overlapping(cell: Cell): readonly Cell[] {
    let cells = this.#overlapping.get(cell);
    if (cells === undefined) {
      const all = this.#cells.get(cell.variable) ?? new Map<number, Cell>();
      const whole = all.get(-1);
      cells = cell.member < 0 ? [...all.values()] : whole === undefined ? [cell] : [cell, whole];
      this.#overlapping.set(cell, cells);
    }
    this.#graph.effort.spend(cells.length);
    return cells;
  }

  /** The roles of the memory that a value is made of: as an address, or as a number. */
  roleOf(node: GraphNode | undefined): number {
    return node === undefined ? 0 : (this.#roles[node.index] ?? 0);
  }

  /** The chain that begins at a variable or an address, and that a pointer goes on with. */
  firstChainOf(pointer: GraphNode | undefined): GraphNode | undefined {
    return pointer === undefined ? undefined : this.#firstChains[pointer.index];
  }

  #findStorage(pointer: GraphNode): number | undefined {
    const variable = this.variableOf(pointer);
    if (variable !== undefined) return variable.value;
    const type = this.#graph.code.module.types.get(pointer.type);
    return type?.kind === "pointer" ? type.storageClass : undefined;
  }

  #findCell(node: GraphNode): Cell | undefined {
    if (node.opcode !== Op.Variable && !isChain(node.opcode)) return undefined;
    const variable = this.variableOf(node);
    return variable === undefined ? undefined : this.#cell(variable, this.#firstMember(node, variable));
  }

  #cell(variable: GraphNode, member: number): Cell {
    let cells = this.#cells.get(variable);
    if (cells === undefined) this.#cells.set(variable, (cells = new Map()));
    let cell = cells.get(member);
    if (cell === undefined) cells.set(member, (cell = { variable, member }));
    return cell;
  }

  /** The member, component or element that a chain enters first; -1 for the whole, or where a thread chooses it. */
  #firstMember(pointer: GraphNode, variable: GraphNode): number {
    const first = this.firstChainOf(pointer);
    if (first === undefined || first.inputs[0] !== variable) return -1;
    const types = this.#graph.code.module.types;
    const pointerType = types.get(variable.type);
    const kind = pointerType?.kind === "pointer" ? types.get(pointerType.pointee)?.kind : undefined;
    const hasParts = kind === "struct" || kind === "vector" || kind === "matrix" || kind === "array";
    const index = first.inputs[1];
    return hasParts && index?.opcode === OPCODE_CONSTANT && index.value !== undefined ? index.value : -1;
  }

  /** Roles flow from the push constants through arithmetic, variables and calls, but not through loaded content. */
  #findRoles(): void {
    const ofCell = new Map<Cell, number>();
    for (let isChanged = true; isChanged;) {
      isChanged = false;
      for (const node of this.#graph.nodes) {
        const before = this.#roles[node.index] ?? 0;
        this.#graph.effort.spend(ROLE_STEPS + node.inputs.length);
        const now = before | this.#rolesOfNode(node, ofCell);
        if (now !== before) {
          this.#roles[node.index] = now;
          isChanged = true;
        }
        if (node.opcode !== Op.Store) continue;
        const cell = this.cellOf(node.inputs[0]);
        if (cell === undefined || cell.variable.value === Storage.Workgroup) continue;
        const stored = (ofCell.get(cell) ?? 0) | this.roleOf(node.inputs[1]);
        if (stored === (ofCell.get(cell) ?? 0)) continue;
        ofCell.set(cell, stored);
        isChanged = true;
      }
    }
  }

  #rolesOfNode(node: GraphNode, ofCell: ReadonlyMap<Cell, number>): number {
    let roles = 0;
    if (node.opcode !== Op.Load) {
      if (node.opcode === Op.Variable || node.opcode === Op.Store) return 0;
      // An index does not tell where a pointer leads.
      if (isChain(node.opcode)) return this.roleOf(node.inputs[0]);
      for (const input of node.inputs) roles |= this.roleOf(input);
      return roles;
    }
    const pointer = node.inputs[0];
    const variable = this.variableOf(pointer);
    if (pointer === undefined || variable === undefined) return 0;
    if (variable.value === Storage.PushConstant) return rolesOfPath(this.#graph, variable, pointer);
    const cell = this.cellOf(pointer);
    if (cell !== undefined) for (const each of this.overlapping(cell)) roles |= ofCell.get(each) ?? 0;
    return roles;
  }
}

/** Whether an opcode makes a pointer to a part of what a pointer leads to. */
export function isChain(opcode: number): boolean {
  return (
    (opcode >= Op.AccessChain && opcode <= Op.PtrAccessChain) ||
    opcode === Op.InBoundsPtrAccessChain ||
    opcode === Op.CopyObject
  );
}

/** The role of the push constant at the end of a chain of constant indexes. */
function rolesOfPath({ code, effort }: Graph, variable: GraphNode, pointer: GraphNode): number {
  const { module } = code;
  const chains: GraphNode[] = [];
  for (let at = pointer; at !== variable; at = at.inputs[0] as GraphNode) {
    effort.spend(1 + at.inputs.length);
    chains.push(at);
  }
  const variableType = module.types.get(variable.type);
  let type = variableType?.kind === "pointer" ? module.types.get(variableType.pointee) : undefined;
  for (const index of chains.toReversed().flatMap(({ inputs }) => inputs.slice(1))) {
    if (type?.kind !== "struct") return 0;
    const member = type.struct.members[index.value ?? -1];
    if (member === undefined) return 0;
    if (Object.hasOwn(ROLE_OF_MEMBER, member.name)) return ROLE_OF_MEMBER[member.name] ?? 0;
    type = module.types.get(member.type);
  }
  return 0;
}
