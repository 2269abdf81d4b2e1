// residency.glsl: the resident loop that every everwarp kernel shares.
//
// A kernel includes this file, defines these functions, and gets `main`: poll, broadcast, lease, stop, completion.
//
//     void initialize();                        // all threads, once a launch: set up shared memory
//     void prepare(uint first, uint count);     // all threads: read the requests' payloads into shared memory
//     void perform(uint first, uint count);     // all threads: do the work of requests first … first + count - 1
//     uint64_t contribution(uint index);        // what this workgroup adds to request `index`'s result (48 bits)
//     uint batchLimit(uint available);          // how many of `available` ready requests to take in one pass
//
// Every thread of every workgroup enters perform(), for each priority in the order of the sequence numbers. Different
// workgroups may take different batches. Users' kernels include kernel.glsl, which asks for one function.
//
//     RESIDENCY_PRIORITIES  1 (default), or 2: priority 1 is urgent, and looked at first
//     RESIDENCY_SUSPENDS    perform() stores in sh_finished how many requests it finished; the next is performed again
//     RESIDENCY_DIRECT      results are contribution() alone, so a workgroup that is alone publishes without counting
//     RESIDENCY_ALONE       bool isAlone(uint index) names requests that workgroup 0 performs. Their results are its
//                           contribution() alone, published without counting. It is asked behind perform(), when headers
//                           may be those of the next requests. bool serve(uint sequence, out uint64_t result) may answer
//                           such a request at once, if it is the only one at hand: its header is at position 0, and only
//                           the first subgroup of workgroup 0 is there
//     RESIDENCY_ANSWERS     contribution() counts answers; who publishes calls unanswered(index) for a request without
//     RESIDENCY_CLOCK       ticks are the device's clock. It takes a while to read, so the subgroup's cycle counter tells
//                           when to. Otherwise a tick is a poll, or what authors spend()
//
//   upload memory                         device memory                        readback memory
//   Control  stop, last, lease, duty, …   counter[slot]: result<<16 | arrived  Completion[slot]: result, ordinal, sealed
//   Slot[]   4 x (3 payload words, seal)  cursors: what every workgroup has    Heartbeat: phase and sums, sealed
//            + 192 bytes more             finished; progress of the next       Alive[workgroup]: epoch
//
// Device memory outlives a launch. A launch begins where its workgroups' cursors stand and leaves them true when it
// ends, always at the border of a request or of a suspended one. So launches may follow each other at any time, and
// whoever copies device memory between two has a checkpoint.
//
// Memory order relied on:
//  - A slot's header is 64 bytes: four vectors, each sealed with the sequence number (seal.glsl). A request is taken only
//    when all four show the number that is due, so the order of the host's stores does not matter. Payload beyond the
//    header was written, and the host's write-combining buffers drained, before the header.
//  - Arrivals are counted with one atomic on device memory that also sums the results. The last to arrive publishes,
//    with the ordinal that workgroup 0 gave the request. Records in readback memory may become visible to the host after
//    the completion: each record is sealed, so the host knows when it has come.
//  - Cursors are written by a launch and read by the next one; a barrier of the command stream lies between.
// Termination: every iteration looks at the stop flag first. Lease, idle time, rounds of loops and, for probes, idle
// polls are bounded. Only the stop flag ends a launch before its first poll was served, so workgroups that run one
// after the other all get on.

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

layout(local_size_x = 64, local_size_x_id = 0) in;

layout(push_constant, scalar) uniform LaunchBlock { Launch launch; };

layout(buffer_reference, scalar, buffer_reference_align = 16) volatile coherent buffer ControlReference { Control value; };
layout(buffer_reference, scalar, buffer_reference_align = 16) volatile coherent buffer Vectors { uvec4 vectors[]; };
layout(buffer_reference, scalar, buffer_reference_align = 8) coherent buffer Counters { uint64_t values[]; };
layout(buffer_reference, scalar, buffer_reference_align = 4) volatile coherent buffer Words { uint words[]; };
layout(buffer_reference, scalar, buffer_reference_align = 8) volatile coherent buffer DoubleWords { uint64_t values[]; };

