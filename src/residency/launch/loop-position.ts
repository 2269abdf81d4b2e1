/**
 * The position of a parked kernel: what each workgroup has finished, independent of the queue's sequence numbers.
 *
 *     priority        answered by all │ unanswered: 0    1    2    3          (counted from the oldest unanswered one)
 *     workgroup 0 ────────────────┤ done   done  p                        ahead = 2, progress p of request 2
 *     workgroup 1 ────────────────┤ done                                  ahead = 1
 *     arrivals                    │ 2      1     0    0                   whole counters: partial results included
 *
 * Invariant: in each priority, at least one workgroup has `ahead` 0, because a request that all workgroups have
 * finished is answered. So a new queue can take the unanswered requests in their order, numbered from 1. Every
 * workgroup continues exactly where it stopped.
 */
import { EverwarpError } from "../../base/index.ts";
import { Cursors, Queue, type Priority } from "../queue/index.ts";

const PRIORITIES = [0, 1] as const;
const TOTALS_BYTES = 48;
const ARRIVAL_MASK = (1n << BigInt(Queue.ARRIVAL_BITS)) - 1n;
/** Maximum number of requests in flight in one priority. */
export const MAX_SLOTS = 4096;
/** Size of the largest position in a file. */
export const POSITION_BYTES_MAX = positionBytes(Cursors.WORKGROUPS_MAX, MAX_SLOTS);

interface PriorityPosition {
  /** By workgroup: the number of unanswered requests that it has finished. */
  readonly ahead: Uint32Array;
  /** By workgroup: its progress in the next request. */
  readonly progress: BigUint64Array;
  /** By slot: the arrival counter of each unanswered request. */
  readonly arrivals: BigUint64Array;
}

/** The position of a parked kernel. See the head of this file. */
export interface LoopPosition {
  readonly workgroupCount: number;
  readonly priorities: readonly [PriorityPosition, PriorityPosition];
  /** By workgroup: the number of requests that it has finished so far, modulo 2³². */
  readonly taken: Uint32Array;
  /** The totals of the heartbeat. */
  readonly totals: BigUint64Array;
}

/** A part of one of the loop's buffers. */
export interface LoopRegion {
  readonly of: "cursors" | "counters";
  readonly offsetBytes: number;
  readonly sizeBytes: number;
}

/** The regions of device memory that contain the position, in the order that `positionFrom` expects. */
export function loopRegions(workgroupCount: number, slotCount: number): LoopRegion[] {
  const cursors = (offsetBytes: number, sizeBytes: number): LoopRegion => ({
    of: "cursors",
    offsetBytes,
    sizeBytes,
  });
  return [
    cursors(Cursors.TOTALS, TOTALS_BYTES),
    ...PRIORITIES.map((priority) =>
      cursors(Cursors.DONE + priority * Cursors.WORKGROUPS_MAX * 4, workgroupCount * 4),
    ),
    cursors(Cursors.TAKEN, workgroupCount * 4),
    ...PRIORITIES.map((priority) =>
      cursors(Cursors.PROGRESS + priority * Cursors.WORKGROUPS_MAX * 8, workgroupCount * 8),
    ),
    { of: "counters", offsetBytes: 0, sizeBytes: PRIORITIES.length * slotCount * 8 },
  ];
}

/** Reads the position from copies of the regions. */
export function positionFrom(
  copies: readonly Uint8Array[],
  workgroupCount: number,
  slotCount: number,
): LoopPosition {
  const [totals, doneNormal, doneUrgent, taken, progressNormal, progressUrgent, counters] = copies;
  const arrivals = longsOf(counters);
  const priority = (done: Uint32Array, progress: BigUint64Array, first: number): PriorityPosition => {
    const answered = done.reduce((least, one) => (((one - least) | 0) < 0 ? one : least));
    return {
      ahead: done.map((one) => one - answered),
      progress,
      arrivals: BigUint64Array.from(
        { length: slotCount },
        (_, index) => arrivals[first + ((answered + 1 + index) & (slotCount - 1))],
      ),
    };
  };
  return {
    workgroupCount,
    priorities: [
      priority(wordsOf(doneNormal), longsOf(progressNormal), 0),
      priority(wordsOf(doneUrgent), longsOf(progressUrgent), slotCount),
    ],
    taken: wordsOf(taken),
    totals: longsOf(totals),
  };
}

