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
// The author writes perform, and no main. Everything around it is here and in residency.glsl: the poll, the broadcast,
// the completion, the lease, parking, the heartbeat.
//
// What is at hand
//   requestAt(slot)          the request as the schema's struct; any thread, any number of times
//   respond(slot, response)  answers it: one thread of all workgroups, once
//   fail(slot, code)         ends it with an error (1…65535) in place of respond
//   NAMEState()              address of the state section NAME; NAME_STATE_BYTES its size
//   suspend(progress)        perform is entered again for this request, and progress() gives this number; not 0
//   progress()               0 when the request is new
//   currentPriority          0, or 1 in an urgent request
//   spend(rounds)            after a loop: how many rounds this thread took. Threads of a subgroup go through a loop
//                            together, so the longest of each loop is added up
//   countActive(isActive)    the share of active threads, for kernel.stats(): all threads of a subgroup call it together
//
// What is promised
//   - All threads of all workgroups enter perform for every request. A thread may return early, but none may stand at a
//     barrier that others do not reach.
//   - A workgroup takes one request after the other. Between two entries lies a barrier with a memory barrier for shared
//     and buffer memory: what a thread stored in one entry, every thread of its workgroup reads in the next. On entry no
//     thread may rely on others having begun. A barrier() of the author's own orders what happens within an entry.
//   - Several workgroups take the same requests in the same order, but not in step: one may be some requests ahead.
//     What they share needs atomics with gl_ScopeDevice, and a place for each request. Each has a progress() of its own.
//   - One answer: exactly one thread of exactly one workgroup responds, in the workgroup's last entry for the request.
//
// What survives
//   State survives everything: the end of a launch, parking, a checkpoint, a lost device. After a loss it goes back to the
//   last checkpoint, and the requests since are performed again. It begins as zeros.
//   Shared memory and variables outside functions survive an entry by chance. A launch may end after any entry.
//
// Long work
//   A launch ends only between two entries of perform. Some drivers kill launches that take seconds, or end loops silently
//   after 65,535 rounds of an invocation. So an entry should take a few milliseconds and at most some 10,000 rounds. Do a
//   slice, keep what was found in state, tell the rounds with spend(), and suspend() with where to go on. A workgroup
//   suspends when any of its threads does; all that do give the same number. An urgent request may be performed between
//   two slices, so what a slice leaves for the next one lies in a place of its own for each priority.
//
// Names: this file and residency.glsl use names of their own, all of which an author's global names must avoid (the
// compiler tells). Schemas are checked when the kernel is opened.
//
// Memory order relied on: barrier(), memoryBarrierShared() and memoryBarrierBuffer() order the stores of a workgroup.
// An answer's vectors are sealed, so their order does not matter. The host reads state only when no launch runs.

#define RESIDENCY_PRIORITIES 2
#define RESIDENCY_SUSPENDS 1
#define RESIDENCY_DIRECT 1
#define RESIDENCY_ANSWERS 1
#include "residency.glsl"

// By position in the batch in hand; reset by prepare().
// calls of respond and fail in this workgroup; the host expects one in all
shared uint sh_answers[QUEUE_REQUESTS_PER_POLL];
shared uint sh_suspensions[QUEUE_REQUESTS_PER_POLL]; // calls of suspend
shared uint sh_rounds[QUEUE_REQUESTS_PER_POLL];      // the largest sum that a subgroup told of with spend
shared uint sh_ticks[QUEUE_REQUESTS_PER_POLL];       // since the batch began, if another request follows
shared uint64_t sh_nextProgress;

// The request that this thread performs, and the rounds it told of.
uint currentSlot = 0u;
uint currentRounds = 0u;

void perform(uint slot);

// Perform will be entered again for this request.
void suspend(uint64_t progress) {
  sh_nextProgress = progress;
  atomicAdd(sh_suspensions[currentSlot], 1u);
}

// What the last entry gave to suspend; 0 for a new request. Only the first of a batch can be an old one.
uint64_t progress() { return currentSlot == 0u ? sh_progress[currentPriority] : 0ul; }

// Tells of the rounds that this thread took in a loop.
void spend(uint rounds) {
  currentRounds += subgroupMax(rounds);
  atomicMax(sh_rounds[currentSlot], currentRounds);
}

// Counts the threads that reach this together, and those of them with something to do.
void countActive(bool isActive) {
  uint counted = subgroupAdd(1u);
  uint activeCount = subgroupAdd(isActive ? 1u : 0u);
  if (!subgroupElect()) return;
  atomicAdd(sh_countedLanes, counted);
  atomicAdd(sh_activeLanes, activeCount);
}

// A status that no author gives: the request was finished without an answer.
const uint STATUS_UNANSWERED = 65536u;

// Used by respond and fail.
void countAnswer(uint slot) { atomicAdd(sh_answers[slot], 1u); }

#include "kernel-types.glsl"

// ── What the loop calls ──

// Requests of a batch are answered together, and a launch ends only behind them. So a batch that has taken more rounds,
// or more time where there is a clock, ends early: the rest is taken by the next poll.
const uint SHORT_ROUNDS_MAX = 256u;
const uint SHORT_TICKS_MAX = 100000u;

// The low word of the clock, by one thread; 0 where there is none.
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
  bool isTimed = gl_LocalInvocationIndex == 0u && count > 1u; // a request that is alone pays for no clock
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
