// lane.glsl: the instance of this thread. machine.schema.ts says how instances lie in memory.
//
// The thread keeps what changes with every instruction in variables, and stores it when its run ends.

layout(push_constant, scalar) uniform LaunchBlock { WasmLaunch launch; };
layout(buffer_reference, scalar, buffer_reference_align = 8) buffer Slot { uint64_t value; };
layout(buffer_reference, scalar, buffer_reference_align = 4) buffer Cell { uint value; };
layout(buffer_reference, scalar, buffer_reference_align = 4) readonly buffer Words { uint words[]; };
layout(buffer_reference, scalar, buffer_reference_align = 16) readonly buffer Instruction { uvec4 words; };

// Addresses of element 0 of this lane.
uint64_t laneSlots;
uint64_t laneCells;

uint status;
uint trap;
uint pc;
uint base;
uint depth;
// The import that the instance waits for.
uint hostCall;

// Opens the instance with a number.
void openLane(uint instance) {
  uint64_t group = uint64_t(instance >> launch.laneShift);
  uint64_t lane = uint64_t(instance & ((1u << launch.laneShift) - 1u));
  laneSlots = launch.slotMemory + ((((group * uint64_t(launch.slotsPerInstance)) << launch.laneShift) | lane) << 3);
  laneCells = launch.cellMemory + ((((group * uint64_t(launch.cellsPerInstance)) << launch.laneShift) | lane) << 2);
}

uint64_t slotAddress(uint slot) { return laneSlots + (uint64_t(slot) << (launch.laneShift + 3u)); }
uint64_t cellAddress(uint cell) { return laneCells + (uint64_t(cell) << (launch.laneShift + 2u)); }

uint64_t readSlot(uint slot) { return Slot(slotAddress(slot)).value; }
void writeSlot(uint slot, uint64_t value) { Slot(slotAddress(slot)).value = value; }
uint readCell(uint cell) { return Cell(cellAddress(cell)).value; }
void writeCell(uint cell, uint value) { Cell(cellAddress(cell)).value = value; }

// A word of the lists of the program.
uint word(uint index) { return Words(launch.words).words[index]; }

uint memoryPages(uint memory) { return readCell(STATE_SIZES + memory); }
uint tableSizeCell(uint table) { return STATE_SIZES + launch.memoryCount + table; }
uint droppedCell(uint segment) { return STATE_SIZES + launch.memoryCount + launch.tableCount + segment; }

// An operand of an instruction.
uint64_t operand(uint kind, uint value) {
  if (kind == KIND_NUMBER) return uint64_t(value);
  uint64_t address = kind == KIND_CONSTANT ? launch.constants + (uint64_t(value) << 3)
                                           : slotAddress(kind == KIND_GLOBAL ? value : base + value);
  return Slot(address).value;
}

void raise(uint reason) { trap = reason; }

uint64_t readFuel() { return uint64_t(readCell(STATE_FUEL_LOW)) | (uint64_t(readCell(STATE_FUEL_HIGH)) << 32); }

// The state of the instance as a run begins.
void loadState() {
  trap = TRAP_NONE;
  hostCall = 0u;
  pc = readCell(STATE_PC);
  base = readCell(STATE_BASE);
  depth = readCell(STATE_DEPTH);
}

// The state as the run ends.
void saveState(uint64_t fuel) {
  writeCell(STATE_STATUS, status);
  writeCell(STATE_TRAP, trap);
  writeCell(STATE_PC, pc);
  writeCell(STATE_BASE, base);
  writeCell(STATE_DEPTH, depth);
  writeCell(STATE_FUEL_LOW, uint(fuel));
  writeCell(STATE_FUEL_HIGH, uint(fuel >> 32));
  writeCell(STATE_HOST_CALL, hostCall);
}
