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
// and gets `main`: poll, broadcast, lease, stop, completion. perform() is entered by every thread of every workgroup, in each lane in the order
// of the sequence numbers; different workgroups may take different batches. Users' kernels include kernel.glsl, which asks for one function.
//
//     RESIDENCY_LANES      1 (default), or 2: lane 1 is urgent, and looked at first
//     RESIDENCY_SUSPENDS   perform() stores in sh_finished how many of the requests it finished; the next one is performed again, later
//     RESIDENCY_DIRECT     results are what contribution() says and nothing else, so a workgroup that is alone publishes without counting
//     RESIDENCY_ANSWERS    contribution() counts answers; the workgroup that publishes calls unanswered(index) for a request that has none
//     RESIDENCY_CLOCK      ticks are those of the device's clock, which takes a while to read, so the subgroup's cycle counter tells when it is time
//                          for that; else a poll is a tick, and what authors spend()
//
//   doorbell memory                         device memory                          mailbox memory
//   Control  stop, last, lease, duty, …     counter[slot]: result<<16 | arrived    Completion[slot]: result, ordinal, sealed; more vectors
//   Slot[]   4 x (3 payload words, seal)    cursors: what every workgroup has      Heartbeat: phase and sums, sealed with the epoch
//            + 192 bytes more               finished; progress of the next         Alive[workgroup]: epoch
//
// What outlives a launch: device memory. A launch begins where its workgroups' cursors stand and leaves them true when it ends, always at the border
// of a request or of a suspended one; so launches may follow each other at any time, and whoever copies device memory between two has a checkpoint.
//
// Memory order relied on:
//  - A slot's header is 64 bytes, four vectors each sealed with the sequence number (seal.glsl). A request is taken only when all four show
//    the number that is due, so the order in which the host's stores arrive does not matter. Payload beyond the header
//    was written, and the host's write-combining buffers drained, before the header.
//  - Arrivals are counted with one atomic on device memory that also sums the results. The workgroup that arrives last
//    publishes, with the ordinal that workgroup 0 gave the request. Records that a kernel wrote to mailbox memory before may become visible to the host after the completion:
//    each record is sealed, so that the host knows when it has come.
//  - Cursors are written by a launch and read by the next one; a barrier of the command stream lies between.
// Termination: the stop flag is looked at first in every iteration; lease, idle time, rounds of loops and, for probes, idle polls are bounded.
// Only the stop flag ends a launch before its first poll has been served: so workgroups that run one after the other all get on.

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

#ifndef RESIDENCY_LANES
#define RESIDENCY_LANES 1
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
// Between two looks at the device's clock: some thirty microseconds. What depends on time, and what other workgroups want, is looked at then.
const uint CLOCK_CYCLES = 65536u;
const uint CLOCK_POLLS = 16u;
// A pause between polls is this part of the idle time so far, at most.
const uint DOZE_SHARE = 64u;
// Looks at the clock in one pause at most.
const uint DOZE_ROUNDS_MAX = 4096u;
const uint DUTY_WHOLE = 65536u;

const uint BATCH_WORDS = QUEUE_REQUESTS_PER_POLL * QUEUE_HEADER_WORDS;

// Headers of the requests in hand: three payload words of each vector, in order (QUEUE_HEADER_WORDS each).
shared uint sh_header[RESIDENCY_LANES * BATCH_WORDS];
// What the polling subgroup saw: COMMAND_EXIT, or lane and number of requests. Doubled by parity so that one barrier a poll is enough.
shared uint sh_command[2];
// Rounds of loops that perform() reported.
shared uint sh_spent;
// Set where the driver was seen to end loops early.
shared uint sh_loopsEnded;
#ifdef RESIDENCY_SUSPENDS
shared uint sh_finished;
shared uint64_t sh_progress[RESIDENCY_LANES];
// Lanes (threads) that countActive() counted, and those of them that were active.
shared uint sh_activeLanes;
shared uint sh_countedLanes;
#endif

