// calls.glsl: calls and returns. The registers of a called function begin at its arguments, in the caller's frame, so
// neither arguments nor results are moved.

void enterFunction(uint callee, uint argumentsAt) {
  uint row = launch.functionsAt + callee * FUNCTION_WORDS;
  uint calleeBase = base + argumentsAt;
  uint64_t end = uint64_t(calleeBase) + uint64_t(word(row + FUNCTION_FRAME_SLOTS));
  if (depth >= launch.maxDepth || end > uint64_t(launch.slotsPerInstance)) {
    raise(TRAP_STACK_EXHAUSTED);
    return;
  }
  writeSlot(launch.framesAt + depth, uint64_t(pc) | (uint64_t(base) << 32));
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
