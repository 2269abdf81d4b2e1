// calls.glsl: calls and returns. The registers of a called function begin at its arguments, in the caller's frame, so
// neither arguments nor results are moved.

// Whether a call finds room.
bool hasRoom(uint calleeBase, uint frameSlots) {
  return depth < launch.maxDepth && uint64_t(calleeBase) + uint64_t(frameSlots) <= uint64_t(launch.slotsPerInstance);
}

// Stores where the caller at a level goes on, and where its registers begin.
void writeFrame(uint level, uint at, uint callerBase) {
  writeSlot(launch.framesAt + level, uint64_t(at) | (uint64_t(callerBase) << 32));
}

void enterFunction(uint callee, uint argumentsAt) {
  uint row = launch.functionsAt + callee * FUNCTION_WORDS;
  uint calleeBase = base + argumentsAt;
  if (!hasRoom(calleeBase, word(row + FUNCTION_FRAME_SLOTS))) {
    raise(TRAP_STACK_EXHAUSTED);
    return;
  }
  writeFrame(depth, pc, base);
  depth++;
  base = calleeBase;
  pc = word(row + FUNCTION_START);
}

void callIndirect(uint table, uint index, uint typeNumber, uint argumentsAt) {
  if (index >= readCell(tableSizeCell(table))) {
    raise(TRAP_UNDEFINED_ELEMENT);
    return;
  }
  uint reference = readCell(tableCells(table) + index);
  if (reference == 0u) {
    raise(TRAP_UNINITIALIZED_ELEMENT);
    return;
  }
  uint callee = reference - 1u;
  if (word(launch.functionsAt + callee * FUNCTION_WORDS + FUNCTION_TYPE) != typeNumber) raise(TRAP_TYPE_MISMATCH);
  else enterFunction(callee, argumentsAt);
}

void returnFromFunction() {
  if (depth == 0u) {
    status = STATUS_DONE;
    return;
  }
  depth--;
  uint64_t frame = readSlot(launch.framesAt + depth);
  pc = uint(frame);
  base = uint(frame >> 32);
}
