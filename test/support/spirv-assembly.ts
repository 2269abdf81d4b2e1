/** Writes SPIR-V modules by hand. Numbers are from the SPIR-V specification 1.6, section 3. */
/** Opcodes. */
export const Op = {
  Name: 5,
  String: 7,
  Line: 8,
  EntryPoint: 15,
  ExecutionMode: 16,
  Capability: 17,
  TypeVoid: 19,
  TypeBool: 20,
  TypeInt: 21,
  TypeArray: 28,
  TypeStruct: 30,
  TypePointer: 32,
  TypeFunction: 33,
  Constant: 43,
  ConstantComposite: 44,
  Function: 54,
  FunctionParameter: 55,
  FunctionEnd: 56,
  FunctionCall: 57,
  Variable: 59,
  Load: 61,
  Store: 62,
  AccessChain: 65,
  Decorate: 71,
  CompositeConstruct: 80,
  CopyObject: 83,
  IAdd: 128,
  LogicalAnd: 167,
  LogicalNot: 168,
  ULessThan: 176,
  ControlBarrier: 224,
  Phi: 245,
  LoopMerge: 246,
  SelectionMerge: 247,
  Label: 248,
  Branch: 249,
  BranchConditional: 250,
  Switch: 251,
  Return: 253,
  ReturnValue: 254,
} as const;

const MAGIC = 0x0723_0203;
const VERSION = 0x0001_0500;
const GL_COMPUTE = 5;
const LOCAL_SIZE = 17;
const BUILT_IN = 11;
const LOCAL_INVOCATION_INDEX = 29;
/** Storage classes. */
export const Storage = { input: 1, workgroup: 4, private: 6, function: 7, buffer: 12 } as const;
/** Most operands that an instruction has room for, its result among them. */
export const MAX_OPERANDS = 65_000;

/** A text as an instruction has it. */
export function textWords(text: string): number[] {
  const bytes = Buffer.alloc((Math.floor(text.length / 4) + 1) * 4);
  bytes.write(text);
  return Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readUInt32LE(index * 4));
}

/** Operands: lists of them have more than the arguments of a call may be. */
type Operands = readonly (number | readonly number[])[];

function instruction(opcode: number, ...operands: Operands): number[] {
  const words = operands.flat();
  return [((words.length + 1) << 16) | opcode].concat(words);
}

/** A module with one kernel of 64 threads, whose parts are added. */
export class Assembly {
  #bound = 1;
  readonly #head: number[][] = [];
  readonly #globals: number[][] = [];
  readonly #functions: number[][] = [];
  #body: number[][] = [];
  readonly main = this.id();
  readonly void = this.id();
  readonly bool = this.id();
  readonly uint = this.id();
  readonly noArguments = this.id();
  readonly zero = this.id();
  readonly one = this.id();
  readonly two = this.id();
  readonly #lanePointer = this.id();
  readonly lane = this.id();
  readonly localPointer = this.id();

  constructor() {
    this.global(Op.TypeVoid, this.void);
    this.global(Op.TypeBool, this.bool);
    this.global(Op.TypeInt, this.uint, 32, 0);
    this.global(Op.TypeFunction, this.noArguments, this.void);
    [this.zero, this.one, this.two].forEach((id, value) => this.global(Op.Constant, this.uint, id, value));
    this.global(Op.TypePointer, this.#lanePointer, Storage.input, this.uint);
    this.global(Op.TypePointer, this.localPointer, Storage.function, this.uint);
    this.#head.push(instruction(Op.Decorate, this.lane, BUILT_IN, LOCAL_INVOCATION_INDEX));
    this.global(Op.Variable, this.#lanePointer, this.lane, Storage.input);
  }

  id(): number {
    return this.#bound++;
  }

  ids(count: number): number[] {
    return Array.from({ length: count }, () => this.id());
  }

  head(opcode: number, ...operands: Operands): void {
    this.#head.push(instruction(opcode, ...operands));
  }

  global(opcode: number, ...operands: Operands): void {
    this.#globals.push(instruction(opcode, ...operands));
  }

  /** A global variable of words, or of another type. */
  variable(storage: number, type = this.uint): number {
    const [pointer, id] = [this.id(), this.id()];
    this.global(Op.TypePointer, pointer, storage, type);
    this.global(Op.Variable, pointer, id, storage);
    return id;
  }

  /** An instruction of the function that is being written. */
  op(opcode: number, ...operands: Operands): void {
    this.#body.push(instruction(opcode, ...operands));
  }

  /** An instruction with a result. */
  value(opcode: number, type: number, ...operands: Operands): number {
    const id = this.id();
    this.op(opcode, type, id, ...operands);
    return id;
  }

  label(id = this.id()): number {
    this.op(Op.Label, id);
    return id;
  }

  /** A condition that differs between threads. */
  condition(): number {
    return this.value(Op.ULessThan, this.bool, this.value(Op.Load, this.uint, this.lane), this.two);
  }

  branch(condition: number, whenTrue: number, whenFalse: number): void {
    this.op(Op.BranchConditional, condition, whenTrue, whenFalse);
  }

  barrier(): void {
    this.op(Op.ControlBarrier, this.two, this.two, this.zero);
  }

  /** A function; the body begins behind its first label. */
  function(id: number, body: () => void, parameters: readonly number[] = []): void {
    this.#body = [];
    this.op(Op.Function, this.void, id, 0, this.noArguments);
    for (const parameter of parameters) this.op(Op.FunctionParameter, this.uint, parameter);
    this.label();
    body();
    this.op(Op.FunctionEnd);
    for (const words of this.#body) this.#functions.push(words);
  }

  /** The module with the kernel. */
  kernel(body: () => void): Uint32Array {
    this.function(this.main, body);
    const head = [
      instruction(Op.Capability, 1),
      instruction(Op.EntryPoint, GL_COMPUTE, this.main, textWords("main"), this.lane),
      instruction(Op.ExecutionMode, this.main, LOCAL_SIZE, 64, 1, 1),
    ];
    const all = [head, this.#head, this.#globals, this.#functions].flat();
    const words = new Uint32Array(5 + all.reduce((sum, { length }) => sum + length, 0));
    words.set([MAGIC, VERSION, 0, this.#bound, 0]);
    let at = 5;
    for (const each of all) {
      words.set(each, at);
      at += each.length;
    }
    return words;
  }
}

/** Makes a module that has so many of one thing. */
export type Shape = (count: number) => Uint32Array;

/** A kernel whose body is written by a function. */
export const kernel =
  (write: (to: Assembly, count: number) => void): Shape =>
  (count) => {
    const to = new Assembly();
    return to.kernel(() => write(to, count));
  };
