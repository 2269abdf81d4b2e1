// lookup: resolves paths in a namespace whose table lies in device memory.
//
// in   requests (generated/paths.glsl): `count` paths, and the inode where relative paths begin. The paths are packed
// in
//      input memory, or a single path lies in the request itself (an inline path). launch.state lists the pages of the
//      table, one word each: address / 2^16
// out  launch.outputs: one result per path (inode or -errno), sealed with the request's number. The result of an inline
//      path is the result of its request. A write request stores runs of words in the table. No other request is in
//      flight during a write
// dispatch shape: any number of workgroups, of any size that is a multiple of the subgroup size. With few paths, each
//      subgroup takes one path and resolves it with all its lanes (together.glsl). With many paths, each lane takes one
//      path, and then its next one (walk.glsl). So a lane with a short path does not wait for the others. One bucket of
//      the table (64 bytes) gives a candidate, whose name is compared byte for byte.
// memory order: before the host publishes a request, it writes the paths and drains its write-combining buffers. The
//      table is written only while no lookup is in flight. The write's arrival releases the stores. Lookups read the
//      table with volatile loads, which bypass caches that are not coherent.
// reference: src/paths/reference/lookup.ts; the table is src/paths/table/table.ts
#version 460
#extension GL_EXT_control_flow_attributes : require
#define RESIDENCY_ALONE
#include "residency.glsl"
#include "together.glsl"

layout(buffer_reference, scalar, buffer_reference_align = 8) volatile buffer Results { uvec2 values[]; };

// A subgroup resolves up to this number of paths one after the other, each with all lanes. With more paths, each lane
// takes its own path.
layout(constant_id = 1) const uint TOGETHER_PATHS_MAX = 1u;

// The results of inline requests, which are published with their completions. The second word is not 0 if the first
// workgroup answers alone.
shared uvec2 sh_answers[QUEUE_REQUESTS_PER_POLL];

void initialize() {
  if (gl_LocalInvocationIndex == 0u) sh_generation = 0u;
}

bool isInline(uint request) { return (headerWord(request, PATHS_OPERATION) & PATHS_IS_INLINE) != 0u; }
bool isFollowing(uint request) { return (headerWord(request, PATHS_OPERATION) & PATHS_FOLLOW) != 0u; }
bool isWrite(uint request) { return (headerWord(request, PATHS_OPERATION) & PATHS_WRITE) != 0u; }

// Lookups of one generation share a pass. A write has a pass of its own. If loops are limited, every request has a pass
// of its own, because a launch can end only between two passes.
uint batchLimit(uint available) {
  if (isWrite(0u) || launch.canaryRounds != 0u) return 1u;
  uint count = 1u;
  while (count < available && !isWrite(count) &&
         headerWord(count, PATHS_GENERATION) == headerWord(0u, PATHS_GENERATION)) count++;
  return count;
}

void prepare(uint first, uint count) {
  if (gl_LocalInvocationIndex < count)
    sh_answers[gl_LocalInvocationIndex] =
        uvec2(0u, headerWord(gl_LocalInvocationIndex, PATHS_OPERATION) & PATHS_IS_ALONE);
  readTable(headerWord(0u, PATHS_GENERATION), headerWord(0u, PATHS_PAGES), isWrite(0u));
}

uint64_t headerAddress(uint request, uint index) {
  return packUint2x32(uvec2(headerWord(request, index), headerWord(request, index + 1u)));
}

// Makes the path at `index` of a request the current text.
void openPath(uint request, uint sequence, uint index) {
  if (isInline(request)) {
    uint slot = slotOf(currentPriority, sequence);
    text.base = launch.slots + uint64_t((slot * QUEUE_SLOT_VECTORS + QUEUE_HEADER_VECTORS) * 16u);
    text.at = 0u;
    text.end = headerWord(request, PATHS_TEXT_BYTES);
    return;
  }
  Words offsets = Words(headerAddress(request, PATHS_OFFSETS));
  uint base = headerWord(request, PATHS_OFFSETS_BASE);
  text.base = headerAddress(request, PATHS_BYTES);
  text.at = offsets.words[index] - base;
  text.end = offsets.words[index + 1u] - base;
}

void answer(uint request, uint sequence, uint index, uint result) {
  if (isInline(request)) {
    sh_answers[request].x = result;
    return;
  }
  uint at = headerWord(request, PATHS_RESULTS_AT) + index;
  Results(launch.outputs).values[at] = uvec2(result, sequence + sealMix(uvec3(result, 0u, 0u)));
}

