/** Numbers of the SPIR-V specification 1.6, section 3, as far as the analysis knows them. */

/** Opcodes that the analysis tells apart. */
export const Op = {
  Name: 5,
  String: 7,
  Line: 8,
  ExtInst: 12,
  EntryPoint: 15,
  TypeInt: 21,
  ConstantTrue: 41,
  ConstantFalse: 42,
  Constant: 43,
  ConstantComposite: 44,
  ConstantNull: 46,
  SpecConstantTrue: 48,
  SpecConstantOp: 52,
  Function: 54,
  FunctionParameter: 55,
  FunctionEnd: 56,
  FunctionCall: 57,
  Variable: 59,
  Load: 61,
  Store: 62,
  CopyMemory: 63,
  AccessChain: 65,
  InBoundsAccessChain: 66,
  PtrAccessChain: 67,
  InBoundsPtrAccessChain: 70,
  Decorate: 71,
  VectorShuffle: 79,
  CompositeConstruct: 80,
  CompositeExtract: 81,
  CompositeInsert: 82,
  CopyObject: 83,
  ConvertUToPtr: 120,
  Bitcast: 124,
  IAdd: 128,
  IMul: 132,
  LogicalEqual: 164,
  LogicalOr: 166,
  LogicalAnd: 167,
  LogicalNot: 168,
  Select: 169,
  IEqual: 170,
  INotEqual: 171,
  UGreaterThan: 172,
  SLessThanEqual: 179,
  ControlBarrier: 224,
  MemoryBarrier: 225,
  AtomicLoad: 227,
  AtomicStore: 228,
  AtomicExchange: 229,
  AtomicCompareExchange: 230,
  AtomicIIncrement: 232,
  AtomicIDecrement: 233,
  AtomicXor: 242,
  Phi: 245,
  LoopMerge: 246,
  SelectionMerge: 247,
  Label: 248,
  Branch: 249,
  BranchConditional: 250,
  Switch: 251,
  Kill: 252,
  Return: 253,
  ReturnValue: 254,
  Unreachable: 255,
  NoLine: 317,
  GroupElect: 333,
  GroupAll: 334,
  GroupAllEqual: 336,
  GroupBroadcast: 337,
  GroupBroadcastFirst: 338,
  GroupBallot: 339,
  GroupInverseBallot: 340,
  GroupBallotBitExtract: 341,
  GroupBallotBitCount: 342,
  GroupBallotFindMsb: 344,
  GroupShuffle: 345,
  GroupShuffleDown: 348,
  GroupIAdd: 349,
  GroupLogicalXor: 364,
  ReadClock: 5056,
  AtomicFMin: 5614,
  AtomicFMax: 5615,
  AtomicFAdd: 6035,
} as const;

/** Storage classes. */
export const Storage = {
  UniformConstant: 0,
  Input: 1,
  Uniform: 2,
  Workgroup: 4,
  Private: 6,
  Function: 7,
  PushConstant: 9,
  StorageBuffer: 12,
  PhysicalStorageBuffer: 5349,
} as const;

/** Inputs that the device provides. */
export const BuiltIn = {
  NumWorkgroups: 24,
  WorkgroupSize: 25,
  WorkgroupId: 26,
  LocalInvocationId: 27,
  GlobalInvocationId: 28,
  LocalInvocationIndex: 29,
  SubgroupSize: 36,
  NumSubgroups: 38,
  SubgroupId: 40,
  SubgroupLocalInvocationId: 41,
} as const;

/** Decoration of a variable that is an input of the device. */
export const DECORATION_BUILT_IN = 11;
/** The value of a scope that means a workgroup. */
export const SCOPE_WORKGROUP = 2;

/** Whether an opcode is an atomic operation, a load or a store included. */
export function isAtomic(opcode: number): boolean {
  return (
    (opcode >= Op.AtomicLoad && opcode <= Op.AtomicXor) ||
    opcode === Op.AtomicFAdd ||
    opcode === Op.AtomicFMin ||
    opcode === Op.AtomicFMax
  );
}

/** Opcodes of function bodies that give a value: first and last of each run. */
const WITH_RESULT: readonly (readonly [number, number])[] = [
  [1, 1],
  [12, 12],
  [57, 57],
  [59, 61],
  [65, 70],
  [77, 84],
  [86, 98],
  [100, 107],
  [109, 152],
  [154, 191],
  [194, 205],
  [207, 215],
  [227, 227],
  [229, 242],
  [245, 245],
  [261, 276],
  [305, 306],
  [333, 366],
  [400, 403],
  [4421, 4432],
  [4450, 4455],
  [5056, 5056],
  [5614, 5615],
  [6035, 6035],
];

const RESULTS = new Set(
  WITH_RESULT.flatMap(([first, last]) =>
    Array.from({ length: last - first + 1 }, (_, index) => first + index),
  ),
);

/** Whether an instruction of a function body has a result type and a result. */
export function hasResult(opcode: number): boolean {
  return RESULTS.has(opcode);
}

const NONE: readonly number[] = [];
const FIRST: readonly number[] = [0];
const SECOND: readonly number[] = [1];
const FIRST_TWO: readonly number[] = [0, 1];
const FIRST_AND_FOURTH: readonly number[] = [0, 3];
const EXCHANGED: readonly number[] = [0, 4, 5];

/** Which operands of an instruction are values: indexes behind its result. */
export function valueOperands(opcode: number, count: number): readonly number[] {
  switch (opcode) {
    case Op.Load:
    case Op.CompositeExtract:
    case Op.AtomicLoad:
    case Op.AtomicIIncrement:
    case Op.AtomicIDecrement:
      return FIRST;
    case Op.Store:
    case Op.CopyMemory:
    case Op.CompositeInsert:
    case Op.VectorShuffle:
      return FIRST_TWO;
    case Op.AtomicCompareExchange:
      return EXCHANGED;
    case Op.Variable:
      return SECOND;
    case Op.ControlBarrier:
    case Op.MemoryBarrier:
    case Op.ReadClock:
    case Op.GroupElect:
      return NONE;
    default:
  }
  if (isAtomic(opcode)) return FIRST_AND_FOURTH;
  if (opcode === Op.ExtInst || opcode === Op.GroupBallotBitCount) return range(2, count);
  if (opcode >= Op.GroupIAdd && opcode <= Op.GroupLogicalXor) return range(2, Math.min(3, count));
  if (opcode >= Op.GroupAll && opcode <= 366) return range(1, count);
  return range(0, count);
}

/** Ranges that were asked for: most instructions have few operands. */
const ranges = new Map<number, readonly number[]>();
const RANGE_END_MAX = 64;

function range(begin: number, end: number): readonly number[] {
  const key = end * 4 + begin;
  let known = ranges.get(key);
  if (known === undefined) {
    known = Array.from({ length: Math.max(0, end - begin) }, (_, index) => begin + index);
    if (end <= RANGE_END_MAX) ranges.set(key, known);
  }
  return known;
}
