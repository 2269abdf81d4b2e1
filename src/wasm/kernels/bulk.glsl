// bulk.glsl: operations on many bytes or elements. One entry does a small step and says whether there is more to do:
// the instruction is then run again. Its three operands, in registers beside each other, say what is left. So no loop
// is needed, a step costs as much as any other instruction, and an instance may be parked in the middle of a copy.

const uint PIECE_BYTES = 4u;

// Reads up to 4 bytes of the program's data.
uint dataBytes(uint at, uint count) {
  uint index = launch.dataAt + (at >> 2);
  uint within = at & 3u;
  uint64_t value = uint64_t(word(index));
  if (within + count > 4u) value |= uint64_t(word(index + 1u)) << 32;
  return uint(value >> (within * 8u));
}

uint segmentWord(uint segment, uint field) { return word(launch.segmentsAt + segment * SEGMENT_WORDS + field); }

// A dropped segment has nothing.
uint segmentLength(uint segment) {
  return readCell(droppedCell(segment)) != 0u ? 0u : segmentWord(segment, SEGMENT_LENGTH);
}

// Takes the next piece of memory.init, memory.copy, memory.fill. Returns the bytes that it dealt with.
uint memoryPiece(uint op, uint memory, uint source, uint to, uint from, uint count) {
  uint memoryAt = memoryCells(memory);
  // An upward copy begins at the end, where nothing is overwritten that is still needed.
  bool isBackward = op == OP_MEMORY_COPY && memory == source && to > from;
  uint end = (to + count) & 3u;
  uint piece = isBackward ? min(count, end == 0u ? 4u : end) : min(count, PIECE_BYTES - (to & 3u));
  uint skipped = isBackward ? count - piece : 0u;
  uint value;
  if (op == OP_MEMORY_FILL) value = (from & 0xffu) * 0x01010101u;
  else if (op == OP_MEMORY_INIT) value = dataBytes(segmentWord(source, SEGMENT_BEGIN) + from, piece);
  else value = uint(readBytes(memoryCells(source), uint64_t(from) + uint64_t(skipped), piece));
  writeBytes(memoryAt, uint64_t(to) + uint64_t(skipped), piece, uint64_t(value));
  return piece;
}

// The same for one element of table.init, table.copy, table.fill.
void tablePiece(uint op, uint table, uint source, uint to, uint from, uint count) {
  bool isBackward = op == OP_TABLE_COPY && table == source && to > from;
  uint skipped = isBackward ? count - 1u : 0u;
  uint value = from;
  if (op == OP_TABLE_INIT) value = word(launch.elementsAt + segmentWord(source, SEGMENT_BEGIN) + from);
  else if (op == OP_TABLE_COPY) value = readCell(tableCells(source) + from + skipped);
  writeCell(tableCells(table) + to + skipped, value);
}

// What memory.init, memory.copy, table.init, table.copy read from: how many bytes or elements there are.
uint64_t sourceSize(uint op, uint source) {
  if (op == OP_MEMORY_COPY) return memoryBytes(source);
  if (op == OP_TABLE_COPY) return uint64_t(readCell(tableSizeCell(source)));
  if (op == OP_MEMORY_INIT || op == OP_TABLE_INIT) return uint64_t(segmentLength(source));
  return 0xfffffffffffful; // fills have no source
}

// `first`: the first of the registers. `here`: this instruction, to be run again if there is more to do.
void bulkOperation(uint op, uint c, uint source, uint first, uint here) {
  bool isTable = op >= OP_TABLE_INIT;
  bool isFill = op == OP_MEMORY_FILL || op == OP_TABLE_FILL;
  uint to = uint(readSlot(base + first));
  uint from = uint(readSlot(base + first + 1u));
  uint count = uint(readSlot(base + first + 2u));
  uint64_t size = isTable ? uint64_t(readCell(tableSizeCell(c))) : memoryBytes(c);
  bool isSourceGood = isFill || isWithin(uint64_t(from), uint64_t(count), sourceSize(op, source));
  if (!isSourceGood || !isWithin(uint64_t(to), uint64_t(count), size)) {
    raise(isTable ? TRAP_TABLE_BOUNDS : TRAP_MEMORY_BOUNDS);
    return;
  }
  if (count == 0u) return;
  uint piece = 1u;
  if (isTable) tablePiece(op, c, source, to, from, count);
  else piece = memoryPiece(op, c, source, to, from, count);
  if (piece == count) return;
  bool isCopy = op == OP_MEMORY_COPY || op == OP_TABLE_COPY;
  bool isBackward = isCopy && c == source && to > from;
  if (!isBackward) writeSlot(base + first, uint64_t(to + piece));
  if (!isBackward && !isFill) writeSlot(base + first + 1u, uint64_t(from + piece));
  writeSlot(base + first + 2u, uint64_t(count - piece));
  pc = here;
}

// Makes a table larger. A table.fill follows, which gives the new elements their value.
uint64_t tableGrow(uint table, uint count) {
  uint before = readCell(tableSizeCell(table));
  uint maximum = word(launch.tablesAt + table * REGION_WORDS + REGION_MAXIMUM);
  if (!isWithin(uint64_t(before), uint64_t(count), uint64_t(maximum))) return 0xfffffffful;
  writeCell(tableSizeCell(table), before + count);
  return uint64_t(before);
}
