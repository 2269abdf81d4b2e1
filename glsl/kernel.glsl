// kernel.glsl: what the author of a resident kernel includes.
//
//     #version 460
//     #include "kernel.glsl"
//     layout(buffer_reference, scalar, buffer_reference_align = 16) buffer History { float values[]; };
//     void perform(uint slot) {
//       Request request = requestAt(slot);                       // the schema's struct, from the queue
//       History history = History(historyState());               // the state section `history`
//       …
//       if (gl_LocalInvocationIndex == 0u) respond(slot, Response(mean));
//     }
//
// The author writes `perform`, and no `main`. This file and residency.glsl provide everything else: polling,
// completion, the lease, parking, and the heartbeat.
//
// Functions and variables
//   requestAt(slot)          the request as the schema's struct; any thread may call it, any number of times
//   respond(slot, response)  answers the request; exactly one thread of all workgroups calls it, once
//   fail(slot, code)         ends the request with an error (1…65535) instead of an answer
//   NAMEState()              the address of the state section NAME; NAME_STATE_BYTES is its size
//   suspend(progress)        asks for another entry for this request; progress() then returns this number; not 0
//   progress()               0 for a new request
//   currentPriority          1 for an urgent request, otherwise 0
//   spend(rounds)            reports how many rounds this thread took in a loop that has just ended. Threads of a
//                            subgroup run a loop together, so the loop costs as much as its slowest thread
//   countActive(isActive)    counts active threads, for kernel.stats(); all threads of a subgroup call it together
//
// Guarantees
//   - All threads of all workgroups enter perform() for every request. A thread may return early. But all threads of a
//     workgroup must reach the same barriers.
//   - A workgroup takes one request after the other. Between two entries lies a barrier, with a memory barrier for
//     shared and buffer memory. So every thread of a workgroup sees what any of its threads stored in the previous
//     entry. At the beginning of an entry, other threads may not have started yet. Within an entry, order needs a
//     barrier() of yours.
//   - All workgroups take the same requests in the same order, but not in step: one may be some requests ahead. Memory
//     that workgroups share needs atomics with gl_ScopeDevice, and a separate place for each request. Each workgroup
//     has its own progress().
//   - There is one answer: exactly one thread of one workgroup responds, in its workgroup's last entry for the request.
//
// Lifetime
//   State begins as zeros. It survives the end of a launch, parking, a checkpoint, and the loss of the device. After a
//   loss, state returns to the last checkpoint, and later requests are performed again.
//   Do not rely on shared memory or global variables after an entry. A launch may end after any entry.
//
// Long work
//   A launch ends only between two entries of perform(). Some drivers kill launches that take seconds. Others end loops
//   silently after 65,535 rounds of an invocation. So an entry should take a few milliseconds and at most about 10,000
//   rounds. Do one slice of the work, keep the results in state, report the rounds with spend(), and call suspend()
//   with the position of the next slice. A workgroup suspends if any of its threads does; all suspending threads must
//   give the same number. Between two slices, the workgroup may perform an urgent request. So keep the intermediate
//   state of each priority in its own place.
//
// Names: this file and residency.glsl declare global names. Your global names must be different from them; the compiler
// reports a conflict. The names in your schemas are checked when the kernel is opened.
//
// Memory order: barrier(), memoryBarrierShared() and memoryBarrierBuffer() order the stores of a workgroup. The vectors
// of an answer are sealed, so the order of their stores does not matter. The host reads state only while no launch
// runs.

#define RESIDENCY_PRIORITIES 2
#define RESIDENCY_SUSPENDS 1
#define RESIDENCY_DIRECT 1
#define RESIDENCY_ANSWERS 1
#include "residency.glsl"

