// poll.glsl: looking for requests in the work queue. The first subgroup of a workgroup does this.

uvec4 slotVector(uint priority, uint next, uint index) {
  uint slot = slotOf(priority, next + index / QUEUE_HEADER_VECTORS);
  return Vectors(launch.slots).vectors[slot * QUEUE_SLOT_VECTORS + index % QUEUE_HEADER_VECTORS];
}

// Stores the payload of a header vector in shared memory. True if the vector carries the sequence number that is due.
bool takeVector(uint priority, uint next, uint index, uvec4 vector) {
  uint at = priority * BATCH_WORDS + index * 3u;
  sh_header[at + 0u] = vector.x;
  sh_header[at + 1u] = vector.y;
  sh_header[at + 2u] = vector.z;
  return sealNumber(vector) == next + index / QUEUE_HEADER_VECTORS;
}

// The number of leading requests whose headers have arrived. Bit i of `readyVectors` is set if vector i has arrived.
uint countRequests(uint readyVectors) {
  uint unready = ~subgroupBroadcastFirst(readyVectors);
  return unready == 0u ? QUEUE_REQUESTS_PER_POLL : uint(findLSB(unready)) / QUEUE_HEADER_VECTORS;
}

// For each priority, the number of consecutive requests that are ready, beginning with sequence number `next`. Their
// headers are in shared memory afterwards. The loads of both priorities overlap.
uvec2 countReady(uvec2 next) {
  uvec2 readyVectors = uvec2(0u);
  for (uint index = gl_SubgroupInvocationID; index < QUEUE_REQUESTS_PER_POLL * QUEUE_HEADER_VECTORS;
       index += gl_SubgroupSize) {
    uint shift = index - gl_SubgroupInvocationID;
    uvec4 normal = slotVector(0u, next.x, index);
#if RESIDENCY_PRIORITIES == 2
    uvec4 urgent = slotVector(1u, next.y, index);
    readyVectors.y |= subgroupBallot(takeVector(1u, next.y, index, urgent)).x << shift;
#endif
    readyVectors.x |= subgroupBallot(takeVector(0u, next.x, index, normal)).x << shift;
  }
  return uvec2(countRequests(readyVectors.x), RESIDENCY_PRIORITIES == 2 ? countRequests(readyVectors.y) : 0u);
}

// The number of `ready` requests that this launch may take. A bounded launch takes no request after `last`.
uint withinBounds(uint ready, uint next, uint last) {
  return launch.bounded == 0u ? ready : uint(clamp(int(last - next) + 1, 0, int(ready)));
}

#ifdef RESIDENCY_ALONE
// Answers a single request at once, before the other subgroups are involved.
bool serveNow(uint sequence, uvec4 control) {
  bool isUnhindered = gl_WorkGroupID.x == 0u && launch.bounded == 0u && control.x == 0u &&
                      control.w == sh_watch.settings && sh_watch.polls != 0u && sh_watch.isBounded == 0u &&
                      sh_watch.dutyShare == DUTY_WHOLE;
  if (!subgroupAll(isUnhindered)) return false; // each lane read the control block for itself
  uint cycles = cyclesNow();
  uint64_t result = 0ul;
  if (!serve(sequence, result)) return false;
  if (gl_LocalInvocationIndex == 0u) {
    Vectors(launch.completions).vectors[slotOf(0u, sequence) * launch.completionVectors] =
        sealed(uvec3(uint(result), uint(result >> 32), sequence), sequence);
    beginWork(cycles);
    sh_watch.totalRequests++;
  }
  return true;
}
#endif

// Looks for requests of each priority, and stores the workgroup's command in sh_command[parity].
void poll(uint nextNormal, uint nextUrgent, uint parity) {
  bool isWatch = gl_LocalInvocationIndex == 0u;
  if (isWatch) {
    if (sh_watch.polls == 0u) beginClock();
    if (sh_watch.isDozing != 0u) doze();
  }
  uvec4 control = Vectors(launch.control).vectors[0];
  uint priority = 0u;
  uvec2 found = countReady(uvec2(nextNormal, nextUrgent));
#ifdef RESIDENCY_ALONE
  bool isServed = found.x == 1u && serveNow(nextNormal, control);
  if (isServed) found.x = 0u;
#endif
  if (!isWatch) return;
#ifdef RESIDENCY_ALONE
  sh_served[parity] = isServed ? 1u : 0u;
#endif
  uint ready = withinBounds(found.x, nextNormal, control.y);
  bool isExhausted = launch.bounded != 0u && int(control.y - nextNormal) < 0;
#if RESIDENCY_PRIORITIES == 2
  uint urgent = withinBounds(found.y, nextUrgent, control.z);
  isExhausted = isExhausted && int(control.z - nextUrgent) < 0;
  if (urgent != 0u) {
    priority = 1u;
    ready = urgent;
  }
#endif
  sh_command[parity] = decide(control, priority, ready, isExhausted);
}