// In place of a number of requests.
const uint COMMAND_EXIT = 0xFFFFFFFFu;
const uint COMMAND_COUNT_BITS = 8u;
// Heartbeats lie this far apart: a thousandth of a second, or so many polls.
const uint64_t BEAT_TICKS = 1000000ul;
const uint BEAT_POLLS = 1024u;
// Between two looks at the device's clock: some thirty microseconds. What depends on time, and what other workgroups
// want, is looked at then.
const uint CLOCK_CYCLES = 65536u;
const uint CLOCK_POLLS = 16u;
// A pause between polls is this part of the idle time so far, at most.
const uint DOZE_SHARE = 64u;
// Looks at the clock in one pause at most.
const uint DOZE_ROUNDS_MAX = 4096u;
const uint DUTY_WHOLE = 65536u;

const uint BATCH_WORDS = QUEUE_REQUESTS_PER_POLL * QUEUE_HEADER_WORDS;

// Headers of the requests in hand: three payload words of each vector, in order (QUEUE_HEADER_WORDS each).
shared uint sh_header[RESIDENCY_PRIORITIES * BATCH_WORDS];
// What the polling subgroup saw: COMMAND_EXIT, or priority and number of requests. Doubled by parity so that one
// barrier a poll is enough.
shared uint sh_command[2];
// Rounds of loops that perform() reported.
shared uint sh_spent;
// Set where the driver was seen to end loops early.
shared uint sh_loopsEnded;
#ifdef RESIDENCY_SUSPENDS
shared uint sh_finished;
shared uint64_t sh_progress[RESIDENCY_PRIORITIES];
// Lanes (threads) that countActive() counted, and those of them that were active.
shared uint sh_activeLanes;
shared uint sh_countedLanes;
#endif

// The priority and the first sequence number of the requests in hand. What is kept while the workgroup performs costs
// all threads a register, so with one priority nothing is.
#if RESIDENCY_PRIORITIES == 2
uint currentPriority = 0u;
uint currentFirst = 0u;
#else
const uint currentPriority = 0u;
#endif

void initialize();
void prepare(uint first, uint count);
void perform(uint first, uint count);
uint64_t contribution(uint index);
uint batchLimit(uint available);
#ifdef RESIDENCY_ANSWERS
void unanswered(uint index);
#endif
#ifdef RESIDENCY_ALONE
bool isAlone(uint index);
bool serve(uint sequence, out uint64_t result);
// Requests that the poll has answered already.
shared uint sh_served[2];
#endif

// What one thread, the watch, knows of this launch. In shared memory, though no other thread looks at it: as variables
// it would take registers from all threads while they perform.
struct Watch {
  uint epoch, phase;
  uint settings;                // number of the settings that were read
  uint roundBudget, dutyShare, dozeTicksMax;
  uint isBounded;               // by requests, polls or rounds: then every poll is judged
  uint isWorking;               // the poll before this one found something
  uint isDozing;                // idle for so long that polls are to lie apart
  uint polls;                   // of this launch
  uint idlePolls;               // in a row
  uint rounds;                  // of loops, where they are budgeted
  uint endPhase, endClock;      // why the launch before this one ended, and the device's clock then
  uint gapTicks;                // between the end of the lease before and the beginning of this launch
  uint clockLow;                // the device's clock at the last look
  uint cyclesLook, cyclesWork;  // the cycle counter then, and when the work in hand began
  uint busyCycles;              // of the cycles since the last look, those of work
  uint64_t leaseTicks, idleTicks, dozeTicks;
  uint64_t tickNow;             // ticks since the launch began, at the last look at the clock
  uint64_t idleSince, workSince, throttledUntil, lastBeat;
  // workgroup 0: over all launches
  uint64_t totalTicks, totalPolls, totalRequests, totalBusy, totalActive, totalCounted;
};
shared Watch sh_watch;

uint slotOf(uint priority, uint sequence) { return priority * (launch.slotMask + 1u) + (sequence & launch.slotMask); }

// Payload word `index` of the request at position `request` of the batch.
uint headerWord(uint request, uint index) {
#if RESIDENCY_PRIORITIES == 1
  return sh_header[request * QUEUE_HEADER_WORDS + index];
#else
  return sh_header[currentPriority * BATCH_WORDS + request * QUEUE_HEADER_WORDS + index];
#endif
}

// Payload beyond the header of the request with this sequence number, as 16-byte vectors.
uvec4 extensionVector(uint sequence, uint index) {
  return Vectors(launch.slots).vectors[slotOf(currentPriority, sequence) * QUEUE_SLOT_VECTORS + QUEUE_HEADER_VECTORS + index];
}

