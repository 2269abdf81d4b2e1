/**
 * `adaptive`: the kernel stays while the card is its own, and ends after every batch while others use the card too.
 *
 *     resident ──others on the card──▶ shared ──others have gone──▶ resident
 *        └──gaps between leases──▶ shared, for a while ──▶ resident, on trial
 *
 * resident   as `continuous`, with short leases: between two of them the card may go to another program
 * shared     as `batch`: a launch ends when what was queued is answered
 *
 * A card gives no turn to another program while a kernel of ours runs, and ends a kernel that keeps others waiting for
 * some seconds (docs/decisions/0007). So a resident kernel has leases even where it could stay for ever. Other
 * processes of everwarp announce themselves (company.ts). Programs that do not show in a gap between two leases that
 * follow each other without the host: nothing but another program lies there. Then the kernel is shared for a second,
 * and twice as long each time that the trial fails.
 *
 * Invariants: one of the two runs at a time; the other begins only when the launches of the first have ended. Both run
 * the same number of workgroups, so requests that are half answered go on.
 */
import type { Company } from "../sharing/index.ts";
import { PrerecordedStrategy } from "./prerecorded.ts";
import { ResidentStrategy } from "./resident.ts";
import type { LaunchStrategy, StrategyContext } from "./strategy.ts";

/**
 * Longer than the barrier between two launches takes (some microseconds), shorter than another program's turn (some
 * milliseconds).
 */
const GAP_MS = 0.3;
/** One gap may be an accident; as many as these within the time are another program. */
const GAPS = 2;
const GAPS_WITHIN_MS = 500;
const FIRST_SHARED_MS = 1_000;
const SHARED_MS_MAX = 16_000;
/** A trial that went on for so long has succeeded. */
const TRIAL_MS = 2_000;

/** What `adaptive` needs beyond its context. */
export interface AdaptiveOptions {
  readonly residentWorkgroupCount: number;
  readonly leastWorkgroupCount: number;
  readonly requestsPerBatch: number;
  readonly company: Company;
}

/** Stays, or makes room, as others let it. See the head of this file. */
export class AdaptiveStrategy implements LaunchStrategy {
  readonly name = "adaptive";
  readonly hasFence = false;
  readonly #resident: ResidentStrategy;
  readonly #shared: PrerecordedStrategy;
  readonly #company: Company;
  readonly #context: StrategyContext;
  /** Whose launches are made. */
  #active: ResidentStrategy | PrerecordedStrategy;
  /** What must end before `#active` may begin. */
  #leaving: ResidentStrategy | PrerecordedStrategy | undefined;
  /** When gaps were seen, the newest last. */
  #gapsMs: number[] = [];
  /** Shared until then, because of gaps. */
  #sharedUntilMs = 0;
  #sharedMs = FIRST_SHARED_MS;
  #residentSinceMs = 0;

  constructor(context: StrategyContext, options: AdaptiveOptions) {
    this.#company = options.company;
    this.#context = context;
    this.#resident = new ResidentStrategy(
      "continuous",
      context,
      options.residentWorkgroupCount,
      options.leastWorkgroupCount,
    );
    this.#shared = new PrerecordedStrategy(
      "batch",
      context,
      options.requestsPerBatch,
      () => this.#resident.workgroupCount,
    );
    this.#active = this.#resident;
  }

  get workgroupCount(): number {
    return this.#resident.workgroupCount;
  }

  get firstLaunch(): number {
    return this.isShared ? this.#context.launcher.epoch : this.#resident.firstLaunch;
  }

  /** Does the kernel end after every batch, for the sake of others? */
  get isShared(): boolean {
    return this.#active === this.#shared;
  }

  get stays(): boolean {
    return this.#leaving !== undefined || !this.isShared;
  }

  async start(): Promise<void> {
    this.#leaving = undefined;
    if (this.workgroupCount === 0 || !this.#wantsToShare()) {
      // The first time in any case: so it is known how many workgroups are resident together.
      this.#active = this.#resident;
      this.#residentSinceMs = performance.now();
      await this.#resident.start();
    } else {
      this.#active = this.#shared;
      await this.#shared.start();
    }
  }

  advance(): void {
    if (this.#leaving !== undefined) {
      if (!this.#leaving.hasEnded()) return;
      this.#leaving = undefined;
      if (this.#active === this.#resident) this.#resident.resume();
      else this.#shared.resume();
    } else if (this.#wantsToShare() !== this.isShared) {
      this.#change();
      return;
    }
    this.#active.advance();
  }

  assertRunning(): void {
    if (this.#leaving === undefined) this.#active.assertRunning();
    else this.#leaving.assertAlive();
    this.advance();
  }

  block(): void {
    // Answers are seen in memory: there is nothing to block on.
  }

  /** A launch began so long after the one before had ended, which it follows without the host. */
  sawGap(gapMs: number, epoch: number): void {
    if (gapMs < GAP_MS || this.isShared || !this.#resident.followsAnother(epoch)) return;
    const now = performance.now();
    this.#gapsMs = [...this.#gapsMs.filter((seenMs) => now - seenMs < GAPS_WITHIN_MS), now];
    if (this.#gapsMs.length < GAPS) return;
    this.#gapsMs = [];
    const wasTrial = this.#sharedUntilMs !== 0 && now - this.#residentSinceMs < TRIAL_MS;
    this.#sharedMs = wasTrial ? Math.min(2 * this.#sharedMs, SHARED_MS_MAX) : FIRST_SHARED_MS;
    this.#sharedUntilMs = now + this.#sharedMs;
  }

  endSoon(): void {
    this.#active.endSoon();
  }

  async stop(timeoutMs: number): Promise<void> {
    await this.#resident.stop(timeoutMs);
    await this.#shared.stop(timeoutMs);
    this.#leaving = undefined;
  }

  dispose(): void {
    this.#resident.dispose();
    this.#shared.dispose();
  }

  #wantsToShare(): boolean {
    // Asked at every poll, so the clock is read only where gaps were seen.
    return this.#company.hasOthers || (this.#sharedUntilMs !== 0 && performance.now() < this.#sharedUntilMs);
  }

  #change(): void {
    this.#leaving = this.#active;
    this.#leaving.endSoon();
    this.#active = this.isShared ? this.#resident : this.#shared;
    if (this.#active === this.#resident) this.#residentSinceMs = performance.now();
    this.#gapsMs = [];
  }
}
