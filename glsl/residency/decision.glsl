// decision.glsl: what a workgroup does after a poll: work, wait, or leave. Only the first thread of a workgroup calls
// these functions.

void beginWork(uint cycles) {
  sh_watch.isWorking = 1u;
  sh_watch.isDozing = 0u;
  sh_watch.workSince = sh_watch.tickNow;
  sh_watch.idlePolls = 0u;
  sh_watch.cyclesWork = cycles;
}

// Accounts for the batch of the previous poll.
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

// The phase after a poll with `ready` requests. Every phase except PHASE_RUNNING ends the launch.
uint judge(uint stopFlag, uint ready, bool isExhausted) {
  if (stopFlag != 0u) return PHASE_STOPPED;
  if (isExhausted) return PHASE_DONE;
  // Several launches may be queued in advance. If one of them ended idle, the next one must not wait for the full idle
  // time again.
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

// Ends all workgroups of a launch together. The first workgroup that leaves stores the launch's epoch. The other
// workgroups read this word from time to time.
uint follow(uint phase) {
  Words parkEpoch = Words(launch.cursors + uint64_t(CURSORS_PARK_EPOCH));
  if (phase != PHASE_RUNNING) {
    if (phase != PHASE_DONE && phase != PHASE_STOPPED) parkEpoch.words[0] = sh_watch.epoch;
    return phase;
  }
  return sh_watch.polls != 0u && parkEpoch.words[0] == sh_watch.epoch ? PHASE_LEASE_OVER : phase;
}

// The command for the workgroup after a poll that found `ready` requests in `priority`.
uint decide(uvec4 control, uint priority, uint ready, bool isExhausted) {
  uint cycles = cyclesNow();
  // The fast path: nothing needs attention, except perhaps requests. A single thread runs this code while all others
  // wait, so every instruction counts.
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
    bool isBeatDue = sh_watch.polls == 0u || sh_watch.tickNow - sh_watch.lastBeat >= BEAT_TICKS ||
                     sh_watch.polls % BEAT_POLLS < CLOCK_POLLS;
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
