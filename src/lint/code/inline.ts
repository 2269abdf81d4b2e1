/** Builds the graph of a kernel: functions are put in the place of their calls. */
import {
  badModule,
  type Code,
  type CodeBlock,
  type CodeFunction,
  type Instruction,
  type Location,
} from "./decode.ts";
import { Effort, tooLarge } from "./effort.ts";
import {
  type Graph,
  type GraphBlock,
  type GraphNode,
  MAX_CALL_DEPTH,
  MAX_NODES,
  OPCODE_CONSTANT,
  OPCODE_UNKNOWN,
} from "./graph.ts";
import { Op, valueOperands } from "./opcodes.ts";

/** @throws EW_BAD_SPIRV for calls of what is no function, and in a circle; EW_LINT_LIMIT for a kernel too large */
export function inlineKernel(code: Code): Graph {
  return new Inliner(code).inline();
}

/** A function in the place of one of its calls. */
interface Frame {
  readonly values: Map<number, GraphNode>;
  /** By label: the first graph block of a block, and its last one, which has the terminator. */
  readonly first: Map<number, number>;
  readonly last: Map<number, number>;
  /** Phis whose inputs may come later in the function. */
  readonly phis: { node: GraphNode; instruction: Instruction }[];
  /** Where a return leads; undefined in the entry point. */
  readonly afterCall: number | undefined;
  readonly result: GraphNode | undefined;
  readonly depth: number;
}

/** Only phis come from blocks. */
const NO_BLOCKS: number[] = [];

class Inliner {
  readonly #code: Code;
  readonly #blocks: GraphBlock[] = [];
  readonly #nodes: GraphNode[] = [];
  readonly #globals = new Map<number, GraphNode>();
  readonly #calling = new Set<number>();
  readonly #effort = new Effort();

  constructor(code: Code) {
    this.#code = code;
  }

  inline(): Graph {
    const entry = this.#functionOf(this.#code.entry);
    const block = this.#newBlock(entry.blocks[0]?.label ?? 0);
    this.#body(
      entry,
      {
        values: new Map(),
        first: new Map(),
        last: new Map(),
        phis: [],
        afterCall: undefined,
        result: undefined,
        depth: 0,
      },
      block,
    );
    for (const from of this.#blocks)
      for (const to of from.successors) this.#blocks[to]?.predecessors.push(from.index);
    return { code: this.#code, blocks: this.#blocks, nodes: this.#nodes, effort: this.#effort };
  }

  #functionOf(id: number): CodeFunction {
    const found = this.#code.functions.get(id);
    if (found === undefined || found.blocks.length === 0) throw badModule(`the function ${id} is not there`);
    return found;
  }

