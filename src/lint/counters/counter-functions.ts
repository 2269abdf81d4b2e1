/**
 * The functions that a kernel with counters calls: one in each block, and two around each barrier of a workgroup. One
 * thread of those that run together counts for all. counter-memory.ts says what they count.
 */
import { BuiltIn, Op, Storage } from "../code/index.ts";
import { instruction, type ModuleEditor } from "../../spirv/index.ts";
import { type CounterLayout, WORD_BYTES } from "./counter-memory.ts";

/** Numbers of the SPIR-V specification 1.6 that only counters need. */
const More = {
  TypeVoid: 19,
  TypeBool: 20,
  TypeVector: 23,
  TypePointer: 32,
  TypeFunction: 33,
  UConvert: 113,
  ISub: 130,
  ULessThan: 176,
  BitwiseXor: 198,
  AtomicIAdd: 234,
  AtomicUMax: 239,
} as const;
const Capability = { Int64: 11, Int64Atomics: 12, GroupNonUniform: 61, Ballot: 64, Addresses: 5347 } as const;
const ADDRESSING_PHYSICAL_64 = 5348;
const SCOPE_DEVICE = 1;
const SCOPE_SUBGROUP = 3;
const BIT_COUNT_REDUCE = 0;

/** Ids of the functions. */
export interface CounterFunctions {
  /** `void count(uint64 offset of the phase, uint64 instructions)`, in every block. */
  readonly count: number;
  /** `void bring()`, before a barrier. */
  readonly bring: number;
  /** `void take()`, behind it. */
  readonly take: number;
  readonly void: number;
}

/** Adds the functions to a module. @param address where the counters lie on the device */
export function addCounterFunctions(
  editor: ModuleEditor,
  layout: CounterLayout,
  address: bigint,
): CounterFunctions {
  return new Builder(editor, layout, address).build();
}

class Builder {
  readonly #editor: ModuleEditor;
  readonly #layout: CounterLayout;
  readonly #address: bigint;
  readonly #void: number;
  readonly #bool: number;
  readonly #uint: number;
  readonly #ulong: number;
  readonly #uvec3: number;
  readonly #uvec4: number;
  readonly #counterPointer: number;
  readonly #uintPointer: number;
  /** Whether a thread has passed an odd number of barriers. */
  readonly #parity: number;
  #body: number[][] = [];

  constructor(editor: ModuleEditor, layout: CounterLayout, address: bigint) {
    this.#editor = editor;
    this.#layout = layout;
    this.#address = address;
    for (const capability of Object.values(Capability)) editor.capability(capability);
    editor.extension("SPV_KHR_physical_storage_buffer");
    editor.addressing(ADDRESSING_PHYSICAL_64);
    this.#void = editor.type(More.TypeVoid);
    this.#bool = editor.type(More.TypeBool);
    this.#uint = editor.type(Op.TypeInt, 32, 0);
    this.#ulong = editor.type(Op.TypeInt, 64, 0);
    this.#uvec3 = editor.type(More.TypeVector, this.#uint, 3);
    this.#uvec4 = editor.type(More.TypeVector, this.#uint, 4);
    this.#counterPointer = editor.type(More.TypePointer, Storage.PhysicalStorageBuffer, this.#ulong);
    this.#uintPointer = editor.type(More.TypePointer, Storage.Private, this.#uint);
    this.#parity = editor.variable(this.#uintPointer, Storage.Private, this.#number(0));
  }