// The lane and the first sequence number of the requests in hand.
uint currentLane = 0u;
uint currentFirst = 0u;

void initialize();
void prepare(uint first, uint count);
void perform(uint first, uint count);
uint64_t contribution(uint index);
uint batchLimit(uint available);
#ifdef RESIDENCY_ANSWERS
void unanswered(uint index);
#endif

// What the polling subgroup knows; all of its threads hold the same.
uint epoch;
uint settings;
uint roundBudget, dutyShare, dozeTicksMax;
uint64_t leaseTicks, idleTicks, dozeTicks;
uint phase = PHASE_RUNNING;
uint polls = 0u;              // of this launch
uint idlePolls = 0u;          // in a row
uint rounds = 0u;             // of loops, where they are budgeted
uint endPhase, endClock;      // why the launch before this one ended, and the device's clock then
uint gapTicks = 0u;           // between the end of the lease before and the beginning of this launch
bool isBounded;               // by requests, polls or rounds: then every poll is judged
bool isWorking = false;       // the poll before this one found something
uint64_t tickNow = 0ul;       // ticks since the launch began, at the last look at the clock
uint64_t idleSince = 0ul, workSince = 0ul, throttledUntil = 0ul, lastBeat = 0ul;
uint64_t totalTicks, totalPolls, totalRequests, totalBusy, totalActive, totalCounted; // workgroup 0: over all launches

uint slotOf(uint lane, uint sequence) { return lane * (launch.slotMask + 1u) + (sequence & launch.slotMask); }

// Payload word `index` of the request at position `request` of the batch.
uint headerWord(uint request, uint index) {
#if RESIDENCY_LANES == 1
  return sh_header[request * QUEUE_HEADER_WORDS + index];
#else
  return sh_header[currentLane * BATCH_WORDS + request * QUEUE_HEADER_WORDS + index];
#endif
}

// Payload beyond the header of the request with this sequence number, as 16-byte vectors.
uvec4 extensionVector(uint sequence, uint index) {
  return Vectors(launch.slots).vectors[slotOf(currentLane, sequence) * QUEUE_SLOT_VECTORS + QUEUE_HEADER_VECTORS + index];
}

// Vector `index` (1 and up) of the completion of a request of the current lane. Vector 0 is the loop's.
void writeCompletionVector(uint sequence, uint index, uvec3 content) {
  Vectors(launch.completions).vectors[slotOf(currentLane, sequence) * launch.completionVectors + index] = sealed(content, sequence);
}

// Only the low words of clocks count (some drivers give no more), so two looks must lie less than some seconds apart or the rest is lost.
#ifdef RESIDENCY_CLOCK
uint clockLow = 0u;      // the device's clock at the last look
uint cyclesLook = 0u;    // the cycle counter then
uint cyclesWork = 0u;    // the cycle counter when the work in hand began
uint busyCycles = 0u;    // of the cycles since the last look, those of work

uint cycles = 0u;        // the cycle counter at this poll

void countCycles() { cycles = subgroupBroadcastFirst(clock2x32ARB().x); }
bool isClockDue() { return dutyShare < DUTY_WHOLE || cycles - cyclesLook >= CLOCK_CYCLES; }
#else
bool isClockDue() { return dutyShare < DUTY_WHOLE || polls % CLOCK_POLLS == 0u; }
#endif

void lookAtClock() {
#ifdef RESIDENCY_CLOCK
  uint low = subgroupBroadcastFirst(clockRealtime2x32EXT().x);
  uint ticks = low - clockLow;
  tickNow += uint64_t(ticks);
  // Work is measured in cycles, as most of it is shorter than a look at the clock.
  totalBusy += uint64_t(float(ticks) * min(float(busyCycles) / max(float(cycles - cyclesLook), 1.0), 1.0));
  clockLow = low;
  cyclesLook = cycles;
  busyCycles = 0u;
#endif
}

