/**
 * How instances lie in device memory, and how kernels are launched.
 *
 * Instances are lanes. `1 << laneShift` neighbours make a group, and everything of a group is interleaved: element `i`
 * of lane `l` lies at `i << laneShift | l`. So lanes that reach for the same element reach for neighbours.
 *
 *     slots, 8 bytes    globals │ frames of calls │ registers
 *     cells, 4 bytes    state │ sizes of memories and tables, dropped segments │ tables │ memories
 *
 * A frame holds the instruction to return to, and in its high half the first register of the caller.
 */
import { constants, doc, glslModule, struct, u32, u64 } from "../../schema/index.ts";

/** Cells of the state of an instance. */
export const StateCell = constants(
  "STATE",
  { STATUS: 0, TRAP: 1, PC: 2, BASE: 3, DEPTH: 4, FUEL_LOW: 5, FUEL_HIGH: 6, HOST_CALL: 7, SIZES: 8 },
  {
    doc: "The cells of an instance, by number.",
    docs: {
      PC: "The instruction that comes next; after a trap, the one that trapped.",
      BASE: "The first register of the function that runs, counted in slots.",
      HOST_CALL: "The import that is waited for.",
      SIZES:
        "Begin of the sizes of memories (pages), of tables (elements), and of flags of dropped segments.",
    },
  },
);

/** What an instance does. */
export const Status = constants(
  "STATUS",
  { IDLE: 0, RUNNING: 1, DONE: 2, TRAPPED: 3, WAITING: 4 },
  {
    doc: "What an instance does.",
    docs: {
      WAITING: "For the host's answer to a call.",
    },
  },
);

/** Words of an entry of the list of functions. */
export const FunctionWord = constants("FUNCTION", { START: 0, FRAME_SLOTS: 1, TYPE: 2, WORDS: 4 });

/** Words of an entry of the lists of memories and tables: where the cells begin, and the size that is never passed. */
export const RegionWord = constants("REGION", { CELLS_AT: 0, MAXIMUM: 1, WORDS: 2 });

/** Words of an entry of the list of segments: where its bytes or elements begin, and how many there are. */
export const SegmentWord = constants("SEGMENT", { BEGIN: 0, LENGTH: 1, WORDS: 2 });

/** Numbers that fit no other set. */
export const Machine = constants("MACHINE", { WORKGROUP_SIZE: 32, PAGE_BITS: 16, COPY_ELEMENTS: 64 });

/** What a run of the interpreter is given. All addresses are those of device memory. */
export const WasmLaunch = struct(
  "WasmLaunch",
  {
    code: doc(u64, "instructions, 4 words each"),
    constants: doc(u64, "numbers of 64 bits"),
    words: doc(u64, "the lists of functions, memories, tables, segments and jumps"),
    slotMemory: u64,
    cellMemory: u64,
    counters: doc(u64, "what instances do after the run"),
    instanceCount: u32,
    laneShift: u32,
    slotsPerInstance: u32,
    cellsPerInstance: u32,
    framesAt: doc(u32, "the first slot of the frames"),
    maxDepth: doc(u32, "how many calls may be open"),
    functionsAt: doc(u32, "places of the lists, in words"),
    memoriesAt: u32,
    tablesAt: u32,
    segmentsAt: u32,
    elementsAt: u32,
    dataAt: u32,
    memoryCount: u32,
    tableCount: u32,
    quantum: doc(u32, "how many instructions an instance may run"),
    leastFuel: doc(
      u32,
      "a compiled program runs instances with so much fuel, and the interpreter the others; 0: there is none",
    ),
    zeroA: doc(u32, "0, of which compilers of kernels know nothing"),
    zeroB: doc(u32, "another 0"),
  },
  { rule: "scalar", doc: "What a run of the interpreter is given." },
);

/** Counts of a run. */
export const WasmCounters = struct(
  "WasmCounters",
  {
    running: u32,
    waiting: u32,
    missing: doc(u32, "instructions that instances which still run should have run, and did not"),
    steps: doc(u32, "instructions of the instance that ran most"),
  },
  { rule: "scalar", doc: "Counts of a run." },
);

/** What a copy between columns and instances is given. */
export const WasmTransfer = struct(
  "WasmTransfer",
  {
    columns: doc(u64, "slots: column after column, each with one slot for an instance"),
    states: doc(u64, "for each instance: status, trap, instruction, the import that it waits for"),
    slotMemory: u64,
    cellMemory: u64,
    instanceCount: u32,
    rowCount: doc(u32, "slots of a column: the instances of all parts"),
    laneShift: u32,
    slotsPerInstance: u32,
    cellsPerInstance: u32,
    firstSlot: doc(u32, "the first register of a call that begins; other copies go by the state"),
    columnCount: u32,
    start: doc(u32, "the instruction to begin with"),
    fuelLow: u32,
    fuelHigh: u32,
  },
  { rule: "scalar", doc: "What a copy between columns and instances is given." },
);

/** What a copy between a list and the same elements of instances is given. */
export const WasmCopy = struct(
  "WasmCopy",
  {
    list: doc(u64, "the elements, one after the other"),
    memory: doc(u64, "slots or cells of all instances"),
    firstInstance: u32,
    instanceCount: u32,
    laneShift: u32,
    elementsPerInstance: u32,
    firstElement: u32,
    elementCount: u32,
    elementWords: doc(u32, "words of an element: 1 for cells, 2 for slots"),
  },
  { rule: "scalar", doc: "What a copy between a list and the same elements of instances is given." },
);

/** What the numeric kernel is given. */
export const NumericLaunch = struct(
  "NumericLaunch",
  { questions: u64, answers: u64, count: u32 },
  { rule: "scalar", doc: "What the numeric kernel is given." },
);

/** An operation and its operands. */
export const NumericQuestion = struct(
  "NumericQuestion",
  { a: u64, b: u64, operation: u32, unused: u32 },
  { rule: "scalar", doc: "An operation and its operands." },
);

/** The bits of a result, and why there is none. */
export const NumericAnswer = struct(
  "NumericAnswer",
  { bits: u64, trap: u32, unused: u32 },
  { rule: "scalar", doc: "The bits of a result, and why there is none." },
);

/** Generated GLSL by file name. */
export const glslModules = {
  "wasm-machine.glsl": glslModule({
    doc: "How instances of WebAssembly lie in device memory, and how kernels are launched.",
    parts: [
      StateCell,
      Status,
      FunctionWord,
      RegionWord,
      SegmentWord,
      Machine,
      WasmLaunch,
      WasmCounters,
      WasmTransfer,
      WasmCopy,
      NumericLaunch,
      NumericQuestion,
      NumericAnswer,
    ],
  }),
};