/**
 * Encodes a position as regions for a queue whose numbers begin at 1. @throws EW_BAD_ARGUMENT if the kernel cannot
 * continue with this number of workgroups or slots
 */
export function regionBytes(position: LoopPosition, workgroupCount: number, slotCount: number): Uint8Array[] {
  const { priorities, totals } = position;
  let { taken } = position;
  let ahead = priorities.map(({ ahead }) => ahead);
  let progress = priorities.map(({ progress }) => progress);
  if (workgroupCount !== position.workgroupCount) {
    if (!isBetweenRequests(position)) {
      throw new EverwarpError(
        "EW_BAD_ARGUMENT",
        `a request was under way in ${position.workgroupCount} workgroups, and now there are ${workgroupCount}`,
        { remedy: "Restore with as many workgroups as there were." },
      );
    }
    const count = workgroupCount;
    taken = new Uint32Array(count).fill(taken[0]);
    ahead = PRIORITIES.map(() => new Uint32Array(count));
    progress = PRIORITIES.map(() => new BigUint64Array(count));
  }
  const arrivals = new BigUint64Array(PRIORITIES.length * slotCount);
  for (const priority of PRIORITIES) {
    priorities[priority].arrivals.forEach((count, index) => {
      if (count === 0n) return;
      if (index >= slotCount) {
        throw new EverwarpError("EW_BAD_ARGUMENT", `a request under way does not fit ${slotCount} slots`, {
          remedy: "Restore with as many slots as there were.",
        });
      }
      arrivals[priority * slotCount + ((index + 1) & (slotCount - 1))] = count;
    });
  }
  return [totals, ...ahead, taken, ...progress, arrivals].map(bytesOf);
}

/** Whether no workgroup has started an unanswered request. */
export function isBetweenRequests(position: LoopPosition): boolean {
  return position.priorities.every(
    ({ ahead, progress }) => ahead.every((count) => count === 0) && progress.every((value) => value === 0n),
  );
}

/**
 * Whether a request was finished by some workgroups but not by others. Its answer may already be written, to memory
 * that is not part of a checkpoint.
 */
export function isSplit(position: LoopPosition): boolean {
  return position.priorities.some(({ ahead }) => ahead.some((count) => count !== 0));
}

/**
 * Removes a request that must not be performed. The work of workgroups on it is discarded, and later requests move up.
 * @param index its index among the unanswered requests of its priority; 0 is the oldest
 */
export function withdraw(position: LoopPosition, priority: Priority, index: number): void {
  const { ahead, progress, arrivals } = position.priorities[priority];
  for (let workgroup = 0; workgroup < ahead.length; workgroup++) {
    if (ahead[workgroup] > index) ahead[workgroup]--;
    else if (ahead[workgroup] === index) progress[workgroup] = 0n;
  }
  if (index >= arrivals.length) return;
  arrivals.copyWithin(index, index + 1);
  arrivals[arrivals.length - 1] = 0n;
}

/** A copy that may be modified. */
export function copyPosition(position: LoopPosition): LoopPosition {
  return structuredClone(position);
}

/** Encodes a position for a file. */
export function encodePosition(position: LoopPosition): Uint8Array {
  const { workgroupCount, priorities, taken, totals } = position;
  const slotCount = priorities[0].arrivals.length;
  const parts = [
    Uint32Array.of(workgroupCount, slotCount),
    totals,
    ...priorities.flatMap(({ progress, arrivals }) => [progress, arrivals]),
    ...priorities.map(({ ahead }) => ahead),
    taken,
  ].map(bytesOf);
  return new Uint8Array(Buffer.concat(parts));
}