  #newBlock(label: number): GraphBlock {
    const block: GraphBlock = {
      index: this.#blocks.length,
      label,
      nodes: [],
      successors: [],
      predecessors: [],
      condition: undefined,
      location: undefined,
      isExit: false,
    };
    if (block.index >= MAX_NODES)
      throw tooLarge(`it has more than ${MAX_NODES} blocks with those of all calls`);
    this.#blocks.push(block);
    return block;
  }

  #newNode(opcode: number, block: number, more: Partial<GraphNode>): GraphNode {
    if (this.#nodes.length >= MAX_NODES)
      throw tooLarge(`it has more than ${MAX_NODES} instructions with those of all calls`);
    const node: GraphNode = {
      opcode,
      type: more.type ?? 0,
      inputs: more.inputs ?? [],
      operands: more.operands ?? [],
      block,
      index: this.#nodes.length,
      location: more.location,
      incoming: opcode === Op.Phi ? [] : NO_BLOCKS,
      value: more.value,
      builtIn: more.builtIn,
      name: more.name ?? "",
    };
    this.#effort.spend(1 + node.inputs.length);
    this.#nodes.push(node);
    this.#blocks[block]?.nodes.push(node);
    return node;
  }

  /** The blocks of a function. `entry` is the block that its first one is added to. */
  #body(of: CodeFunction, frame: Frame, entry: GraphBlock): void {
    if (this.#calling.has(of.id)) throw badModule(`the function ${of.id} calls itself`);
    if (frame.depth > MAX_CALL_DEPTH) throw tooLarge(`its calls are more than ${MAX_CALL_DEPTH} deep`);
    this.#calling.add(of.id);
    of.blocks.forEach(({ label }, index) => {
      if (frame.first.has(label)) throw badModule(`the label ${label} is there twice`);
      frame.first.set(label, index === 0 ? entry.index : this.#newBlock(label).index);
    });
    for (const from of of.blocks) {
      let block = this.#blocks[frame.first.get(from.label) ?? 0] as GraphBlock;
      for (const instruction of from.instructions) {
        if (instruction.opcode === Op.FunctionCall) block = this.#call(instruction, frame, block);
        else this.#instruction(instruction, frame, block);
      }
      frame.last.set(from.label, block.index);
      this.#terminator(from, frame, block);
    }
    for (const { node, instruction } of frame.phis) this.#fillPhi(node, instruction, frame);
    this.#calling.delete(of.id);
  }

  /** @returns the block where the caller goes on */
  #call(instruction: Instruction, frame: Frame, block: GraphBlock): GraphBlock {
    const [callee = 0, ...args] = instruction.operands;
    const of = this.#functionOf(callee);
    if (args.length !== of.parameters.length)
      throw badModule(`a call of ${callee} has ${args.length} arguments`);
    this.#effort.spend(args.length);
    const entry = this.#newBlock(of.blocks[0]?.label ?? 0);
    const after = this.#newBlock(block.label);
    block.successors.push(entry.index);
    block.location = instruction.location;
    const { type, location } = instruction;
    const result = this.#newNode(Op.Phi, after.index, { type, location });
    const values = new Map(of.parameters.map((id, index) => [id, this.#value(args[index] ?? 0, frame)]));
    this.#body(
      of,
      {
        values,
        first: new Map(),
        last: new Map(),
        phis: [],
        afterCall: after.index,
        result,
        depth: frame.depth + 1,
      },
      entry,
    );
    frame.values.set(instruction.result, result);
    return after;
  }

  #instruction(instruction: Instruction, frame: Frame, block: GraphBlock): void {
    const { opcode, type, result, operands, location } = instruction;
    if (opcode === Op.LoopMerge || opcode === Op.SelectionMerge) return;
    if (opcode === Op.Phi) {
      const node = this.#newNode(opcode, block.index, { type, location });
      frame.phis.push({ node, instruction });
      frame.values.set(result, node);
      return;
    }
    const inputs: GraphNode[] = [];
    for (const index of valueOperands(opcode, operands.length))
      if (index < operands.length) inputs.push(this.#value(operands[index] ?? 0, frame));
    const isVariable = opcode === Op.Variable;
    const node = this.#newNode(opcode, block.index, {
      type,
      inputs,
      operands,
      location,
      value: isVariable ? operands[0] : undefined,
      name: isVariable ? (this.#code.names.get(result) ?? "") : "",
    });
    if (result !== 0) frame.values.set(result, node);
  }

  #terminator({ terminator, targets }: CodeBlock, frame: Frame, block: GraphBlock): void {
    const { opcode, operands, location } = terminator;
    block.location = location;
    this.#effort.spend(targets.length);
    for (const label of targets) {
      const target = frame.first.get(label);
      if (target === undefined)
        throw badModule(`a branch leads to ${label}, which is no block of its function`);
      block.successors.push(target);
    }
    switch (opcode) {
      case Op.Branch:
        return;
      case Op.BranchConditional:
      case Op.Switch:
        block.condition = this.#value(operands[0] ?? 0, frame);
        return;
      case Op.ReturnValue:
        if (frame.result !== undefined) {
          frame.result.inputs.push(this.#value(operands[0] ?? 0, frame));
          frame.result.incoming.push(block.index);
        }
    }
    if (frame.afterCall === undefined || opcode === Op.Kill || opcode === Op.Unreachable) block.isExit = true;
    else block.successors.push(frame.afterCall);
  }

  #fillPhi(node: GraphNode, { operands }: Instruction, frame: Frame): void {
    this.#effort.spend(operands.length);
    for (let at = 0; at + 1 < operands.length; at += 2) {
      const from = frame.last.get(operands[at + 1] ?? 0);
      if (from === undefined) throw badModule("a phi names a block that is not there");
      node.inputs.push(this.#value(operands[at] ?? 0, frame));
      node.incoming.push(from);
    }
  }

  #value(id: number, frame: Frame): GraphNode {
    return frame.values.get(id) ?? this.#global(id);
  }

  #global(id: number): GraphNode {
    const known = this.#globals.get(id);
    if (known !== undefined) return known;
    const { constants, globals, builtIns, names } = this.#code;
    const constant = constants.get(id);
    const variable = globals.get(id);
    const common = { builtIn: builtIns.get(id), name: names.get(id) ?? "" };
    const made =
      constant !== undefined
        ? this.#newNode(OPCODE_CONSTANT, -1, { ...common, type: constant.type, value: constant.value })
        : variable !== undefined
          ? this.#newNode(Op.Variable, -1, { ...common, type: variable.type, value: variable.storageClass })
          : this.#newNode(OPCODE_UNKNOWN, -1, {});
    // A value that is used before it is made may still come: only what is global is remembered.
    if (made.opcode !== OPCODE_UNKNOWN) this.#globals.set(id, made);
    return made;
  }
}

/** A place as text; empty where it is not known. */
export function locationText(location: Location | undefined): string {
  if (location === undefined) return "";
  return location.file === undefined ? `line ${location.line}` : `${location.file}:${location.line}`;
}
