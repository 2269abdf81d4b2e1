/**
 * `adaptive`: the kernel stays while it has the card to itself, and ends after every batch while others use the card
 * too.
 *
 *     resident ──others on the card──▶ shared ──others have left──▶ resident
 *        └──gaps between leases──▶ shared, for a while ──▶ resident, on trial
 *
 * resident   like `continuous`, with short leases: between two leases the card may switch to another program
 * shared     like `batch`: a launch ends when the queued requests are answered
 *
 * A card does not switch to another program while a kernel runs. It ends a kernel that blocks others for some seconds
 * (docs/decisions/0007). So a resident kernel has leases even if it could stay for ever. Other processes of everwarp
 * announce themselves (company.ts). Other programs are detected by gaps: if two leases follow each other without the
 * host, only another program can cause a gap between them. Then the kernel is shared for a second. That time doubles
 * with each failed trial.
 *
 * Invariants: only one of the two modes runs at a time. A mode begins only when the launches of the other have ended.
 * Both modes use the same number of workgroups, so requests that some workgroups have finished can continue.
 */
import type { Company } from "../sharing/index.ts";
import { PrerecordedStrategy } from "./prerecorded.ts";
import { ResidentStrategy } from "./resident.ts";
import type { LaunchStrategy, StrategyContext } from "./strategy.ts";

/**
 * A gap that indicates another program. Longer than the barrier between two launches (a few microseconds), shorter than
 * another program's turn (a few milliseconds).
 */
const GAP_MS = 0.3;
/** A single gap may be an accident. This number of gaps within the time indicates another program. */
const GAPS = 2;
const GAPS_WITHIN_MS = 500;
const FIRST_SHARED_MS = 1_000;
const SHARED_MS_MAX = 16_000;
/** A trial of this length has succeeded. */
const TRIAL_MS = 2_000;

/** Options of `adaptive` in addition to its context. */
export interface AdaptiveOptions {
  readonly residentWorkgroupCount: number;
  readonly leastWorkgroupCount: number;
  readonly requestsPerBatch: number;
  readonly company: Company;
}

/** Stays or makes room, depending on others. See the head of this file. */
export class AdaptiveStrategy implements LaunchStrategy {
  readonly name = "adaptive";
  readonly hasFence = false;
  readonly #resident: ResidentStrategy;
  readonly #shared: PrerecordedStrategy;
  readonly #company: Company;
  readonly #context: StrategyContext;
  /** The mode that launches. */
  #active: ResidentStrategy | PrerecordedStrategy;
  /** The mode that must end before `#active` may begin. */
  #leaving: ResidentStrategy | PrerecordedStrategy | undefined;
  /** Times of gaps, the newest last. */
  #gapsMs: number[] = [];
  /** The kernel is shared until then, because of gaps. */
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

  /** Whether the kernel ends after every batch for the sake of others. */
  get isShared(): boolean {
    return this.#active === this.#shared;
  }

  get stays(): boolean {
    return this.#leaving !== undefined || !this.isShared;
  }

  async start(): Promise<void> {
    this.#leaving = undefined;
    if (this.workgroupCount === 0 || !this.#wantsToShare()) {
      // The first start is always resident, to find out how many workgroups are resident together.
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
    // Answers are read from memory, so there is nothing to block on.
  }

  /** Reports the gap before a launch that followed the previous one without the host. */
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
    // This runs at every poll, so it reads the clock only after gaps were seen.
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
