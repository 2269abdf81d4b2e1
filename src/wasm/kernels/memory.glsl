// memory.glsl: loads, stores and growth. Bounds are checked on sums of 64 bits; nothing is touched before the check.

// Up to 8 bytes from an address of a memory whose first cell is given.
uint64_t readBytes(uint cellsAt, uint64_t address, uint count) {
  uint cell = cellsAt + uint(address >> 2);
  uint within = uint(address) & 3u;
  uint first = 4u - within; // bytes that the first cell has
  uint64_t value = uint64_t(readCell(cell) >> (within * 8u));
  if (count > first) value |= uint64_t(readCell(cell + 1u)) << (first * 8u);
  if (count > first + 4u) value |= uint64_t(readCell(cell + 2u)) << (first * 8u + 32u);
  return count == 8u ? value : value & ((1ul << (count * 8u)) - 1ul);
}

void writePart(uint cell, uint value, uint mask) {
  writeCell(cell, mask == 0xffffffffu ? value : (readCell(cell) & ~mask) | (value & mask));
}

void writeBytes(uint cellsAt, uint64_t address, uint count, uint64_t value) {
  uint cell = cellsAt + uint(address >> 2);
  uint within = uint(address) & 3u;
  uint first = 4u - within;
  uint64_t mask = count == 8u ? 0xfffffffffffffffful : (1ul << (count * 8u)) - 1ul;
  writePart(cell, uint(value << (within * 8u)), uint(mask << (within * 8u)));
  if (count > first) writePart(cell + 1u, uint(value >> (first * 8u)), uint(mask >> (first * 8u)));
  if (count > first + 4u)
    writePart(cell + 2u, uint(value >> (first * 8u + 32u)), uint(mask >> (first * 8u + 32u)));
}

uint memoryCells(uint memory) { return word(launch.memoriesAt + memory * REGION_WORDS + REGION_CELLS_AT); }
uint tableCells(uint table) { return word(launch.tablesAt + table * REGION_WORDS + REGION_CELLS_AT); }

// Whether `count` things from `at` on are among `size` things.
bool isWithin(uint64_t at, uint64_t count, uint64_t size) { return at + count <= size; }

uint64_t memoryBytes(uint memory) { return uint64_t(memoryPages(memory)) << MACHINE_PAGE_BITS; }

// Bytes that loads and stores reach, from i32.load on: a digit of four bits each.
const uint64_t LOAD_BYTES = 0x44221122118484ul;
const uint64_t STORE_BYTES = 0x421218484ul;

// The load `index`, counted from i32.load. The bounds are those of the specification.
uint64_t loadOperation(uint index, uint memory, uint64_t address) {
  uint count = uint(LOAD_BYTES >> (index * 4u)) & 15u;
  if (!isWithin(address, uint64_t(count), memoryBytes(memory))) {
    raise(TRAP_MEMORY_BOUNDS);
    return 0ul;
  }
  uint64_t value = readBytes(memoryCells(memory), address, count);
  // From the fifth on: sign-extended and not, in turns, to 32 bits and then to 64.
  if (index < 4u || (index & 1u) == 1u) return value;
  uint unused = 64u - count * 8u;
  value = uint64_t(int64_t(value << unused) >> unused);
  return index < 8u ? value & 0xfffffffful : value;
}

void storeOperation(uint index, uint memory, uint64_t address, uint64_t value) {
  uint count = uint(STORE_BYTES >> (index * 4u)) & 15u;
  if (!isWithin(address, uint64_t(count), memoryBytes(memory))) raise(TRAP_MEMORY_BOUNDS);
  else writeBytes(memoryCells(memory), address, count, value);
}

uint64_t growMemory(uint memory, uint pages) {
  uint before = memoryPages(memory);
  uint maximum = word(launch.memoriesAt + memory * REGION_WORDS + REGION_MAXIMUM);
  if (!isWithin(uint64_t(before), uint64_t(pages), uint64_t(maximum))) return 0xfffffffful;
  // Cells that were never reached are zeros from the beginning.
  writeCell(STATE_SIZES + memory, before + pages);
  return uint64_t(before);
}