// Vector `index` (1 and up) of the completion of a request of the current priority. Vector 0 is the loop's.
void writeCompletionVector(uint sequence, uint index, uvec3 content) {
  Vectors(launch.completions).vectors[slotOf(currentPriority, sequence) * launch.completionVectors + index] = sealed(content, sequence);
}

// ── The watch: all of this is done by the first thread alone ──

// Only the low words of clocks count (some drivers give no more), so two looks must lie less than some seconds apart or
// the rest is lost.
uint cyclesNow() {
#ifdef RESIDENCY_CLOCK
  return clock2x32ARB().x;
#else
  return 0u;
#endif
}

bool isClockDue(uint cycles) {
#ifdef RESIDENCY_CLOCK
  return sh_watch.dutyShare < DUTY_WHOLE || cycles - sh_watch.cyclesLook >= CLOCK_CYCLES;
#else
  return sh_watch.dutyShare < DUTY_WHOLE || sh_watch.polls % CLOCK_POLLS == 0u;
#endif
}

void lookAtClock(uint cycles) {
#ifdef RESIDENCY_CLOCK
  uint low = clockRealtime2x32EXT().x;
  uint ticks = low - sh_watch.clockLow;
  sh_watch.tickNow += uint64_t(ticks);
  // Work is measured in cycles, as most of it is shorter than a look at the clock.
  float cyclesPassed = max(float(cycles - sh_watch.cyclesLook), 1.0);
  sh_watch.totalBusy += uint64_t(float(ticks) * min(float(sh_watch.busyCycles) / cyclesPassed, 1.0));
  sh_watch.clockLow = low;
  sh_watch.cyclesLook = cycles;
  sh_watch.busyCycles = 0u;
#endif
}

void readSettings() {
  Control control = ControlReference(launch.control).value;
  sh_watch.epoch = control.epoch;
  sh_watch.settings = control.settings;
  sh_watch.roundBudget = control.roundBudget;
  sh_watch.dutyShare = clamp(control.dutyShare, 1u, DUTY_WHOLE);
  sh_watch.dozeTicksMax = control.dozeTicksMax;
  sh_watch.leaseTicks = control.leaseTicks;
  sh_watch.idleTicks = control.idleTicks;
  sh_watch.dozeTicks = control.dozeTicks;
  bool isBounded = launch.bounded != 0u || launch.pollLimit != 0u || control.roundBudget != 0u;
  sh_watch.isBounded = isBounded ? 1u : 0u;
}

uvec2 halves(uint64_t value) { return uvec2(uint(value), uint(value >> 32)); }

// Tells the host what this launch is doing. In workgroup 0.
void beat() {
  sh_watch.lastBeat = sh_watch.tickNow;
  uint epoch = sh_watch.epoch;
  uvec2 ticks = halves(sh_watch.totalTicks + sh_watch.tickNow);
  uvec2 pollCount = halves(sh_watch.totalPolls + sh_watch.polls);
  uvec2 requests = halves(sh_watch.totalRequests);
  uvec2 busy = halves(sh_watch.totalBusy);
  uvec2 activeSum = halves(sh_watch.totalActive);
  uvec2 counted = halves(sh_watch.totalCounted);
  Vectors heartbeat = Vectors(launch.heartbeat);
  heartbeat.vectors[1] = sealed(uvec3(ticks, pollCount.x), epoch);
  heartbeat.vectors[2] = sealed(uvec3(pollCount.y, requests), epoch);
  heartbeat.vectors[3] = sealed(uvec3(busy, activeSum.x), epoch);
  heartbeat.vectors[4] = sealed(uvec3(activeSum.y, counted), epoch);
  heartbeat.vectors[0] = sealed(uvec3(sh_watch.phase, sh_watch.rounds, sh_watch.gapTicks), epoch);
}

