// residency.glsl: the resident loop that every everwarp kernel shares.
//
// A kernel includes this file and defines
//
//     void initialize();                             // all threads, once a launch: set up shared memory
//     void prepare(uint first, uint count);          // all threads: read the requests' payloads into shared memory
//     void perform(uint first, uint count);          // all threads: do the work of requests first … first + count - 1
//     uint64_t contribution(uint index);             // what this workgroup adds to request `index`'s result (48 bits)
//     uint batchLimit(uint available);               // how many of `available` ready requests to take in one pass
//
// and gets `main`: poll, broadcast, budget, stop, completion. perform() is entered by every thread of every workgroup, for
// every request exactly once a launch, in the order of the sequence numbers; different workgroups may take different batches.
//
//   doorbell memory                         device memory                     mailbox memory
//   Control  stop, first, last, budget      counter[slot]: result<<16|arrived  Completion[slot]: result, errors, sealed
//   Slot[]   4 x (3 payload words, seal) + 192 bytes more
//
// Memory order relied on:
//  - A slot's header is 64 bytes, four vectors each sealed with the sequence number (seal.glsl). A request is taken only when all four show
//    the number that is due, so the order in which the host's stores arrive does not matter. Payload beyond the header
//    was written, and the host's write-combining buffers drained, before the header.
//  - Arrivals are counted with one atomic on device memory that also sums the results. The workgroup that arrives last
//    publishes. Records that a kernel wrote to mailbox memory before may become visible to the host after the completion:
//    each record is sealed, so that the host knows when it has come.
// Termination: stop flag first in every iteration; `pollLimit` idle polls (0: no limit); in bounded launches the last sequence number.

#extension GL_EXT_buffer_reference : require
#extension GL_EXT_buffer_reference_uvec2 : require
#extension GL_EXT_scalar_block_layout : require
#extension GL_EXT_shader_explicit_arithmetic_types_int64 : require
#extension GL_EXT_shader_atomic_int64 : require
#extension GL_KHR_memory_scope_semantics : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_vote : require
#extension GL_KHR_shader_subgroup_ballot : require
#extension GL_KHR_shader_subgroup_shuffle : require
#extension GL_KHR_shader_subgroup_arithmetic : require

#include "generated/queue.glsl"
#include "seal.glsl"

layout(local_size_x = 64, local_size_x_id = 0) in;

layout(push_constant, scalar) uniform LaunchBlock { Launch launch; };

layout(buffer_reference, scalar, buffer_reference_align = 16) volatile coherent buffer ControlReference { Control value; };
layout(buffer_reference, scalar, buffer_reference_align = 16) volatile coherent buffer SlotVectors { uvec4 vectors[]; };
layout(buffer_reference, scalar, buffer_reference_align = 16) volatile coherent buffer Completions { uvec4 vectors[]; };
layout(buffer_reference, scalar, buffer_reference_align = 8) coherent buffer Counters { uint64_t values[]; };
layout(buffer_reference, scalar, buffer_reference_align = 4) volatile coherent buffer AliveFlags { uint flags[]; };

const uint COMMAND_RUN = 0u;
const uint COMMAND_EXIT = 1u;

// Headers of the requests in hand: three payload words of each vector, in order (QUEUE_HEADER_WORDS each).
shared uint sh_header[QUEUE_REQUESTS_PER_POLL * QUEUE_HEADER_WORDS];
// What the polling subgroup saw, doubled by parity so that one barrier a poll is enough.
shared uint sh_command[2];
shared uint sh_count[2];

void initialize();
void prepare(uint first, uint count);
void perform(uint first, uint count);
uint64_t contribution(uint index);
uint batchLimit(uint available);

uint slotOf(uint sequence) { return sequence & launch.slotMask; }

// Payload word `index` of the request at position `request` of the batch.
uint headerWord(uint request, uint index) { return sh_header[request * QUEUE_HEADER_WORDS + index]; }

