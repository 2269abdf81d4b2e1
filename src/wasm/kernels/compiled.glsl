// compiled.glsl: what the code of compiled functions calls, beside the operations of the interpreter. Functions are
// compiled from the register form (src/wasm/compile): an instruction is a statement, and a register is a variable.
//
// Every block of instructions is named by its first one. `next` is the block that comes next, or PARKED. `resume` is
// the block to go on with, at any time: whatever ends a loop, a driver's own limit too, the instance can go on.

const uint PARKED = 0xffffffffu;

uint next;
uint resume;
// Instructions that may run before the instance must be parked.
int budget;
// Open calls lie in memory and not in variables.
bool isInMemory;

void park(uint at) {
  resume = at;
  next = PARKED;
}

// Goes on with a block, without a look at the budget.
void goOn(uint at) {
  resume = at;
  next = at;
}

// The instruction `at` trapped.
void stop(uint reason, uint at) {
  trap = reason;
  status = STATUS_TRAPPED;
  park(at);
}

// A function that began with an empty stack of calls, or one whose caller lies in memory, has returned.
void leaveFunction(uint calleeBase) {
  next = PARKED;
  isInMemory = true;
  base = calleeBase;
  pc = resume;
  returnFromFunction();
  resume = pc;
}

// Takes steps of a bulk operation at `pc`, while the budget allows them. Then `pc` is what comes next.
void takeSteps(uint op, uint memory, uint source, uint first) {
  uint here = pc;
  for (uint n = 0u; n < launch.quantum && budget >= int(launch.leastFuel); n++) {
    budget--;
    pc = here + 1u;
    bulkOperation(op, memory, source, first, here);
    if (pc != here || trap != TRAP_NONE) return;
  }
}

uint trailingZerosShort(uint value) { return value == 0u ? 32u : uint(findLSB(value)); }

uint rotateShort(uint value, uint by) {
  uint left = by & 31u;
  return (value << left) | (value >> ((32u - left) & 31u));
}

// div_s, div_u, rem_s, rem_u as 0 … 3, on magnitudes as divideIntegers.
uint divideShort(uint index, uint a, uint b) {
  if (b == 0u) {
    trap = TRAP_DIVIDE_BY_ZERO;
    return 0u;
  }
  bool isSigned = (index & 1u) == 0u;
  if (index == 0u && a == 0x80000000u && b == 0xffffffffu) {
    trap = TRAP_INTEGER_OVERFLOW;
    return 0u;
  }
  bool isNegativeA = isSigned && int(a) < 0;
  bool isNegativeB = isSigned && int(b) < 0;
  uint magnitudeA = isNegativeA ? 0u - a : a;
  uint magnitudeB = isNegativeB ? 0u - b : b;
  uint quotient = magnitudeA / magnitudeB;
  if (index >= 2u) {
    uint rest = magnitudeA - quotient * magnitudeB;
    return isNegativeA ? 0u - rest : rest;
  }
  return isNegativeA != isNegativeB ? 0u - quotient : quotient;
}

uint64_t canonicalBits(double value) { return canonical64(fromDouble(value)); }

// A float of which the compiler knows nothing. Drivers take x + 0 for x, x * 0 for 0 and x - x for 0, where they see
// that it is so: all of it is wrong for some x.
double hidden(uint64_t bits, uint zero) { return packDouble2x32(uvec2(uint(bits) ^ zero, uint(bits >> 32))); }

uint64_t sum(uint64_t a, uint64_t b) {
  precise double value = hidden(a, launch.zeroA) + hidden(b, launch.zeroB);
  return canonicalBits(value);
}
uint64_t difference(uint64_t a, uint64_t b) {
  precise double value = hidden(a, launch.zeroA) - hidden(b, launch.zeroB);
  return canonicalBits(value);
}
uint64_t product(uint64_t a, uint64_t b) {
  precise double value = hidden(a, launch.zeroA) * hidden(b, launch.zeroB);
  return canonicalBits(value);
}
uint64_t quotient(uint64_t a, uint64_t b) {
  precise double value = hidden(a, launch.zeroA) / hidden(b, launch.zeroB);
  return canonicalBits(value);
}
uint64_t root(uint64_t a) {
  precise double value = sqrt(toDouble(a));
  return canonicalBits(value);
}

// Loads and stores within a memory: the bounds were checked.

uint loadByte(uint cellsAt, uint address) {
  return (readCell(cellsAt + (address >> 2)) >> ((address & 3u) * 8u)) & 0xffu;
}

uint loadWord(uint cellsAt, uint address) {
  uint cell = cellsAt + (address >> 2);
  uint shift = (address & 3u) * 8u;
  uint value = readCell(cell) >> shift;
  if (shift != 0u) value |= readCell(cell + 1u) << (32u - shift);
  return value;
}

uint loadHalf(uint cellsAt, uint address) {
  uint cell = cellsAt + (address >> 2);
  uint within = address & 3u;
  uint value = readCell(cell) >> (within * 8u);
  if (within == 3u) value |= readCell(cell + 1u) << 8u;
  return value & 0xffffu;
}

uint64_t loadLong(uint cellsAt, uint address) {
  return uint64_t(loadWord(cellsAt, address)) | (uint64_t(loadWord(cellsAt, address + 4u)) << 32);
}

void storeByte(uint cellsAt, uint address, uint value) {
  uint shift = (address & 3u) * 8u;
  writePart(cellsAt + (address >> 2), value << shift, 0xffu << shift);
}

void storeHalf(uint cellsAt, uint address, uint value) {
  uint cell = cellsAt + (address >> 2);
  uint within = address & 3u;
  writePart(cell, value << (within * 8u), 0xffffu << (within * 8u));
  if (within == 3u) writePart(cell + 1u, value >> 8u, 0xffu);
}

void storeWord(uint cellsAt, uint address, uint value) {
  uint cell = cellsAt + (address >> 2);
  uint shift = (address & 3u) * 8u;
  if (shift == 0u) {
    writeCell(cell, value);
    return;
  }
  writePart(cell, value << shift, 0xffffffffu << shift);
  writePart(cell + 1u, value >> (32u - shift), 0xffffffffu >> (32u - shift));
}

void storeLong(uint cellsAt, uint address, uint64_t value) {
  storeWord(cellsAt, address, uint(value));
  storeWord(cellsAt, address + 4u, uint(value >> 32));
}
