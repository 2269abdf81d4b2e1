/**
 * A histogram of times, cheap enough to be always on.
 *
 * It has a fixed size: 32 buckets for each doubling, so a quantile is off by at most 3 %, from a nanosecond to weeks.
 * The bucketing is that of HdrHistogram (G. Tene): linear within a power of two.
 */

const SUB_BITS = 5;
const SUB_COUNT = 1 << SUB_BITS;
/** Larger values are bucketed by their upper bits, because integer operations have 32 bits. */
const HIGH_BITS = 20;
const HIGH_FROM = 2 ** 31;
/** Values up to 2⁵¹ ns, which is 26 days. Longer times count in the last bucket. */
const VALUE_BITS = HIGH_BITS + 31;
const BUCKET_COUNT = (VALUE_BITS - SUB_BITS + 1) * SUB_COUNT;

/** Times in microseconds. */
export interface Quantiles {
  readonly count: number;
  readonly p50Us: number;
  readonly p90Us: number;
  readonly p99Us: number;
  readonly maxUs: number;
}

/** Counts times by their size. */
export class TimeHistogram {
  readonly #counts = new Float64Array(BUCKET_COUNT); // at a million a second, counts soon exceed 2³²
  #count = 0;
  #maxNs = 0;

  /** @param timeMs 0 or more, in milliseconds as `nowMs` measures them */
  add(timeMs: number): void {
    const valueNs = Math.max(0, timeMs * 1e6);
    this.#counts[bucketOf(valueNs)]++;
    this.#count++;
    if (valueNs > this.#maxNs) this.#maxNs = valueNs;
  }

  /** Adds the counts of another histogram. Returns this one. */
  addAll(other: TimeHistogram): this {
    for (let bucket = 0; bucket < BUCKET_COUNT; bucket++) this.#counts[bucket] += other.#counts[bucket];
    this.#count += other.#count;
    this.#maxNs = Math.max(this.#maxNs, other.#maxNs);
    return this;
  }

  get quantiles(): Quantiles {
    const [p50Us, p90Us, p99Us] = this.#atShares([0.5, 0.9, 0.99]);
    return { count: this.#count, p50Us, p90Us, p99Us, maxUs: this.#maxNs / 1000 };
  }

  clear(): void {
    this.#counts.fill(0);
    this.#count = 0;
    this.#maxNs = 0;
  }

  /** @param shares ascending, each in 0..1 */
  #atShares(shares: readonly number[]): number[] {
    const values: number[] = [];
    let seen = 0;
    for (let bucket = 0; bucket < BUCKET_COUNT && values.length < shares.length; bucket++) {
      seen += this.#counts[bucket];
      while (values.length < shares.length && seen > 0 && seen >= shares[values.length] * this.#count)
        values.push(Math.min(middleOf(bucket), this.#maxNs) / 1000);
    }
    while (values.length < shares.length) values.push(0); // the histogram is empty
    return values;
  }
}

/** The bucket of a value in nanoseconds. */
function bucketOf(valueNs: number): number {
  if (valueNs < SUB_COUNT) return valueNs | 0;
  const isHigh = valueNs >= HIGH_FROM;
  const bits = isHigh ? Math.min(valueNs / 2 ** HIGH_BITS, HIGH_FROM - 1) | 0 : valueNs | 0;
  const exponent = 31 - Math.clz32(bits) - SUB_BITS; // doublings above the linear range
  const bucket = (exponent + 1) * SUB_COUNT + ((bits >>> exponent) & (SUB_COUNT - 1));
  return isHigh ? bucket + HIGH_BITS * SUB_COUNT : bucket;
}

/** The middle of a bucket, in nanoseconds. */
function middleOf(bucket: number): number {
  if (bucket < SUB_COUNT) return bucket + 0.5;
  const width = 2 ** (Math.floor(bucket / SUB_COUNT) - 1);
  return (SUB_COUNT + (bucket % SUB_COUNT) + 0.5) * width;
}