// Payload beyond the header of the request with this sequence number, as 16-byte vectors.
uvec4 extensionVector(uint sequence, uint index) {
  return SlotVectors(launch.slots).vectors[slotOf(sequence) * QUEUE_SLOT_VECTORS + QUEUE_HEADER_VECTORS + index];
}

// One poll, by the first subgroup. Looks at the next QUEUE_REQUESTS_PER_POLL slots at once and counts how many in a row are ready.
void poll(uint next, uint parity, bool budgetSpent) {
  Control control = ControlReference(launch.control).value;
  uint readyVectors = 0u; // bit i: vector i of the headers carries the sequence number that is due
  for (uint index = gl_SubgroupInvocationID; index < QUEUE_REQUESTS_PER_POLL * QUEUE_HEADER_VECTORS; index += gl_SubgroupSize) {
    uint sequence = next + index / QUEUE_HEADER_VECTORS;
    uvec4 vector = SlotVectors(launch.slots).vectors[slotOf(sequence) * QUEUE_SLOT_VECTORS + index % QUEUE_HEADER_VECTORS];
    sh_header[index * 3u + 0u] = vector.x;
    sh_header[index * 3u + 1u] = vector.y;
    sh_header[index * 3u + 2u] = vector.z;
    readyVectors |= subgroupBallot(sealNumber(vector) == sequence).x << (index - gl_SubgroupInvocationID);
  }
  if (subgroupElect()) {
    uint unready = ~readyVectors;
    uint count = unready == 0u ? QUEUE_REQUESTS_PER_POLL : uint(findLSB(unready)) / QUEUE_HEADER_VECTORS;
    bool isOver = launch.bounded != 0u && int(control.lastSequence - next) < 0;
    if (launch.bounded != 0u && !isOver) count = min(count, control.lastSequence - next + 1u);
    sh_count[parity] = count;
    sh_command[parity] = control.stopFlag != 0u || isOver || budgetSpent ? COMMAND_EXIT : COMMAND_RUN;
  }
}

// Counts this workgroup in at each of the requests; the workgroup that is last publishes the result.
void complete(uint first, uint count) {
  uint index = gl_LocalInvocationIndex;
  if (index >= count) return;
  uint sequence = first + index;
  uint slot = slotOf(sequence);
  uint64_t before = atomicAdd(Counters(launch.counters).values[slot], contribution(index) << QUEUE_ARRIVAL_BITS | 1ul,
                              gl_ScopeDevice, gl_StorageSemanticsBuffer, gl_SemanticsAcquireRelease);
  uint64_t after = before + (contribution(index) << QUEUE_ARRIVAL_BITS | 1ul);
  if (uint(after & QUEUE_ARRIVAL_MASK) != gl_NumWorkGroups.x) return;
  atomicExchange(Counters(launch.counters).values[slot], 0ul, gl_ScopeDevice, gl_StorageSemanticsBuffer, gl_SemanticsRelaxed);
  uint64_t result = after >> QUEUE_ARRIVAL_BITS;
  Completions(launch.completions).vectors[slot] = sealed(uvec3(uint(result), uint(result >> 32), 0u), sequence);
}

void main() {
  if (gl_LocalInvocationIndex == 0u) AliveFlags(launch.alive).flags[gl_WorkGroupID.x] = launch.launchId;
  initialize();
  uint next = ControlReference(launch.control).value.firstSequence;
  uint idlePolls = 0u;
  for (uint parity = 0u;; parity ^= 1u) {
    if (gl_SubgroupID == 0u) poll(next, parity, launch.pollLimit != 0u && idlePolls >= launch.pollLimit);
    barrier();
    if (sh_command[parity] == COMMAND_EXIT) break;
    uint count = sh_count[parity];
    if (count == 0u) {
      idlePolls++;
      continue;
    }
    idlePolls = 0u;
    count = batchLimit(count);
    prepare(next, count);
    barrier();
    perform(next, count);
    barrier();
    complete(next, count);
    next += count;
  }
}