void beginWatch() {
  readSettings();
  sh_watch.phase = PHASE_RUNNING;
  sh_watch.isWorking = sh_watch.isDozing = 0u;
  sh_watch.polls = sh_watch.idlePolls = sh_watch.rounds = 0u;
  sh_watch.gapTicks = sh_watch.clockLow = sh_watch.cyclesLook = sh_watch.cyclesWork = sh_watch.busyCycles = 0u;
  sh_watch.tickNow = sh_watch.idleSince = sh_watch.workSince = sh_watch.throttledUntil = sh_watch.lastBeat = 0ul;
  Words end = Words(launch.cursors + uint64_t(CURSORS_END));
  sh_watch.endPhase = end.words[0];
  sh_watch.endClock = end.words[1];
  if (gl_WorkGroupID.x != 0u) {
    sh_watch.totalBusy = 0ul;
    return;
  }
  DoubleWords totals = DoubleWords(launch.cursors + uint64_t(CURSORS_TOTALS));
  sh_watch.totalTicks = totals.values[0];
  sh_watch.totalPolls = totals.values[1];
  sh_watch.totalRequests = totals.values[2];
  sh_watch.totalBusy = totals.values[3];
  sh_watch.totalActive = totals.values[4];
  sh_watch.totalCounted = totals.values[5];
}

// At the first poll: the clock begins. A gap is counted where nothing but a lease that was over lies before.
void beginClock() {
#ifdef RESIDENCY_CLOCK
  sh_watch.cyclesLook = cyclesNow();
  sh_watch.clockLow = clockRealtime2x32EXT().x;
  if (sh_watch.endPhase == PHASE_LEASE_OVER) sh_watch.gapTicks = sh_watch.clockLow - sh_watch.endClock;
#endif
}

// When workgroup 0 leaves.
void endWatch() {
  lookAtClock(cyclesNow());
  DoubleWords totals = DoubleWords(launch.cursors + uint64_t(CURSORS_TOTALS));
  totals.values[0] = sh_watch.totalTicks + sh_watch.tickNow;
  totals.values[1] = sh_watch.totalPolls + sh_watch.polls;
  totals.values[2] = sh_watch.totalRequests;
  totals.values[3] = sh_watch.totalBusy;
  totals.values[4] = sh_watch.totalActive;
  totals.values[5] = sh_watch.totalCounted;
  Words end = Words(launch.cursors + uint64_t(CURSORS_END));
  end.words[0] = sh_watch.phase;
  end.words[1] = sh_watch.clockLow;
  beat();
}

// A longer and longer pause while there is nothing to do; without a clock of the device there is no telling how long it
// would be.
void doze() {
#ifdef RESIDENCY_CLOCK
  uint64_t until = sh_watch.tickNow + min((sh_watch.tickNow - sh_watch.idleSince) / DOZE_SHARE, uint64_t(sh_watch.dozeTicksMax));
  uint round = 0u;
  for (; round < DOZE_ROUNDS_MAX && sh_watch.tickNow < until; round++) lookAtClock(cyclesNow());
  sh_watch.rounds += round; // they count where loops are limited
#endif
}

void beginWork(uint cycles) {
  sh_watch.isWorking = 1u;
  sh_watch.isDozing = 0u;
  sh_watch.workSince = sh_watch.tickNow;
  sh_watch.idlePolls = 0u;
  sh_watch.cyclesWork = cycles;
}

// Accounts for the batch that the last poll handed out.
void endWork(uint cycles) {
  uint spent = sh_spent;
  sh_spent = 0u;
  sh_watch.rounds += spent;
#ifdef RESIDENCY_CLOCK
  sh_watch.busyCycles += cycles - sh_watch.cyclesWork;
  if (isClockDue(cycles)) lookAtClock(cycles);
#else
  sh_watch.tickNow += uint64_t(spent) + 1ul;
  sh_watch.totalBusy += uint64_t(spent) + 1ul;
#endif
#ifdef RESIDENCY_SUSPENDS
  sh_watch.totalActive += sh_activeLanes;
  sh_watch.totalCounted += sh_countedLanes;
  sh_activeLanes = sh_countedLanes = 0u;
#endif
  if (sh_watch.dutyShare < DUTY_WHOLE) {
    uint64_t worked = sh_watch.tickNow - sh_watch.workSince;
    sh_watch.throttledUntil = sh_watch.tickNow + worked * (DUTY_WHOLE - sh_watch.dutyShare) / sh_watch.dutyShare;
  }
  sh_watch.idleSince = sh_watch.tickNow;
  sh_watch.isWorking = 0u;
}

