/**
 * One request that takes minutes, on devices whose drivers end every kernel after seconds.
 *
 *   npx tsx examples/long-job.ts [LIMIT]
 *
 * The kernel works in slices and keeps what it found in state, so it can be parked and relaunched between any two of
 * them. Of all that nothing is to be seen here: it is one call and one answer.
 */
import { pathToFileURL } from "node:url";
import { Device, ResidentKernel, type StrategyName, struct, u32, u64 } from "everwarp";

/** What the search found. */
export interface LongJobResult {
  /** The smallest number below the limit that takes the most steps to reach 1. */
  start: bigint;
  steps: number;
  /** Launches that it took. */
  launches: number;
}

/**
 * Searches all numbers below a limit.
 * @param limit 2 to 10¹⁰
 * @param leaseMs how long a launch may last
 */
export async function run(
  device: Device,
  options: { limit: bigint; leaseMs?: number; strategy?: StrategyName; workgroupSize?: number },
): Promise<LongJobResult> {
  const { limit, leaseMs = 500, strategy = "auto" as const, workgroupSize = 256 } = options;
  await using kernel = await ResidentKernel.open({
    device,
    source: new URL("long-job.comp", import.meta.url),
    request: struct("Request", { limit: u64 }),
    response: struct("Response", { start: u64, steps: u32 }),
    state: { best: 32 },
    strategy,
    workgroupSize,
    leaseMs,
  });
  const { start, steps } = await kernel.call({ limit });
  return { start, steps, launches: kernel.stats().launches };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const limit = BigInt(process.argv[2] ?? 10_000_000);
  using device = Device.open({ allowSoftware: true });
  const begin = performance.now();
  const { start, steps, launches } = await run(device, { limit });
  const seconds = ((performance.now() - begin) / 1000).toFixed(1);
  console.log(`below ${limit}, ${start} takes the most steps: ${steps} (${seconds} s, ${launches} launches)`);
}
