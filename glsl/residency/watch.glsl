// watch.glsl: the watch of a launch. It keeps the clock, reads the settings, writes the heartbeat, and keeps the totals
// of all launches.
//
// The watch is the first thread of each workgroup. Only this thread calls the functions of this file, except
// cyclesNow() and halves(), which any thread may call.

// The distance of two heartbeats: one millisecond, or this number of polls.
const uint64_t BEAT_TICKS = 1000000ul;
const uint BEAT_POLLS = 1024u;
// The distance of two reads of the device's clock: about 30 microseconds, or this number of polls. At each read the
// watch also checks time limits and the other workgroups.
const uint CLOCK_CYCLES = 65536u;
const uint CLOCK_POLLS = 16u;
// A pause between two polls lasts at most the current idle time divided by this number.
const uint DOZE_SHARE = 64u;
// The maximum number of clock reads in one pause.
const uint DOZE_ROUNDS_MAX = 4096u;
// The value of `dutyShare` for a launch that may work all the time.
const uint DUTY_WHOLE = 65536u;

// State of the watch. It lies in shared memory although only one thread uses it: variables would cost every thread
// registers during perform().
struct Watch {
  uint epoch, phase;
  uint settings;                // the number of the settings that were read last
  uint roundBudget, dutyShare, dozeTicksMax;
  uint isBounded;               // 1 if requests, polls or rounds are limited: limits are checked at every poll
  uint isWorking;               // 1 if the previous poll found requests
  uint isDozing;                // 1 if the launch has been idle for so long that it pauses between polls
  uint polls;                   // in this launch
  uint idlePolls;               // consecutive polls without a request
  uint rounds;                  // loop rounds in this launch, if rounds are limited
  uint endPhase, endClock;      // why the previous launch ended, and the low clock word at its end
  uint gapTicks;                // from the end of the previous lease to the beginning of this launch
  uint clockLow;                // low word of the device's clock at the last read
  uint cyclesLook, cyclesWork;  // the cycle counter at the last clock read, and at the beginning of the current batch
  uint busyCycles;              // cycles of work since the last clock read
  uint64_t leaseTicks, idleTicks, dozeTicks;
  uint64_t tickNow;             // from the beginning of the launch to the last clock read
  uint64_t idleSince, workSince, throttledUntil, lastBeat;
  // totals over all launches; only workgroup 0 keeps them
  uint64_t totalTicks, totalPolls, totalRequests, totalBusy, totalActive, totalCounted;
};
shared Watch sh_watch;

// The low word of the subgroup's cycle counter. Some drivers give only the low words of clocks. So two clock reads must
// be less than a few seconds apart; otherwise the difference overflows.
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
  // Most work is shorter than the distance of two clock reads, so work is measured in cycles.
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

// Writes the heartbeat. Only workgroup 0 calls this.
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

// Starts the clock at the first poll. The gap counts only if the previous launch ended because its lease was over.
void beginClock() {
#ifdef RESIDENCY_CLOCK
  sh_watch.cyclesLook = cyclesNow();
  sh_watch.clockLow = clockRealtime2x32EXT().x;
  if (sh_watch.endPhase == PHASE_LEASE_OVER) sh_watch.gapTicks = sh_watch.clockLow - sh_watch.endClock;
#endif
}

// Saves the totals and the reason for the end. Workgroup 0 calls this when it leaves.
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

// Pauses while there is no work. Pauses grow with the idle time. Without a device clock there is no pause, because
// its length could not be measured.
void doze() {
#ifdef RESIDENCY_CLOCK
  uint64_t until = sh_watch.tickNow +
                   min((sh_watch.tickNow - sh_watch.idleSince) / DOZE_SHARE, uint64_t(sh_watch.dozeTicksMax));
  uint round = 0u;
  for (; round < DOZE_ROUNDS_MAX && sh_watch.tickNow < until; round++) lookAtClock(cyclesNow());
  sh_watch.rounds += round; // drivers that limit loops count these rounds too
#endif
}
