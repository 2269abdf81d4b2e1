// lanes.glsl: lanes of vectors, as operations on lanes read and write them. There are no loops: an instruction on a
// vector is one operation for each lane.
//
// reference: src/wasm/reference/lanes.ts

uint laneField(uint c, uint at, uint bits) { return (c >> at) & ((1u << bits) - 1u); }

// A lane of a slot, extended to 64 bits.
uint64_t readLane(uint64_t slot, uint lane, uint c) {
  uint width = 8u << laneField(c, LANE_FROM_AT, 2u);
  uint unused = 64u - width;
  uint64_t top = (slot >> (lane * width)) << unused;
  bool isSigned = laneField(c, LANE_SIGNED_AT, 1u) != 0u;
  return isSigned ? uint64_t(int64_t(top) >> unused) : top >> unused;
}

// The nearest number that a lane can hold.
uint64_t saturated(uint64_t value, uint how, uint width) {
  if (how == SATURATION_NONE) return value;
  bool isSigned = how == SATURATION_SIGNED;
  int64_t high = int64_t((1ul << (isSigned ? width - 1u : width)) - 1ul);
  int64_t low = isSigned ? -high - 1l : 0l;
  return uint64_t(clamp(int64_t(value), low, high));
}

// A slot with a lane replaced by a result.
uint64_t withLane(uint64_t slot, uint64_t result, uint c, uint saturation) {
  uint width = 8u << laneField(c, LANE_TO_AT, 2u);
  bool isMask = laneField(c, LANE_MASK_AT, 1u) != 0u;
  uint64_t value = saturated(isMask && result != 0ul ? 0xfffffffffffffffful : result, saturation, width);
  uint at = laneField(c, LANE_TARGET_AT, 3u) * width;
  uint64_t mask = (0xfffffffffffffffful >> (64u - width)) << at;
  return (slot & ~mask) | ((value << at) & mask);
}
