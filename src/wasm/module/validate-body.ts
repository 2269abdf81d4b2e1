/** Validates bodies, and fills in the types that `drop` and `select` have no immediate for. */
import { invalid } from "./faults.ts";
import type { DecodedModule, FunctionBody, FunctionEntry, GlobalEntry, TableEntry } from "./module.ts";
import { type Opcode, opcodeNamed, opcodeOf } from "./opcodes.ts";
import { OperandFault, OperandStack, UNKNOWN } from "./operand-stack.ts";
import {
  blockType,
  type FunctionType,
  isReferenceType,
  isSameList,
  type ReferenceType,
  VALUE_TYPE,
  type ValueType,
} from "./types.ts";

const { i32: I32, funcref: FUNCREF } = VALUE_TYPE;
const LOOP = opcodeNamed("loop")!.code;
const IF = opcodeNamed("if")!.code;
const MEMORY_NAME = /^memory\./;

/** What an instruction without a signature does to the operands. `at` is where its words begin. */
type Rule = (body: BodyValidator, at: number, opcode: Opcode) => void;

const RULES: Readonly<Record<string, Rule>> = {
  unreachable: (body) => body.operands.markUnreachable(),
  block: (body, at, opcode) => body.open(at, opcode),
  loop: (body, at, opcode) => body.open(at, opcode),
  if: (body, at, opcode) => {
    body.operands.pop(I32);
    body.open(at, opcode);
  },
  else: (body, _, opcode) => {
    const { type } = body.operands.close();
    body.operands.pushAll(type.params);
    body.operands.open(opcode.code, type);
  },
  end: (body) => body.end(),
  br: (body, at) => {
    body.operands.popAll(body.label(body.word(at)));
    body.operands.markUnreachable();
  },
  br_if: (body, at) => {
    body.operands.pop(I32);
    const types = body.label(body.word(at));
    body.operands.popAll(types);
    body.operands.pushAll(types);
  },
  br_table: (body, at) => body.branchTable(at),
  return: (body) => {
    body.operands.popAll(body.results);
    body.operands.markUnreachable();
  },
  call: (body, at) => body.apply(body.function(body.word(at)).type),
  call_indirect: (body, at) => {
    const type = body.type(body.word(at));
    const { element } = body.table(body.word(at + 1));
    if (element !== FUNCREF)
      throw new OperandFault("type mismatch: the table of call_indirect has no functions");
    body.operands.pop(I32);
    body.apply(type);
  },
  drop: (body, at) => body.set(at, body.operands.popAny()),
  select: (body, at, opcode) => body.select(at, opcode),
  "local.get": (body, at) => body.operands.push(body.local(body.word(at))),
  "local.set": (body, at) => void body.operands.pop(body.local(body.word(at))),
  "local.tee": (body, at) => {
    body.operands.pop(body.local(body.word(at)));
    body.operands.push(body.local(body.word(at)));
  },
  "global.get": (body, at) => body.operands.push(body.global(body.word(at)).type),
  "global.set": (body, at) => {
    const { type, isMutable } = body.global(body.word(at));
    if (!isMutable) throw new OperandFault(`global is immutable: global ${body.word(at)} is constant`);
    body.operands.pop(type);
  },
  "table.get": (body, at) => {
    const { element } = body.table(body.word(at));
    body.operands.pop(I32);
    body.operands.push(element);
  },
  "table.set": (body, at) => body.operands.popAll([I32, body.table(body.word(at)).element]),
  "table.grow": (body, at) => {
    body.operands.popAll([body.table(body.word(at)).element, I32]);
    body.operands.push(I32);
  },
  "table.fill": (body, at) => body.operands.popAll([I32, body.table(body.word(at)).element, I32]),
  "ref.null": (body, at) => body.operands.push(body.word(at) as ReferenceType),
  "ref.is_null": (body) => {
    const type = body.operands.popAny();
    if (type !== UNKNOWN && !isReferenceType(type))
      throw new OperandFault("type mismatch: ref.is_null takes a reference");
    body.operands.push(I32);
  },
  "ref.func": (body, at) => {
    body.function(body.word(at));
    if (!body.declared.has(body.word(at)))
      throw new OperandFault(
        `undeclared function reference: function ${body.word(at)} is in no segment or export`,
      );
    body.operands.push(FUNCREF);
  },
};