  build(): CounterFunctions {
    const count = this.#countFunction();
    const { listBytes } = this.#layout;
    const bring = this.#meetingFunction((subgroup, meeting) => {
      this.#eachPhase((offset) => {
        const passes = this.#atomicLoad(this.#pointer(subgroup, listBytes + offset));
        const waits = this.#atomicLoad(this.#pointer(subgroup, 2 * listBytes + offset));
        this.#atomic(More.AtomicUMax, this.#pointer(meeting, offset), this.#sum(passes, waits));
      });
    });
    const take = this.#meetingFunction(
      (subgroup, meeting) => {
        this.#eachPhase((offset) => {
          const latest = this.#atomicLoad(this.#pointer(meeting, offset));
          const passes = this.#atomicLoad(this.#pointer(subgroup, listBytes + offset));
          const waits = this.#value(More.ISub, this.#ulong, latest, passes);
          this.#atomic(More.AtomicUMax, this.#pointer(subgroup, 2 * listBytes + offset), waits);
        });
      },
      () => {
        const parity = this.#value(Op.Load, this.#uint, this.#parity);
        const next = this.#value(More.BitwiseXor, this.#uint, parity, this.#number(1));
        this.#do(Op.Store, this.#parity, next);
      },
    );
    return { count, bring, take, void: this.#void };
  }

  #countFunction(): number {
    const [phase, weight] = [this.#editor.newId(), this.#editor.newId()];
    return this.#function([phase, weight], (isElected) => {
      const all = this.#editor.constantTrue(this.#bool);
      const ballot = this.#value(Op.GroupBallot, this.#uvec4, this.#number(SCOPE_SUBGROUP), all);
      const lanes = this.#value(
        Op.GroupBallotBitCount,
        this.#uint,
        this.#number(SCOPE_SUBGROUP),
        BIT_COUNT_REDUCE,
        ballot,
      );
      const work = this.#value(Op.IMul, this.#ulong, this.#value(More.UConvert, this.#ulong, lanes), weight);
      this.#ifInside(isElected, (record) => {
        const own = this.#sum(this.#subgroupOf(record), phase);
        this.#atomic(More.AtomicIAdd, this.#pointer(own, 0), work);
        this.#atomic(More.AtomicIAdd, this.#pointer(own, this.#layout.listBytes), weight);
      });
    });
  }

  /** A function of a barrier. @param last is run by all threads */
  #meetingFunction(body: (subgroup: number, meeting: number) => void, last = (): void => undefined): number {
    return this.#function([], (isElected) => {
      this.#ifInside(isElected, (record) => {
        const parity = this.#value(Op.Load, this.#uint, this.#parity);
        const wide = this.#value(More.UConvert, this.#ulong, parity);
        const offset = this.#value(Op.IMul, this.#ulong, wide, this.#wide(this.#layout.listBytes));
        body(this.#subgroupOf(record), this.#sum(record, offset));
      });
      last();
    });
  }

  #eachPhase(body: (offsetBytes: number) => void): void {
    for (let phase = 0; phase < this.#layout.phases; phase++) body(phase * WORD_BYTES);
  }

  /** @param parameters ids of 64-bit numbers */
  #function(parameters: readonly number[], body: (isElected: number) => void): number {
    const type = this.#editor.type(More.TypeFunction, this.#void, ...parameters.map(() => this.#ulong));
    const id = this.#editor.newId();
    this.#body = [instruction(Op.Function, this.#void, id, 0, type)];
    for (const parameter of parameters) this.#do(Op.FunctionParameter, this.#ulong, parameter);
    this.#do(Op.Label, this.#editor.newId());
    body(this.#value(Op.GroupElect, this.#bool, this.#number(SCOPE_SUBGROUP)));
    this.#do(Op.Return);
    this.#do(Op.FunctionEnd);
    this.#editor.addFunction(this.#body);
    return id;
  }

  /** One thread goes on, of the workgroups that have a record. */
  #ifInside(isElected: number, body: (record: number) => void): void {
    const workgroup = this.#workgroup();
    const isCounted = this.#value(
      More.ULessThan,
      this.#bool,
      workgroup,
      this.#number(this.#layout.workgroups),
    );
    const goesOn = this.#value(Op.LogicalAnd, this.#bool, isElected, isCounted);
    const [inside, behind] = [this.#editor.newId(), this.#editor.newId()];
    this.#do(Op.SelectionMerge, behind, 0);
    this.#do(Op.BranchConditional, goesOn, inside, behind);
    this.#do(Op.Label, inside);
    const wide = this.#value(More.UConvert, this.#ulong, workgroup);
    const offset = this.#value(Op.IMul, this.#ulong, wide, this.#wide(this.#layout.recordBytes));
    body(this.#sum(this.#wideConstant(this.#address), offset));
    this.#do(Op.Branch, behind);
    this.#do(Op.Label, behind);
  }

  /** The number of the workgroup in the launch: (z · height + y) · width + x. */
  #workgroup(): number {
    const place = this.#input(BuiltIn.WorkgroupId, this.#uvec3);
    const counts = this.#input(BuiltIn.NumWorkgroups, this.#uvec3);
    const part = (vector: number, index: number): number =>
      this.#value(Op.CompositeExtract, this.#uint, vector, index);
    let number = part(place, 2);
    for (const axis of [1, 0]) {
      const rows = this.#value(Op.IMul, this.#uint, number, part(counts, axis));
      number = this.#value(Op.IAdd, this.#uint, rows, part(place, axis));
    }
    return number;
  }

  /** The address of the counters of the subgroup. */
  #subgroupOf(record: number): number {
    const { subgroupsAt, subgroupBytes, subgroups } = this.#layout;
    const own = this.#input(BuiltIn.SubgroupId, this.#uint);
    const isThere = this.#value(More.ULessThan, this.#bool, own, this.#number(subgroups));
    const number = this.#value(Op.Select, this.#uint, isThere, own, this.#number(subgroups - 1));
    const wide = this.#value(More.UConvert, this.#ulong, number);
    const offset = this.#value(Op.IMul, this.#ulong, wide, this.#wide(subgroupBytes));
    return this.#sum(this.#sum(record, this.#wide(subgroupsAt)), offset);
  }

  /** What the device provides, as the type that is asked for: modules may have it with a sign. */
  #input(builtIn: number, type: number): number {
    const { variable, type: own } = this.#editor.builtIn(builtIn, type);
    const loaded = this.#value(Op.Load, own, variable);
    return own === type ? loaded : this.#value(Op.Bitcast, type, loaded);
  }

  #pointer(address: number, offsetBytes: number): number {
    const at = offsetBytes === 0 ? address : this.#sum(address, this.#wide(offsetBytes));
    return this.#value(Op.ConvertUToPtr, this.#counterPointer, at);
  }

  #atomicLoad(pointer: number): number {
    return this.#value(Op.AtomicLoad, this.#ulong, pointer, this.#number(SCOPE_DEVICE), this.#number(0));
  }

  #atomic(opcode: number, pointer: number, value: number): void {
    this.#value(opcode, this.#ulong, pointer, this.#number(SCOPE_DEVICE), this.#number(0), value);
  }

  #sum(a: number, b: number): number {
    return this.#value(Op.IAdd, this.#ulong, a, b);
  }

  #number(value: number): number {
    return this.#editor.constant(this.#uint, value);
  }

  #wide(value: number): number {
    return this.#wideConstant(BigInt(value));
  }

  #wideConstant(value: bigint): number {
    return this.#editor.constant(this.#ulong, Number(value & 0xffff_ffffn), Number(value >> 32n));
  }

  #value(opcode: number, type: number, ...operands: readonly number[]): number {
    const id = this.#editor.newId();
    this.#body.push(instruction(opcode, type, id, ...operands));
    return id;
  }

  #do(opcode: number, ...operands: readonly number[]): void {
    this.#body.push(instruction(opcode, ...operands));
  }
}