// One element per request of the current batch. prepare() resets these arrays.
// calls of respond() and fail() in this workgroup; the host expects one over all workgroups
shared uint sh_answers[QUEUE_REQUESTS_PER_POLL];
shared uint sh_suspensions[QUEUE_REQUESTS_PER_POLL]; // calls of suspend()
shared uint sh_rounds[QUEUE_REQUESTS_PER_POLL];      // the largest sum that a subgroup reported with spend()
shared uint sh_ticks[QUEUE_REQUESTS_PER_POLL];       // since the beginning of the batch, if another request follows
shared uint64_t sh_nextProgress;

// The request that this thread performs, and the rounds that this thread reported for it.
uint currentSlot = 0u;
uint currentRounds = 0u;

void perform(uint slot);

// Asks for another entry of perform() for this request.
void suspend(uint64_t progress) {
  sh_nextProgress = progress;
  atomicAdd(sh_suspensions[currentSlot], 1u);
}

// The number that the last entry gave to suspend(); 0 for a new request. Only the first request of a batch can have
// been suspended.
uint64_t progress() { return currentSlot == 0u ? sh_progress[currentPriority] : 0ul; }

// Reports the rounds that this thread took in a loop.
void spend(uint rounds) {
  currentRounds += subgroupMax(rounds);
  atomicMax(sh_rounds[currentSlot], currentRounds);
}

// Counts the threads that reach this call together, and how many of them are active.
void countActive(bool isActive) {
  uint counted = subgroupAdd(1u);
  uint activeCount = subgroupAdd(isActive ? 1u : 0u);
  if (!subgroupElect()) return;
  atomicAdd(sh_countedLanes, counted);
  atomicAdd(sh_activeLanes, activeCount);
}

// A status that fail() cannot give: the request ended without an answer.
const uint STATUS_UNANSWERED = 65536u;

// respond() and fail() call this.
void countAnswer(uint slot) { atomicAdd(sh_answers[slot], 1u); }

#include "kernel-types.glsl"

// ── Functions that the loop calls ──

// The requests of a batch are answered together, and a launch ends only after a batch. So a batch ends early once it
// has taken more than this number of rounds, or more than this time. The next poll takes the rest.
const uint SHORT_ROUNDS_MAX = 256u;
const uint SHORT_TICKS_MAX = 100000u;

// The low word of the device's clock; 0 without a device clock. One thread calls this.
uint clockLowWord() {
#ifdef RESIDENCY_CLOCK
  return clockRealtime2x32EXT().x;
#else
  return 0u;
#endif
}

void initialize() {}

uint batchLimit(uint available) { return available; }

void prepare(uint first, uint count) {
  for (uint index = gl_LocalInvocationIndex; index < QUEUE_REQUESTS_PER_POLL; index += gl_WorkGroupSize.x) {
    sh_answers[index] = 0u;
    sh_suspensions[index] = 0u;
    sh_rounds[index] = 0u;
  }
}

void perform(uint first, uint count) {
  uint finished = 0u;
  uint rounds = 0u;
  bool isSuspended = false;
  bool isLong = false;
  bool isTimed = gl_LocalInvocationIndex == 0u && count > 1u; // a single request does not pay for clock reads
  uint beginLow = isTimed ? clockLowWord() : 0u;
  while (finished < count && !isSuspended && !isLong) {
    currentSlot = finished;
    currentRounds = 0u;
    perform(finished);
    if (isTimed) sh_ticks[finished] = clockLowWord() - beginLow;
    memoryBarrierBuffer();
    memoryBarrierShared();
    barrier();
    isSuspended = sh_suspensions[finished] != 0u;
    rounds += sh_rounds[finished] + 1u;
    isLong = rounds > SHORT_ROUNDS_MAX || (count > 1u && sh_ticks[finished] > SHORT_TICKS_MAX);
    if (!isSuspended) finished++;
  }
  if (gl_LocalInvocationIndex != 0u) return;
  sh_finished = finished;
  sh_progress[currentPriority] = isSuspended ? sh_nextProgress : 0ul;
  sh_spent += rounds;
}

uint64_t contribution(uint index) { return uint64_t(sh_answers[index]); }

void unanswered(uint index) { endRequest(index, STATUS_UNANSWERED); }