/** What instructions with a signature ask beside it. */
const CONDITIONS: Readonly<Record<string, Rule>> = {
  "memory.init": (body, at) => body.dataSegment(body.word(at)),
  "data.drop": (body, at) => body.dataSegment(body.word(at)),
  "elem.drop": (body, at) => void body.elementSegment(body.word(at)),
  "table.size": (body, at) => void body.table(body.word(at)),
  "table.init": (body, at) => {
    const segment = body.elementSegment(body.word(at));
    if (segment.type !== body.table(body.word(at + 1)).element)
      throw new OperandFault("type mismatch: the segment and the table of table.init have different types");
  },
  "table.copy": (body, at) => {
    if (body.table(body.word(at)).element !== body.table(body.word(at + 1)).element)
      throw new OperandFault("type mismatch: the tables of table.copy have different types");
  },
};

/** Validates the bodies of a module, one after the other. */
export class BodyValidator {
  readonly operands = new OperandStack();
  /** The functions that `ref.func` may name. */
  readonly declared: ReadonlySet<number>;
  readonly #module: DecodedModule;
  #type!: FunctionType;
  #body!: FunctionBody;
  /** Where the words of the current instruction end. */
  #wordsEnd = 0;

  constructor(module: DecodedModule, declared: ReadonlySet<number>) {
    this.#module = module;
    this.declared = declared;
  }

  /** @throws EW_WASM_INVALID with the instruction that is wrong */
  check(index: number, type: FunctionType, body: FunctionBody): void {
    this.#type = type;
    this.#body = body;
    this.operands.clear();
    this.operands.frames.push({
      opcode: 0,
      type: { params: [], results: type.results },
      height: 0,
      isUnreachable: false,
    });
    const { opcodes, offsets, wordAt } = this.#module.code;
    for (let each = body.first; each <= body.last; each++) {
      const opcode = opcodeOf(opcodes[each]!)!;
      try {
        this.#wordsEnd = wordAt[each + 1]!;
        this.#instruction(opcode, wordAt[each]!);
      } catch (cause) {
        if (!(cause instanceof OperandFault)) throw cause;
        throw invalid(offsets[each]!, `${cause.message}, in function ${index}, ${opcode.name}`);
      }
    }
  }

