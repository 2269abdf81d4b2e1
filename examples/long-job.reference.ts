/** What long-job.comp does, the slow way. */
export function longestChain(limit: number): { start: bigint; steps: number } {
  let best = { start: 1n, steps: 0 };
  for (let start = 1; start < limit; start++) {
    let steps = 0;
    // Exact: below a limit of 10⁷ no number on the way reaches 2⁵³.
    for (let number = start; number > 1; steps++) number = number % 2 === 0 ? number / 2 : 3 * number + 1;
    if (steps > best.steps) best = { start: BigInt(start), steps };
  }
  return best;
}

/** Published records: the number below each limit that takes the most steps (OEIS A006877, A006878). */
export const RECORDS: readonly { limit: bigint; start: bigint; steps: number }[] = [
  { limit: 1_000n, start: 871n, steps: 178 },
  { limit: 10_000n, start: 6_171n, steps: 261 },
  { limit: 100_000n, start: 77_031n, steps: 350 },
  { limit: 1_000_000n, start: 837_799n, steps: 524 },
  { limit: 10_000_000n, start: 8_400_511n, steps: 685 },
  { limit: 100_000_000n, start: 63_728_127n, steps: 949 },
  { limit: 1_000_000_000n, start: 670_617_279n, steps: 986 },
];