/** Size of an encoded position in bytes. */
function positionBytes(workgroupCount: number, slotCount: number): number {
  return 8 + TOTALS_BYTES + PRIORITIES.length * (workgroupCount * 12 + slotCount * 8) + workgroupCount * 4;
}

/** @throws EW_CHECKPOINT_CORRUPTED for bytes that `encodePosition` did not make */
export function decodePosition(bytes: Uint8Array): LoopPosition {
  if (bytes.length < 8) throw corrupted(`a position of ${bytes.length} bytes`);
  const [workgroupCount, slotCount] = wordsOf(bytes.subarray(0, 8));
  const isShape =
    workgroupCount >= 1 &&
    workgroupCount <= Cursors.WORKGROUPS_MAX &&
    slotCount >= 1 &&
    slotCount <= MAX_SLOTS &&
    (slotCount & (slotCount - 1)) === 0;
  if (!isShape) throw corrupted(`a position of ${workgroupCount} workgroups and ${slotCount} slots`);
  if (bytes.length !== positionBytes(workgroupCount, slotCount))
    throw corrupted(
      `${bytes.length} bytes for a position of ${workgroupCount} workgroups and ${slotCount} slots`,
    );
  let at = 8;
  const next = (sizeBytes: number): Uint8Array => bytes.subarray(at, (at += sizeBytes));
  const totals = longsOf(next(TOTALS_BYTES));
  const longs = PRIORITIES.map(() => ({
    progress: longsOf(next(workgroupCount * 8)),
    arrivals: longsOf(next(slotCount * 8)),
  }));
  const [normal, urgent] = longs.map((priority) => ({
    ...priority,
    ahead: wordsOf(next(workgroupCount * 4)),
  }));
  return { workgroupCount, priorities: [normal, urgent], taken: wordsOf(next(workgroupCount * 4)), totals };
}

/**
 * Checks whether a kernel can have had this position with these requests in flight. A kernel that continues from an
 * impossible position skips requests or waits for ever.
 * @param inFlight number of requests in each priority
 * @throws EW_CHECKPOINT_CORRUPTED
 */
export function assertPosition(position: LoopPosition, inFlight: readonly number[]): void {
  for (const priority of PRIORITIES) {
    const { ahead, progress, arrivals } = position.priorities[priority];
    const requests = inFlight[priority];
    if (requests > arrivals.length)
      throw corrupted(`${requests} requests in flight in a priority of ${arrivals.length} slots`);
    // By request: how many workgroups have finished it.
    const finished = new Uint32Array(requests + 1);
    for (const [workgroup, count] of ahead.entries()) {
      if (count > requests) throw corrupted(`a workgroup is ${count} requests ahead, of ${requests}`);
      if (count === requests && progress[workgroup] !== 0n)
        throw corrupted("a workgroup has begun a request that is not there");
      finished[count]++;
    }
    if (finished[0] === 0) throw corrupted("all workgroups have finished a request that has no answer");
    let left = ahead.length;
    for (const [place, counter] of arrivals.entries()) {
      left -= place < requests ? finished[place] : left;
      if (Number(counter & ARRIVAL_MASK) !== left)
        throw corrupted(
          `${counter & ARRIVAL_MASK} workgroups have arrived for a request that ${left} have finished`,
        );
      if (left === 0 && counter !== 0n) throw corrupted("a request that nobody has finished has a result");
    }
  }
}

function corrupted(what: string): EverwarpError {
  return new EverwarpError("EW_CHECKPOINT_CORRUPTED", `the checkpoint has an impossible position: ${what}`, {
    remedy: "Restore an older checkpoint.",
  });
}

/** A copy, because the bytes may be unaligned and may change later. */
function wordsOf(bytes: Uint8Array): Uint32Array {
  return new Uint32Array(bytes.slice().buffer);
}
function longsOf(bytes: Uint8Array): BigUint64Array {
  return new BigUint64Array(bytes.slice().buffer);
}
function bytesOf(words: Uint32Array | BigUint64Array): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
}