  #instruction(opcode: Opcode, at: number): void {
    const { signature } = opcode;
    if (signature === undefined) return RULES[opcode.name]!(this, at, opcode);
    if (opcode.immediate !== "none") this.#immediates(opcode, at);
    this.operands.popAll(signature.params);
    this.operands.pushAll(signature.results);
  }

  #immediates(opcode: Opcode, at: number): void {
    CONDITIONS[opcode.name]?.(this, at, opcode);
    if ((opcode.bytes > 0 || MEMORY_NAME.test(opcode.name)) && this.#module.memories.length === 0)
      throw new OperandFault("unknown memory 0");
    if (opcode.bytes > 0 && 2 ** (this.word(at) >>> 0) > opcode.bytes)
      throw new OperandFault("alignment must not be larger than natural");
    if (opcode.lanes > 0) {
      const lane = this.word(opcode.bytes > 0 ? at + 2 : at);
      if (lane >= opcode.lanes) throw new OperandFault(`invalid lane index ${lane}`);
    }
    if (opcode.immediate === "shuffle") this.#shuffle(at);
  }

  #shuffle(at: number): void {
    for (let word = at; word < at + 4; word++)
      for (let shift = 0; shift < 32; shift += 8) {
        const lane = (this.word(word) >>> shift) & 0xff;
        if (lane >= 32) throw new OperandFault(`invalid lane index ${lane}`);
      }
  }

  /** What the function gives back. */
  get results(): readonly ValueType[] {
    return this.#type.results;
  }

  word(at: number): number {
    return this.#module.code.words[at]!;
  }

  set(at: number, value: number): void {
    this.#module.code.words[at] = value;
  }

  apply(type: FunctionType): void {
    this.operands.popAll(type.params);
    this.operands.pushAll(type.results);
  }

  open(at: number, opcode: Opcode): void {
    const type = blockType(this.#module.types, this.word(at));
    if (type === undefined) throw new OperandFault(`unknown type ${this.word(at)}`);
    this.operands.open(opcode.code, type);
  }

  end(): void {
    const { opcode, type } = this.operands.close();
    if (opcode === IF && !isSameList(type.params, type.results))
      throw new OperandFault("type mismatch: an if without else must give what it takes");
    if (this.operands.frames.length > 0) this.operands.pushAll(type.results);
  }

  /** What a jump to a label takes along. */
  label(depth: number): readonly ValueType[] {
    const { frames } = this.operands;
    const frame = frames[frames.length - 1 - (depth >>> 0)];
    if (frame === undefined) throw new OperandFault(`unknown label ${depth >>> 0}`);
    return frame.opcode === LOOP ? frame.type.params : frame.type.results;
  }

  branchTable(at: number): void {
    const { operands } = this;
    operands.pop(I32);
    const end = this.#wordsEnd;
    const types = this.label(this.word(end - 1));
    // Labels of one block need one look: a table may name it thousands of times.
    const seen = new Set<readonly ValueType[]>();
    for (let word = at; word < end - 1; word++) {
      const others = this.label(this.word(word));
      if (seen.has(others)) continue;
      seen.add(others);
      if (others.length !== types.length)
        throw new OperandFault(
          `type mismatch: one label of br_table takes ${others.length} operands, and the default takes ${types.length}`,
        );
      operands.peekAll(others);
    }
    operands.popAll(types);
    operands.markUnreachable();
  }

  select(at: number, opcode: Opcode): void {
    const { operands } = this;
    operands.pop(I32);
    if (opcode.immediate === "types") {
      const type = this.word(at) as ValueType;
      operands.popAll([type, type]);
      operands.push(type);
      return;
    }
    const first = operands.popAny();
    const second = operands.popAny();
    if ((first !== UNKNOWN && isReferenceType(first)) || (second !== UNKNOWN && isReferenceType(second)))
      throw new OperandFault("type mismatch: a select of references must name their type");
    if (first !== UNKNOWN && second !== UNKNOWN && first !== second)
      throw new OperandFault("type mismatch: the operands of select have different types");
    const type = first === UNKNOWN ? second : first;
    this.set(at, type);
    operands.push(type);
  }

  local(index: number): ValueType {
    const { params } = this.#type;
    if (index >>> 0 < params.length) return params[index]!;
    const { locals, localCount } = this.#body;
    if (index >>> 0 >= localCount) throw new OperandFault(`unknown local ${index >>> 0}`);
    let [least, most] = [0, locals.length - 1];
    while (least < most) {
      const middle = (least + most + 1) >>> 1;
      if (locals[middle]!.first <= index) least = middle;
      else most = middle - 1;
    }
    return locals[least]!.type;
  }

  type(index: number): FunctionType {
    return known("type", this.#module.types, index);
  }

  function(index: number): FunctionEntry {
    return known("function", this.#module.functions, index);
  }

  global(index: number): GlobalEntry {
    return known("global", this.#module.globals, index);
  }

  table(index: number): TableEntry {
    return known("table", this.#module.tables, index);
  }

  elementSegment(index: number) {
    return known("elem segment", this.#module.elements, index);
  }

  dataSegment(index: number): void {
    const { dataCount } = this.#module;
    if (dataCount === undefined) throw new OperandFault("data count section required");
    if (index >>> 0 >= dataCount) throw new OperandFault(`unknown data segment ${index >>> 0}`);
  }
}

/** Indices are words: a huge one is negative. */
function known<T>(what: string, list: readonly T[], index: number): T {
  const found = list[index >>> 0];
  if (found === undefined) throw new OperandFault(`unknown ${what} ${index >>> 0}`);
  return found;
}
