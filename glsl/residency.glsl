// residency.glsl: the resident loop of every everwarp kernel.
//
// A kernel includes this file and defines the functions below. This file defines `main`. The loop polls the work queue,
// distributes requests to the workgroup, publishes results, and ends launches.
//
//   void initialize();                      all threads, once per launch: set up shared memory
//   void prepare(uint first, uint count);   all threads: read the payloads of the requests into shared memory
//   void perform(uint first, uint count);   all threads: do the work of the requests first … first + count - 1
//   uint64_t contribution(uint index);      this workgroup's part of the result of request `index` (48 bits)
//   uint batchLimit(uint available);        how many of `available` ready requests one pass takes
//
// Every thread of every workgroup enters perform(). Within a priority, requests come in the order of their sequence
// numbers. Different workgroups may take different batches. Kernels of users include kernel.glsl instead, which
// requires only one function.
//
// Macros that a kernel may define before the include:
//
//   RESIDENCY_PRIORITIES  1 (default) or 2. Priority 1 is urgent and is polled first.
//   RESIDENCY_SUSPENDS    perform() stores in sh_finished how many requests it finished. The next request is performed
//                         again.
//   RESIDENCY_DIRECT      A result depends on nothing but contribution(). So a launch with one workgroup publishes it
//                         without counting arrivals.
//   RESIDENCY_ALONE       bool isAlone(uint index) names requests that only workgroup 0 performs. Their result is the
//                         contribution() of workgroup 0, published without counting arrivals. The loop calls isAlone()
//                         after perform(). At that time sh_header may already hold the next requests.
//                         bool serve(uint sequence, out uint64_t result) may answer such a request at once, if no other
//                         request is ready. Its header is at position 0. Only the first subgroup of workgroup 0 calls
//                         serve().
//   RESIDENCY_ANSWERS     contribution() counts answers. If their sum is 0, the publisher calls unanswered(index).
//   RESIDENCY_CLOCK       Ticks come from the device's clock. Reading that clock is slow, so the loop reads it only
//                         when the subgroup's cycle counter shows that enough time has passed. Without this macro a
//                         tick is a poll, or a round that an author reports with spend().
//
// Memory:
//
//   upload memory                         device memory                        readback memory
//   Control  stop, last, lease, duty, …   counter[slot]: result<<16 | arrived  Completion[slot]: result, ordinal, seal
//   Slot[]   4 x (3 payload words, seal)  cursors: for each workgroup, its     Heartbeat: phase and sums, sealed
//            + 192 bytes more             last request and its progress        Alive[workgroup]: epoch
//
// Device memory outlives a launch. A launch begins at the cursors of its workgroups. When the launch ends, the cursors
// are correct again. A launch ends only between two requests, or where a request suspends itself. So one launch may
// follow another at any time. A copy of device memory that is made between two launches is a checkpoint.
//
// Memory order:
//  - The header of a slot is 64 bytes: four vectors. Each is sealed with the sequence number (seal.glsl). The loop
//    takes a request only when all four vectors carry the number that is due. So the order of the host's stores is
//    irrelevant. The host writes payload beyond the header first, drains its write-combining buffers, and then writes
//    the header.
//  - One atomic in device memory counts arrivals and sums the results. The workgroup that arrives last publishes the
//    result, together with the ordinal that workgroup 0 gave the request. The host may see records in readback memory
//    later than the completion. Every record is sealed, so the host knows when it has arrived.
//  - A launch writes cursors, and the next launch reads them. A barrier in the command buffer separates the two.
//
// Termination: every iteration checks the stop flag first. Lease, idle time, loop rounds and, for probes, idle
// polls are limited. Before its first poll is served, only the stop flag ends a launch. So progress is certain
// even if workgroups run one after the other.

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
#ifdef RESIDENCY_CLOCK
#extension GL_EXT_shader_realtime_clock : require
#extension GL_ARB_shader_clock : require
#endif

#include "generated/queue.glsl"
#include "seal.glsl"

#ifndef RESIDENCY_PRIORITIES
#define RESIDENCY_PRIORITIES 1
#endif