// Is this launch to end, with `ready` requests at hand?
uint judge(uint stopFlag, uint ready, bool isExhausted) {
  if (stopFlag != 0u) return PHASE_STOPPED;
  if (isExhausted) return PHASE_DONE;
  // Of launches that were queued one behind the other, those behind one that was idle for long do not wait as long
  // again.
  if (sh_watch.polls == 0u)
    return ready == 0u && sh_watch.endPhase == PHASE_IDLE && launch.bounded == 0u ? PHASE_IDLE : PHASE_RUNNING;
  bool isLeaseOver = (sh_watch.leaseTicks != 0ul && sh_watch.tickNow >= sh_watch.leaseTicks) ||
                     (sh_watch.roundBudget != 0u && sh_watch.rounds >= sh_watch.roundBudget);
  uint64_t idle = sh_watch.tickNow - sh_watch.idleSince;
  if (isLeaseOver) return PHASE_LEASE_OVER;
  if (ready == 0u && sh_watch.idleTicks != 0ul && idle >= sh_watch.idleTicks) return PHASE_IDLE;
  if (launch.pollLimit != 0u && sh_watch.idlePolls >= launch.pollLimit) return PHASE_POLL_LIMIT;
  sh_watch.isDozing = ready == 0u && sh_watch.dozeTicks != 0ul && idle >= sh_watch.dozeTicks ? 1u : 0u;
  return PHASE_RUNNING;
}

// The first workgroup of several that leaves calls the others, who look now and then.
uint follow(uint phase) {
  Words parkEpoch = Words(launch.cursors + uint64_t(CURSORS_PARK_EPOCH));
  if (phase != PHASE_RUNNING) {
    if (phase != PHASE_DONE && phase != PHASE_STOPPED) parkEpoch.words[0] = sh_watch.epoch;
    return phase;
  }
  return sh_watch.polls != 0u && parkEpoch.words[0] == sh_watch.epoch ? PHASE_LEASE_OVER : phase;
}

// What the workgroup does after a poll that found `ready` requests in `priority`; a command.
uint decide(uvec4 control, uint priority, uint ready, bool isExhausted) {
  uint cycles = cyclesNow();
  // Nothing but perhaps a request: the shortest way, as one thread alone pays for every instruction.
  bool isQuiet = control.x == 0u && control.w == sh_watch.settings && sh_watch.polls != 0u && !isClockDue(cycles) &&
                 (sh_watch.isWorking | sh_watch.isBounded | sh_watch.isDozing) == 0u;
  if (isQuiet) {
#ifndef RESIDENCY_CLOCK
    sh_watch.tickNow++;
#endif
    sh_watch.polls++;
    if (ready != 0u) beginWork(cycles);
    return priority << COMMAND_COUNT_BITS | ready;
  }
  if (control.w != sh_watch.settings) readSettings();
  bool hasWorked = sh_watch.isWorking != 0u;
  bool isDue = isClockDue(cycles) || sh_watch.isDozing != 0u;
  if (hasWorked) endWork(cycles);
#ifdef RESIDENCY_CLOCK
  else if (isDue) lookAtClock(cycles);
#else
  else sh_watch.tickNow++;
#endif
  if (sh_watch.tickNow < sh_watch.throttledUntil) {
    ready = 0u;
    sh_watch.idleSince = sh_watch.tickNow;
  }
  if (sh_watch.roundBudget != 0u)
    sh_watch.rounds += ((32u + gl_SubgroupSize - 1u) / gl_SubgroupSize) + 1u + launch.canaryRounds;
  uint phase = judge(control.x, ready, isExhausted);
  if (gl_NumWorkGroups.x != 1u && (isDue || phase != PHASE_RUNNING)) phase = follow(phase);
  sh_watch.phase = phase;
  sh_watch.idlePolls++;
  if (gl_WorkGroupID.x == 0u && phase == PHASE_RUNNING) {
    bool isBeatDue = sh_watch.polls == 0u || sh_watch.tickNow - sh_watch.lastBeat >= BEAT_TICKS || sh_watch.polls % BEAT_POLLS < CLOCK_POLLS;
#ifndef RESIDENCY_CLOCK
    isBeatDue = isBeatDue || (launch.bounded == 0u && ready != 0u);
#endif
    if (isBeatDue) beat();
  }
  sh_watch.polls++;
  if (phase != PHASE_RUNNING) return COMMAND_EXIT;
  if (ready != 0u) beginWork(cycles);
  return priority << COMMAND_COUNT_BITS | ready;
}

// ── The poll: by the first subgroup ──

uvec4 slotVector(uint priority, uint next, uint index) {
  uint slot = slotOf(priority, next + index / QUEUE_HEADER_VECTORS);
  return Vectors(launch.slots).vectors[slot * QUEUE_SLOT_VECTORS + index % QUEUE_HEADER_VECTORS];
}

