// completion.glsl: counting arrivals and publishing results.

// Adds this workgroup's contribution to each request of the batch. The last workgroup to arrive publishes the
// result.
void complete(uint first, uint count, uint taken) {
  uint index = gl_LocalInvocationIndex;
  if (index >= count) return;
  uint sequence = first + index;
  uint slot = slotOf(currentPriority, sequence);
  uint64_t result = contribution(index);
#if RESIDENCY_PRIORITIES == 2
  uint ordinal = taken + index + 1u;
  Words ordinals = Words(launch.counters + uint64_t(RESIDENCY_PRIORITIES * (launch.slotMask + 1u) * 8u));
#else
  uint ordinal = sequence; // with one priority, requests are taken in the order of their numbers
#endif
  bool isCounted = true;
#ifdef RESIDENCY_DIRECT
  isCounted = gl_NumWorkGroups.x != 1u;
#endif
#ifdef RESIDENCY_ALONE
  if (isAlone(index)) {
    if (gl_WorkGroupID.x != 0u) return;
    isCounted = false;
  }
#endif
  if (isCounted) {
#if RESIDENCY_PRIORITIES == 2
    // Workgroup 0 chooses the ordinal. The release of the arrival below makes this store visible to the publisher.
    if (gl_WorkGroupID.x == 0u) ordinals.words[slot] = ordinal;
#endif
    uint64_t arrival = result << QUEUE_ARRIVAL_BITS | 1ul;
    uint64_t before = atomicAdd(Counters(launch.counters).values[slot], arrival,
                                gl_ScopeDevice, gl_StorageSemanticsBuffer, gl_SemanticsAcquireRelease);
    uint64_t after = before + arrival;
    if (uint(after & QUEUE_ARRIVAL_MASK) != gl_NumWorkGroups.x) return;
    atomicExchange(Counters(launch.counters).values[slot], 0ul,
                   gl_ScopeDevice, gl_StorageSemanticsBuffer, gl_SemanticsRelaxed);
    result = after >> QUEUE_ARRIVAL_BITS;
#if RESIDENCY_PRIORITIES == 2
    ordinal = ordinals.words[slot];
#endif
  }
#ifdef RESIDENCY_ANSWERS
  if (result == 0ul) unanswered(index);
#endif
  Vectors(launch.completions).vectors[slot * launch.completionVectors] =
      sealed(uvec3(uint(result), uint(result >> 32), ordinal), sequence);
}

// The canary loop: false if the loop ended before its last round. Drivers with a limit end loops without an error.
bool loopsTurn() {
  uint turned = 0u;
  for (uint round = 0u; round < launch.canaryRounds; round++) turned++;
  return turned == launch.canaryRounds;
}