void readSettings() {
  Control control = ControlReference(launch.control).value;
  settings = control.settings;
  roundBudget = control.roundBudget;
  dutyShare = clamp(control.dutyShare, 1u, DUTY_WHOLE);
  dozeTicksMax = control.dozeTicksMax;
  leaseTicks = control.leaseTicks;
  idleTicks = control.idleTicks;
  dozeTicks = control.dozeTicks;
  isBounded = launch.bounded != 0u || launch.pollLimit != 0u || roundBudget != 0u;
}

uvec2 halves(uint64_t value) { return uvec2(uint(value), uint(value >> 32)); }

// Tells the host what this launch is doing. By one thread of workgroup 0.
void beat() {
  lastBeat = tickNow;
  uvec2 ticks = halves(totalTicks + tickNow);
  uvec2 pollCount = halves(totalPolls + polls);
  uvec2 requests = halves(totalRequests);
  uvec2 busy = halves(totalBusy);
  uvec2 activeSum = halves(totalActive);
  uvec2 counted = halves(totalCounted);
  Vectors heartbeat = Vectors(launch.heartbeat);
  heartbeat.vectors[1] = sealed(uvec3(ticks, pollCount.x), epoch);
  heartbeat.vectors[2] = sealed(uvec3(pollCount.y, requests), epoch);
  heartbeat.vectors[3] = sealed(uvec3(busy, activeSum.x), epoch);
  heartbeat.vectors[4] = sealed(uvec3(activeSum.y, counted), epoch);
  heartbeat.vectors[0] = sealed(uvec3(phase, rounds, gapTicks), epoch);
}

// By the first subgroup, once a launch.
void beginWatch() {
  readSettings();
  epoch = ControlReference(launch.control).value.epoch;
  Words end = Words(launch.cursors + uint64_t(CURSORS_END));
  endPhase = end.words[0];
  endClock = end.words[1];
  if (gl_WorkGroupID.x != 0u) return;
  DoubleWords totals = DoubleWords(launch.cursors + uint64_t(CURSORS_TOTALS));
  totalTicks = totals.values[0];
  totalPolls = totals.values[1];
  totalRequests = totals.values[2];
  totalBusy = totals.values[3];
  totalActive = totals.values[4];
  totalCounted = totals.values[5];
}

// At the first poll: the clock begins. A gap is counted where nothing but a lease that was over lies before.
void beginClock() {
#ifdef RESIDENCY_CLOCK
  countCycles();
  cyclesLook = cycles;
  clockLow = subgroupBroadcastFirst(clockRealtime2x32EXT().x);
  if (endPhase == PHASE_LEASE_OVER) gapTicks = clockLow - endClock;
#endif
}

// By the first subgroup of workgroup 0, when it leaves.
void endWatch() {
#ifdef RESIDENCY_CLOCK
  countCycles();
#endif
  lookAtClock();
  if (!subgroupElect()) return;
  DoubleWords totals = DoubleWords(launch.cursors + uint64_t(CURSORS_TOTALS));
  totals.values[0] = totalTicks + tickNow;
  totals.values[1] = totalPolls + polls;
  totals.values[2] = totalRequests;
  totals.values[3] = totalBusy;
  totals.values[4] = totalActive;
  totals.values[5] = totalCounted;
  Words end = Words(launch.cursors + uint64_t(CURSORS_END));
  end.words[0] = phase;
#ifdef RESIDENCY_CLOCK
  end.words[1] = clockLow;
#endif
  beat();
}

// A longer and longer pause while there is nothing to do; without a clock of the device there is no telling how long it would be.
// Returns whether there was one.
bool doze() {
#ifdef RESIDENCY_CLOCK
  if (dozeTicks == 0ul || isWorking || tickNow - idleSince < dozeTicks) return false;
  uint64_t until = tickNow + min((tickNow - idleSince) / DOZE_SHARE, uint64_t(dozeTicksMax));
  uint round = 0u;
  for (; round < DOZE_ROUNDS_MAX && tickNow < until; round++) {
    countCycles();
    lookAtClock();
  }
  rounds += round; // they count where loops are limited
  return true;
#else
  return false;
#endif
}

