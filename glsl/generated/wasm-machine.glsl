// Written by scripts/gen-glsl.ts from the schema in src; do not edit.
// How instances of WebAssembly lie in device memory, and how kernels are launched.
// Needs: GL_EXT_shader_explicit_arithmetic_types_int64.

// The cells of an instance, by number.
const uint STATE_STATUS = 0u;
const uint STATE_TRAP = 1u;
// The instruction that comes next; after a trap, the one that trapped.
const uint STATE_PC = 2u;
// The first register of the function that runs, counted in slots.
const uint STATE_BASE = 3u;
const uint STATE_DEPTH = 4u;
const uint STATE_FUEL_LOW = 5u;
const uint STATE_FUEL_HIGH = 6u;
// The import that is waited for.
const uint STATE_HOST_CALL = 7u;
// Begin of the sizes of memories (pages), of tables (elements), and of flags of dropped segments.
const uint STATE_SIZES = 8u;

// What an instance does.
const uint STATUS_IDLE = 0u;
const uint STATUS_RUNNING = 1u;
const uint STATUS_DONE = 2u;
const uint STATUS_TRAPPED = 3u;
// For the host's answer to a call.
const uint STATUS_WAITING = 4u;

const uint FUNCTION_START = 0u;
const uint FUNCTION_FRAME_SLOTS = 1u;
const uint FUNCTION_TYPE = 2u;
const uint FUNCTION_WORDS = 4u;

const uint REGION_CELLS_AT = 0u;
const uint REGION_MAXIMUM = 1u;
const uint REGION_WORDS = 2u;

const uint SEGMENT_BEGIN = 0u;
const uint SEGMENT_LENGTH = 1u;
const uint SEGMENT_WORDS = 2u;

const uint MACHINE_WORKGROUP_SIZE = 32u;
const uint MACHINE_PAGE_BITS = 16u;
const uint MACHINE_COPY_ELEMENTS = 64u;

// What a run of the interpreter is given.
struct WasmLaunch { // 120 bytes
  // instructions, 4 words each
  uint64_t code; // at 0
  // numbers of 64 bits
  uint64_t constants; // at 8
  // the lists of functions, memories, tables, segments and jumps
  uint64_t words; // at 16
  uint64_t slotMemory; // at 24
  uint64_t cellMemory; // at 32
  // what instances do after the run
  uint64_t counters; // at 40
  uint instanceCount; // at 48
  uint laneShift; // at 52
  uint slotsPerInstance; // at 56
  uint cellsPerInstance; // at 60
  // the first slot of the frames
  uint framesAt; // at 64
  // how many calls may be open
  uint maxDepth; // at 68
  // places of the lists, in words
  uint functionsAt; // at 72
  uint memoriesAt; // at 76
  uint tablesAt; // at 80
  uint segmentsAt; // at 84
  uint elementsAt; // at 88
  uint dataAt; // at 92
  uint memoryCount; // at 96
  uint tableCount; // at 100
  // how many instructions an instance may run
  uint quantum; // at 104
  // a compiled program runs instances with so much fuel, and the interpreter the others; 0: there is none
  uint leastFuel; // at 108
  // 0, of which compilers of kernels know nothing
  uint zeroA; // at 112
  // another 0
  uint zeroB; // at 116
};

// Counts of a run.
struct WasmCounters { // 16 bytes
  uint running; // at 0
  uint waiting; // at 4
  // instructions that instances which still run should have run, and did not
  uint missing; // at 8
  // instructions of the instance that ran most
  uint steps; // at 12
};

// What a copy between columns and instances is given.
struct WasmTransfer { // 72 bytes
  // slots: column after column, each with one slot for an instance
  uint64_t columns; // at 0
  // for each instance: status, trap, instruction, the import that it waits for
  uint64_t states; // at 8
  uint64_t slotMemory; // at 16
  uint64_t cellMemory; // at 24
  uint instanceCount; // at 32
  // slots of a column: the instances of all parts
  uint rowCount; // at 36
  uint laneShift; // at 40
  uint slotsPerInstance; // at 44
  uint cellsPerInstance; // at 48
  // the first register of a call that begins; other copies go by the state
  uint firstSlot; // at 52
  uint columnCount; // at 56
  // the instruction to begin with
  uint start; // at 60
  uint fuelLow; // at 64
  uint fuelHigh; // at 68
};

// What a copy between a list and the same elements of instances is given.
struct WasmCopy { // 44 bytes
  // the elements, one after the other
  uint64_t list; // at 0
  // slots or cells of all instances
  uint64_t memory; // at 8
  uint firstInstance; // at 16
  uint instanceCount; // at 20
  uint laneShift; // at 24
  uint elementsPerInstance; // at 28
  uint firstElement; // at 32
  uint elementCount; // at 36
  // words of an element: 1 for cells, 2 for slots
  uint elementWords; // at 40
};

// What the numeric kernel is given.
struct NumericLaunch { // 20 bytes
  uint64_t questions; // at 0
  uint64_t answers; // at 8
  uint count; // at 16
};

// An operation and its operands.
struct NumericQuestion { // 24 bytes
  uint64_t a; // at 0
  uint64_t b; // at 8
  uint operation; // at 16
  uint unused; // at 20
};

// The bits of a result, and why there is none.
struct NumericAnswer { // 16 bytes
  uint64_t bits; // at 0
  uint trap; // at 8
  uint unused; // at 12
};