#include "residency/layout.glsl"
#include "residency/watch.glsl"
#include "residency/decision.glsl"
#include "residency/poll.glsl"
#include "residency/completion.glsl"

uint cursorOf(uint priority) { return priority * CURSORS_WORKGROUPS_MAX + gl_WorkGroupID.x; }

void main() {
  Words done = Words(launch.cursors + uint64_t(CURSORS_DONE));
#if RESIDENCY_PRIORITIES == 2
  Words takenWords = Words(launch.cursors + uint64_t(CURSORS_TAKEN));
#endif
  uint nextNormal = done.words[cursorOf(0u)] + 1u;
#if RESIDENCY_PRIORITIES == 2
  uint nextUrgent = done.words[cursorOf(1u)] + 1u;
  uint taken = takenWords.words[gl_WorkGroupID.x];
#else
  const uint nextUrgent = 1u;
  const uint taken = 0u;
#endif
  if (gl_LocalInvocationIndex == 0u) {
    beginWatch();
    Words(launch.alive).words[gl_WorkGroupID.x] = sh_watch.epoch;
    sh_spent = 0u;
    sh_loopsEnded = 0u;
#ifdef RESIDENCY_SUSPENDS
    DoubleWords progress = DoubleWords(launch.cursors + uint64_t(CURSORS_PROGRESS));
    for (uint priority = 0u; priority < RESIDENCY_PRIORITIES; priority++)
      sh_progress[priority] = progress.values[cursorOf(priority)];
    sh_activeLanes = sh_countedLanes = 0u;
#endif
  }
  initialize();
  bool hasLeft = false;
  for (uint parity = 0u;; parity ^= 1u) {
    if (gl_SubgroupID == 0u) poll(nextNormal, nextUrgent, parity);
    barrier();
    uint command = sh_command[parity];
#ifdef RESIDENCY_ALONE
    nextNormal += sh_served[parity];
#endif
    if (command == COMMAND_EXIT) {
      hasLeft = true;
      break;
    }
    uint count = command & ((1u << COMMAND_COUNT_BITS) - 1u);
    if (count == 0u) continue;
#if RESIDENCY_PRIORITIES == 2
    currentPriority = command >> COMMAND_COUNT_BITS;
    currentFirst = currentPriority == 0u ? nextNormal : nextUrgent;
    uint first = currentFirst;
#else
    uint first = nextNormal;
#endif
    count = batchLimit(count);
    prepare(first, count);
    barrier();
    perform(first, count);
    barrier();
#ifdef RESIDENCY_SUSPENDS
    count = sh_finished;
#endif
    if (launch.canaryRounds != 0u) {
      if (!loopsTurn()) sh_loopsEnded = 1u;
      barrier();
      if (sh_loopsEnded != 0u) break;
    }
    complete(first, count, taken);
#if RESIDENCY_PRIORITIES == 2
    if (currentPriority == 1u) nextUrgent += count;
    else nextNormal += count;
    taken += count;
#else
    nextNormal += count;
#endif
    if (gl_LocalInvocationIndex == 0u) sh_watch.totalRequests += count;
  }
  if (gl_LocalInvocationIndex != 0u) return;
  done.words[cursorOf(0u)] = nextNormal - 1u;
#if RESIDENCY_PRIORITIES == 2
  done.words[cursorOf(1u)] = nextUrgent - 1u;
  takenWords.words[gl_WorkGroupID.x] = taken;
#endif
#ifdef RESIDENCY_SUSPENDS
  DoubleWords progress = DoubleWords(launch.cursors + uint64_t(CURSORS_PROGRESS));
  for (uint priority = 0u; priority < RESIDENCY_PRIORITIES; priority++)
    progress.values[cursorOf(priority)] = sh_progress[priority];
#endif
  if (!hasLeft) {
    sh_watch.phase = PHASE_LOOP_LIMIT;
    Vectors(launch.heartbeat).vectors[HEARTBEAT_FAULT_VECTOR] =
        sealed(uvec3(PHASE_LOOP_LIMIT, gl_WorkGroupID.x, sh_watch.rounds), sh_watch.epoch);
  }
  if (gl_WorkGroupID.x == 0u) endWatch();
}