uvec4 slotVector(uint lane, uint next, uint index) {
  uint slot = slotOf(lane, next + index / QUEUE_HEADER_VECTORS);
  return Vectors(launch.slots).vectors[slot * QUEUE_SLOT_VECTORS + index % QUEUE_HEADER_VECTORS];
}

// Keeps a vector of a header; true in each thread whose vector carries the number that is due.
bool takeVector(uint lane, uint next, uint index, uvec4 vector) {
  uint at = lane * BATCH_WORDS + index * 3u;
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

// How many requests of each lane are ready in a row, from `next` on; their headers are then in shared memory.
// The loads of both lanes are under way together.
uvec2 countReady(uvec2 next) {
  uvec2 readyVectors = uvec2(0u);
  for (uint index = gl_SubgroupInvocationID; index < QUEUE_REQUESTS_PER_POLL * QUEUE_HEADER_VECTORS; index += gl_SubgroupSize) {
    uint shift = index - gl_SubgroupInvocationID;
    uvec4 normal = slotVector(0u, next.x, index);
#if RESIDENCY_LANES == 2
    uvec4 urgent = slotVector(1u, next.y, index);
    readyVectors.y |= subgroupBallot(takeVector(1u, next.y, index, urgent)).x << shift;
#endif
    readyVectors.x |= subgroupBallot(takeVector(0u, next.x, index, normal)).x << shift;
  }
  return uvec2(countRequests(readyVectors.x), RESIDENCY_LANES == 2 ? countRequests(readyVectors.y) : 0u);
}

// Of `ready` requests, those that a bounded launch may take.
uint withinBounds(uint ready, uint next, uint last) {
  return launch.bounded == 0u ? ready : uint(clamp(int(last - next) + 1, 0, int(ready)));
}

void beginWork() {
  isWorking = true;
  workSince = tickNow;
  idlePolls = 0u;
#ifdef RESIDENCY_CLOCK
  cyclesWork = cycles;
#endif
}

// Accounts for the batch that the last poll handed out.
void endWork() {
  uint spent = subgroupBroadcastFirst(sh_spent); // all threads have read it before one clears it
  sh_spent = 0u;
  rounds += spent;
#ifdef RESIDENCY_CLOCK
  busyCycles += cycles - cyclesWork;
  if (isClockDue()) lookAtClock();
#else
  tickNow += uint64_t(spent) + 1ul;
  totalBusy += uint64_t(spent) + 1ul;
#endif
#ifdef RESIDENCY_SUSPENDS
  totalActive += subgroupBroadcastFirst(sh_activeLanes);
  totalCounted += subgroupBroadcastFirst(sh_countedLanes);
  sh_activeLanes = sh_countedLanes = 0u;
#endif
  if (dutyShare < DUTY_WHOLE) throttledUntil = tickNow + (tickNow - workSince) * (DUTY_WHOLE - dutyShare) / dutyShare;
  idleSince = tickNow;
  isWorking = false;
}

// Is this launch to end, with `ready` requests at hand? Sets `phase`.
void judge(uvec4 control, uint ready, bool isExhausted) {
  Words parkEpoch = Words(launch.cursors + uint64_t(CURSORS_PARK_EPOCH));
  if (control.x != 0u) {
    phase = PHASE_STOPPED;
    return;
  }
  if (isExhausted) {
    phase = PHASE_DONE;
    return;
  }
  if (polls == 0u) {
    // Of launches that were queued one behind the other, those behind one that was idle for long do not wait as long again.
    if (ready == 0u && endPhase == PHASE_IDLE && launch.bounded == 0u) phase = PHASE_IDLE;
    return;
  }
  bool isLeaseOver = (leaseTicks != 0ul && tickNow >= leaseTicks) || (roundBudget != 0u && rounds >= roundBudget);
  if (isLeaseOver) phase = PHASE_LEASE_OVER;
  else if (ready == 0u && idleTicks != 0ul && tickNow - idleSince >= idleTicks) phase = PHASE_IDLE;
  else if (launch.pollLimit != 0u && idlePolls >= launch.pollLimit) phase = PHASE_POLL_LIMIT;
  if (gl_NumWorkGroups.x == 1u) return;
  if (phase != PHASE_RUNNING) parkEpoch.words[0] = epoch; // the others follow
  else if (parkEpoch.words[0] == epoch) phase = PHASE_LEASE_OVER;
}

// One poll, by the first subgroup: looks at the next requests of each lane, and decides what the workgroup does.
void poll(uint nextNormal, uint nextUrgent, uint parity) {
  bool isFirst = polls == 0u;
  if (isFirst) beginClock();
  bool hasDozed = doze();
  uvec4 control = Vectors(launch.control).vectors[0];
  uint lane = 0u;
  uvec2 found = countReady(uvec2(nextNormal, nextUrgent));
  uint ready = withinBounds(found.x, nextNormal, control.y);
  bool isExhausted = launch.bounded != 0u && int(control.y - nextNormal) < 0;
#if RESIDENCY_LANES == 2
  uint urgent = withinBounds(found.y, nextUrgent, control.z);
  isExhausted = isExhausted && int(control.z - nextUrgent) < 0;
  if (urgent != 0u) {
    lane = 1u;
    ready = urgent;
  }
#endif
#ifdef RESIDENCY_CLOCK
  countCycles();
#endif
  // Nothing but perhaps a request: the shortest way, as one subgroup alone pays for every instruction.
  bool isQuiet = control.x == 0u && control.w == settings && !isWorking && !isBounded && !isFirst && !hasDozed && !isClockDue();
  if (isQuiet) {
#ifndef RESIDENCY_CLOCK
    tickNow++;
#endif
    polls++;
    if (ready != 0u) beginWork();
    if (subgroupElect()) sh_command[parity] = lane << COMMAND_COUNT_BITS | ready;
    return;
  }
  if (control.w != settings) readSettings();
  if (isWorking) endWork();
#ifdef RESIDENCY_CLOCK
  else if (isClockDue()) lookAtClock();
#else
  tickNow++;
#endif
  if (tickNow < throttledUntil) {
    ready = 0u;
    idleSince = tickNow;
  }
  if (roundBudget != 0u) rounds += ((32u + gl_SubgroupSize - 1u) / gl_SubgroupSize) + 1u + launch.canaryRounds;
  judge(control, ready, isExhausted);
  idlePolls++;
  bool isBeatDue = isFirst || tickNow - lastBeat >= BEAT_TICKS || polls % BEAT_POLLS < CLOCK_POLLS;
#ifndef RESIDENCY_CLOCK
  isBeatDue = isBeatDue || ready != 0u;
#endif
  polls++;
  if (subgroupElect()) {
    if (gl_WorkGroupID.x == 0u && isBeatDue && phase == PHASE_RUNNING) beat();
    sh_command[parity] = phase != PHASE_RUNNING ? COMMAND_EXIT : lane << COMMAND_COUNT_BITS | ready;
  }
  if (isBeatDue) lastBeat = tickNow;
  if (ready != 0u) beginWork();
}

// Counts this workgroup in at each of the requests; the workgroup that is last publishes the result.
void complete(uint first, uint count, uint taken) {
  uint index = gl_LocalInvocationIndex;
  if (index >= count) return;
  uint sequence = first + index;
  uint slot = slotOf(currentLane, sequence);
  uint64_t result = contribution(index);
  uint ordinal = taken + index + 1u;
  Words ordinals = Words(launch.counters + uint64_t(RESIDENCY_LANES * (launch.slotMask + 1u) * 8u));
#ifdef RESIDENCY_DIRECT
  if (gl_NumWorkGroups.x != 1u)
#endif
  {
    if (gl_WorkGroupID.x == 0u) ordinals.words[slot] = ordinal; // released by the arrival below
    uint64_t arrival = result << QUEUE_ARRIVAL_BITS | 1ul;
    uint64_t before = atomicAdd(Counters(launch.counters).values[slot], arrival,
                                gl_ScopeDevice, gl_StorageSemanticsBuffer, gl_SemanticsAcquireRelease);
    uint64_t after = before + arrival;
    if (uint(after & QUEUE_ARRIVAL_MASK) != gl_NumWorkGroups.x) return;
    atomicExchange(Counters(launch.counters).values[slot], 0ul, gl_ScopeDevice, gl_StorageSemanticsBuffer, gl_SemanticsRelaxed);
    result = after >> QUEUE_ARRIVAL_BITS;
    ordinal = ordinals.words[slot];
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

uint cursorOf(uint lane) { return lane * CURSORS_WORKGROUPS_MAX + gl_WorkGroupID.x; }

void main() {
  Words done = Words(launch.cursors + uint64_t(CURSORS_DONE));
  Words takenWords = Words(launch.cursors + uint64_t(CURSORS_TAKEN));
  if (gl_SubgroupID == 0u) beginWatch();
  if (gl_LocalInvocationIndex == 0u) {
    Words(launch.alive).words[gl_WorkGroupID.x] = epoch;
    sh_spent = 0u;
    sh_loopsEnded = 0u;
  }
  uint nextNormal = done.words[cursorOf(0u)] + 1u;
  uint nextUrgent = 1u;
#if RESIDENCY_LANES == 2
  nextUrgent = done.words[cursorOf(1u)] + 1u;
#endif
  uint taken = takenWords.words[gl_WorkGroupID.x];
#ifdef RESIDENCY_SUSPENDS
  DoubleWords progress = DoubleWords(launch.cursors + uint64_t(CURSORS_PROGRESS));
  if (gl_LocalInvocationIndex == 0u) {
    for (uint lane = 0u; lane < RESIDENCY_LANES; lane++) sh_progress[lane] = progress.values[cursorOf(lane)];
    sh_activeLanes = sh_countedLanes = 0u;
  }
#endif
  initialize();
  bool hasLeft = false;
  for (uint parity = 0u;; parity ^= 1u) {
    if (gl_SubgroupID == 0u) poll(nextNormal, nextUrgent, parity);
    barrier();
    uint command = sh_command[parity];
    if (command == COMMAND_EXIT) {
      hasLeft = true;
      break;
    }
    uint count = command & ((1u << COMMAND_COUNT_BITS) - 1u);
    if (count == 0u) continue;
    currentLane = command >> COMMAND_COUNT_BITS;
    currentFirst = currentLane == 0u ? nextNormal : nextUrgent;
    count = batchLimit(count);
    prepare(currentFirst, count);
    barrier();
    perform(currentFirst, count);
    barrier();
#ifdef RESIDENCY_SUSPENDS
    count = sh_finished;
#endif
    if (launch.canaryRounds != 0u) {
      if (!loopsTurn()) sh_loopsEnded = 1u;
      barrier();
      if (sh_loopsEnded != 0u) break;
    }
    complete(currentFirst, count, taken);
    if (currentLane == 0u) nextNormal += count;
    else nextUrgent += count;
    taken += count;
    totalRequests += count;
  }
  if (gl_LocalInvocationIndex == 0u) {
    done.words[cursorOf(0u)] = nextNormal - 1u;
#if RESIDENCY_LANES == 2
    done.words[cursorOf(1u)] = nextUrgent - 1u;
#endif
    takenWords.words[gl_WorkGroupID.x] = taken;
#ifdef RESIDENCY_SUSPENDS
    for (uint lane = 0u; lane < RESIDENCY_LANES; lane++) progress.values[cursorOf(lane)] = sh_progress[lane];
#endif
  }
  if (gl_SubgroupID != 0u) return;
  if (!hasLeft) {
    phase = PHASE_LOOP_LIMIT;
    Vectors(launch.heartbeat).vectors[HEARTBEAT_FAULT_VECTOR] = sealed(uvec3(phase, gl_WorkGroupID.x, rounds), epoch);
  }
  if (gl_WorkGroupID.x == 0u) endWatch();
}