// Resolves the path at `index` of a request: with all lanes of the subgroup, or with one lane per path.
void resolve(uint request, uint sequence, uint index, bool isTogether) {
  uint directory = headerWord(request, PATHS_DIRECTORY);
  openPath(request, sequence, index);
  uint result = PATHS_UNRESOLVED;
  if (text.end < text.at || text.end > headerWord(request, PATHS_TEXT_BYTES)) result = PATHS_MISPLACED;
  else if (isTogether) result = resolveTogether(directory, isFollowing(request));
  if (isTogether && gl_SubgroupInvocationID != 0u) return;
  if (result == PATHS_UNRESOLVED) result = walk(directory, isFollowing(request));
  answer(request, sequence, index, result);
  spentRounds++;
}

// Stores the runs of a write request. All lanes call this.
void store() {
  uint count = headerWord(0u, PATHS_COUNT);
  Vectors runs = Vectors(headerAddress(0u, PATHS_OFFSETS));
  Vectors source = Vectors(headerAddress(0u, PATHS_BYTES));
  uint spent = 0u;
  for (uint run = gl_WorkGroupID.x; run < count; run += gl_NumWorkGroups.x) {
    uvec4 place = runs.vectors[run];
    Vectors target = Vectors(tableAddress(place.x));
    for (uint index = gl_LocalInvocationIndex; index < place.z; index += gl_WorkGroupSize.x) {
      target.vectors[index] = source.vectors[place.y + index];
      spent++;
    }
    spent++;
  }
  memoryBarrierBuffer();
  spentRounds += spent;
}

void perform(uint first, uint count) {
  spentRounds = 0u;
  if (isWrite(0u)) store();
  else {
    uint subgroups = gl_NumSubgroups * gl_NumWorkGroups.x;
    uint place = gl_SubgroupID * gl_NumWorkGroups.x + gl_WorkGroupID.x;
    for (uint request = 0u; request < count; request++) {
      // With few paths, each subgroup takes one path with all its lanes. With many, each lane takes one path, and then
      // its next one.
      uint pathCount = headerWord(request, PATHS_COUNT);
      bool isTogether = TOGETHER_PATHS_MAX != 0u && (isInline(request) || pathCount <= subgroups * TOGETHER_PATHS_MAX);
      // The request alone determines which workgroup takes which path, because other workgroups may take the request in
      // another batch. Each request begins at another workgroup, so that small requests seldom use the same one.
      uint turn, low;
      umulExtended((first + request) * HASH_WORD, subgroups, turn, low);
      uint subgroup = place + turn < subgroups ? place + turn : place + turn - subgroups;
      uint begin = subgroup;
      uint stride = subgroups;
      if (isInline(request)) {
        begin = gl_WorkGroupID.x == 0u && gl_SubgroupID == request % gl_NumSubgroups ? 0u : 1u;
        if (!isTogether) begin += gl_SubgroupInvocationID;
      } else if (!isTogether) {
        uint width = min((pathCount + subgroups - 1u) / subgroups, gl_SubgroupSize);
        begin = gl_SubgroupInvocationID < width ? subgroup * width + gl_SubgroupInvocationID : pathCount;
        stride = subgroups * width;
      }
      for (uint index = begin; index < pathCount; index += stride) resolve(request, first + request, index, isTogether);
      spentRounds++;
    }
  }
  // Lanes of a subgroup run every loop together. So the sum over all lanes is an upper limit.
  if (launch.canaryRounds != 0u) atomicMax(sh_spent, subgroupAdd(spentRounds) + PATHS_PAGES_MAX / gl_WorkGroupSize.x);
}

uint64_t contribution(uint index) { return uint64_t(sh_answers[index].x); }

bool isAlone(uint index) { return sh_answers[index].y != 0u; }

// A single path whose generation the workgroup has already read is resolved by the polling subgroup. Paths that need
// walk() are left to perform().
bool serve(uint sequence, out uint64_t result) {
  meet();
  if (TOGETHER_PATHS_MAX == 0u || (headerWord(0u, PATHS_OPERATION) & PATHS_IS_ALONE) == 0u ||
      sh_generation != headerWord(0u, PATHS_GENERATION)) return false;
  openPath(0u, sequence, 0u);
  uint inode = resolveTogether(headerWord(0u, PATHS_DIRECTORY), isFollowing(0u));
  result = uint64_t(inode);
  return inode != PATHS_UNRESOLVED;
}
