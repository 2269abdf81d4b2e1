/**
 * The readback memory into which the kernel writes records of hits.
 *
 *     │ region 0 │ region 1 │ … │ region 255 │ spill region: all records of a range at once │
 *
 * Invariants: a region belongs to at most one scan, from its submission until its records were copied out; the spill
 * region serves one scan at a time.
 */
import { EverwarpError } from "../../base/index.ts";
import { sealNumberAt } from "../../residency/index.ts";
import type { DeviceBuffer } from "../../vulkan/index.ts";
import { Record as HitRecord } from "./scan.schema.ts";

/** Scans that have a region at a time; as many as the work queue has slots. */
export const REGION_COUNT = 256;
/** Records that a scan can deliver at the first try. */
export const REGION_RECORDS = 4096;
/** Records that a scan can deliver when it is asked again: all of a range at once. */
export const SPILL_RECORDS = 1 << 20;
/** The number of the spill region: the one behind the others. */
export const SPILL_REGION = 256;
/** Size of the whole memory. */
export const RECORD_MEMORY_BYTES = (REGION_COUNT * REGION_RECORDS + SPILL_RECORDS) * HitRecord.BYTES;

/** How long a record may come after the completion that counts it. */
const RECORD_TIMEOUT_MS = 1_000;
const TAG_SEQUENCE_MASK = 2 ** (32 - HitRecord.SEGMENT_BITS) - 1;

/** Regions of records, and which of them are free. */
export class RecordMemory {
  readonly #words: Uint32Array;
  readonly #free: number[] = Array.from({ length: REGION_COUNT }, (_, region) => region);

  /** @param buffer readback memory of `RECORD_MEMORY_BYTES` */
  constructor(buffer: DeviceBuffer) {
    this.#words = new Uint32Array(buffer.host);
  }

  /** Are all regions but the spill region taken? */
  get isFull(): boolean {
    return this.#free.length === 0;
  }

  /** Takes a region. Call it only where `isFull` is false. */
  take(): number {
    return this.#free.pop() as number;
  }

  /** Gives a region back. The spill region, and −1 for none, need no giving back. */
  release(region: number): void {
    if (region >= 0 && region < REGION_COUNT) this.#free.push(region);
  }

  /** Index of the first record of a region. */
  firstRecord(region: number): number {
    return region * REGION_RECORDS;
  }

  /**
   * Copies the records of a request out, each when its seal shows that it has come; puts tags in the place of seals.
   * @param sequence of the request
   * @returns `count` × 4 words
   * @throws EW_KERNEL_FAULT for a record that does not come
   */
  copy(region: number, sequence: number, count: number): Uint32Array {
    const source = this.#words;
    const base = region * REGION_RECORDS * HitRecord.WORDS;
    const end = base + count * HitRecord.WORDS;
    const wanted = sequence & TAG_SEQUENCE_MASK;
    const records = new Uint32Array(count * HitRecord.WORDS);
    for (let from = base, to = 0; from < end; from += HitRecord.WORDS, to += HitRecord.WORDS) {
      let tag = sealNumberAt(source, from);
      if (tag >>> HitRecord.SEGMENT_BITS !== wanted) tag = awaitRecord(source, from, wanted);
      records[to] = source[from];
      records[to + 1] = source[from + 1];
      records[to + 2] = source[from + 2];
      records[to + 3] = tag;
    }
    source.fill(0, base, end); // a record of this request is never taken for one of a later request
    return records;
  }
}

function awaitRecord(records: Uint32Array, at: number, wanted: number): number {
  const begin = performance.now();
  for (;;) {
    const tag = sealNumberAt(records, at);
    if (tag >>> HitRecord.SEGMENT_BITS === wanted) return tag;
    if (performance.now() - begin > RECORD_TIMEOUT_MS) {
      throw new EverwarpError(
        "EW_KERNEL_FAULT",
        `a hit that the kernel counted did not arrive within ${RECORD_TIMEOUT_MS} ms`,
        { remedy: "Please report this, with the device and its driver." },
      );
    }
  }
}