// Keeps a vector of a header; true in each thread whose vector carries the number that is due.
bool takeVector(uint priority, uint next, uint index, uvec4 vector) {
  uint at = priority * BATCH_WORDS + index * 3u;
  sh_header[at + 0u] = vector.x;
  sh_header[at + 1u] = vector.y;
  sh_header[at + 2u] = vector.z;
  return sealNumber(vector) == next + index / QUEUE_HEADER_VECTORS;
}

// Requests in a row whose headers are whole. `readyVectors`: bit i says it of vector i.
uint countRequests(uint readyVectors) {
  uint unready = ~subgroupBroadcastFirst(readyVectors);
  return unready == 0u ? QUEUE_REQUESTS_PER_POLL : uint(findLSB(unready)) / QUEUE_HEADER_VECTORS;
}

// How many requests of each priority are ready in a row, from `next` on; their headers are then in shared memory.
// The loads of both priorities are under way together.
uvec2 countReady(uvec2 next) {
  uvec2 readyVectors = uvec2(0u);
  for (uint index = gl_SubgroupInvocationID; index < QUEUE_REQUESTS_PER_POLL * QUEUE_HEADER_VECTORS; index += gl_SubgroupSize) {
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

// Of `ready` requests, those that a bounded launch may take.
uint withinBounds(uint ready, uint next, uint last) {
  return launch.bounded == 0u ? ready : uint(clamp(int(last - next) + 1, 0, int(ready)));
}

#ifdef RESIDENCY_ALONE
// Answers a request that came alone, before the workgroup is told of anything.
bool serveNow(uint sequence, uvec4 control) {
  bool isUnhindered = gl_WorkGroupID.x == 0u && launch.bounded == 0u && control.x == 0u && control.w == sh_watch.settings && sh_watch.polls != 0u &&
                      sh_watch.isBounded == 0u && sh_watch.dutyShare == DUTY_WHOLE;
  if (!isUnhindered) return false;
  uint cycles = cyclesNow();
  uint64_t result = 0ul;
  if (!serve(sequence, result)) return false;
  if (gl_LocalInvocationIndex == 0u) {
    Vectors(launch.completions).vectors[slotOf(0u, sequence) * launch.completionVectors] = sealed(uvec3(uint(result), uint(result >> 32), sequence), sequence);
    beginWork(cycles);
    sh_watch.totalRequests++;
  }
  return true;
}
#endif

// Looks at the next requests of each priority, and tells the workgroup what to do.
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

// Counts this workgroup in at each of the requests; the workgroup that is last publishes the result.
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
  uint ordinal = sequence; // requests are taken in their order
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
    if (gl_WorkGroupID.x == 0u) ordinals.words[slot] = ordinal; // released by the arrival below
#endif
    uint64_t arrival = result << QUEUE_ARRIVAL_BITS | 1ul;
    uint64_t before = atomicAdd(Counters(launch.counters).values[slot], arrival,
                                gl_ScopeDevice, gl_StorageSemanticsBuffer, gl_SemanticsAcquireRelease);
    uint64_t after = before + arrival;
    if (uint(after & QUEUE_ARRIVAL_MASK) != gl_NumWorkGroups.x) return;
    atomicExchange(Counters(launch.counters).values[slot], 0ul, gl_ScopeDevice, gl_StorageSemanticsBuffer, gl_SemanticsRelaxed);
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

// Do loops still turn as often as they are told? (A driver with a limit ends them silently.)
bool loopsTurn() {
  uint turned = 0u;
  for (uint round = 0u; round < launch.canaryRounds; round++) turned++;
  return turned == launch.canaryRounds;
}

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
    for (uint priority = 0u; priority < RESIDENCY_PRIORITIES; priority++) sh_progress[priority] = progress.values[cursorOf(priority)];
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
  for (uint priority = 0u; priority < RESIDENCY_PRIORITIES; priority++) progress.values[cursorOf(priority)] = sh_progress[priority];
#endif
  if (!hasLeft) {
    sh_watch.phase = PHASE_LOOP_LIMIT;
    Vectors(launch.heartbeat).vectors[HEARTBEAT_FAULT_VECTOR] =
        sealed(uvec3(PHASE_LOOP_LIMIT, gl_WorkGroupID.x, sh_watch.rounds), sh_watch.epoch);
  }
  if (gl_WorkGroupID.x == 0u) endWatch();
}
