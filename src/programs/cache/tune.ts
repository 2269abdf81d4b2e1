/**
 * Finds the best of several ways to build a program on this device. It is measured once, stored with its figures, and
 * used from then on.
 *
 * Invariants: a choice is valid for one source, one list of variants, one device and its driver. A damaged record
 * counts as no record. A variant that does not compile, or whose benchmark fails, is never chosen. If all variants
 * fail, `tune` throws and stores nothing.
 */

import { createHash } from "node:crypto";
import { join } from "node:path";
import { EverwarpError } from "../../base/index.ts";
import {
  writeBytesAtomically,
  type WriteOptions,
  isAmount,
  isCount,
  isListOf,
  isObject,
  isOptional,
  isText,
  parseJson,
  readRegularText,
} from "../../storage/index.ts";
import { type DiskStore, withBuildLock, MAX_SIDE_FILE_BYTES } from "../disk/index.ts";
import { digits, type Target } from "../entries/index.ts";
import type { ProgramLease } from "./held-programs.ts";
import {
  nameOf,
  type ProgramRequest,
  type ProgramVariant,
  resolveRequest,
  withVariant,
} from "./program-request.ts";

const RECORD_VERSION = 1;
const DEFAULT_ROUNDS = 3;
/** How long a process waits while another one measures the same. Two measurements at once would disturb each other. */
const OTHERS_TIMEOUT_MS = 60_000;
const WRITES: WriteOptions = {
  place: "own",
  points: {
    begun: "cache.manifest-begun",
    written: "cache.manifest-written",
    renamed: "cache.manifest-renamed",
  },
};

/**
 * Measures a program once.
 *
 * @returns the cost, in any unit: the smallest wins
 */
export type Benchmark = (program: ProgramLease, variant: ProgramVariant) => number | Promise<number>;

/** Options for measuring variants. */
export interface TuneOptions {
  /** How often each variant is measured, in turns; the median counts. 3 if not given. */
  readonly rounds?: number;
  /** Measures even if there is an earlier result. */
  readonly again?: boolean;
}

/** The measurement of a variant. */
export interface VariantFigure {
  readonly variant: string;
  /** The median; undefined if the variant failed. */
  readonly figure?: number | undefined;
  /** Why the variant failed. */
  readonly error?: string | undefined;
}

/** The best variant, and the figures of all variants. */
export interface TuneAnswer {
  /** Index of the best variant in the request's list. */
  readonly winner: number;
  readonly figures: readonly VariantFigure[];
  readonly measuredAtMs: number;
  /** Whether this call measured. Otherwise the answer comes from an earlier run. */
  readonly isMeasuredNow: boolean;
}

type TuneRecord = Omit<TuneAnswer, "isMeasuredNow">;

/** The parts of a program cache that the tuner needs. */
export interface TunedCache {
  readonly target: Target;
  readonly disk: DiskStore | undefined;
  acquire(request: ProgramRequest): Promise<ProgramLease>;
  flush(): Promise<void>;
}

/** Finds and remembers the best variants for one cache. */
export class Tuner {
  readonly #cache: TunedCache;
  /** Known records by name; undefined if nothing was measured. */
  readonly #known = new Map<string, Promise<TuneRecord | undefined>>();

  constructor(cache: TunedCache) {
    this.#cache = cache;
  }

  /** Applies the best variant to a request, or the first variant if none was measured. */
  async choose(request: ProgramRequest): Promise<ProgramRequest> {
    const { variants = [] } = request;
    if (variants.length === 0) return withVariant(request, undefined);
    const id = this.#idOf(request);
    let known = this.#known.get(id);
    if (known === undefined) {
      known = this.#read(id, variants.length);
      this.#known.set(id, known);
    }
    return withVariant(request, variants[(await known)?.winner ?? 0]);
  }

  /**
   * Finds the best variant: from an earlier run, or by measuring all variants.
   *
   * @throws EW_BAD_ARGUMENT for a request without variants; if all variants fail, the error of the first variant
   */
  async tune(request: ProgramRequest, benchmark: Benchmark, options: TuneOptions = {}): Promise<TuneAnswer> {
    const { variants = [] } = request;
    const { rounds = DEFAULT_ROUNDS } = options;
    if (variants.length === 0 || !(rounds >= 1)) {
      throw new EverwarpError(
        "EW_BAD_ARGUMENT",
        `${variants.length} variants of ${nameOf(request) ?? "a program"} to be measured ${rounds} times`,
        { remedy: "Give at least one variant, and measure it at least once." },
      );
    }
    const id = this.#idOf(request);
    const { disk } = this.#cache;
    const found = async (): Promise<TuneAnswer | undefined> => {
      const record = options.again === true ? undefined : await this.#read(id, variants.length);
      return record === undefined ? undefined : { ...record, isMeasuredNow: false };
    };
    const measured = async (): Promise<TuneAnswer> => {
      const record = await this.#measure(request, variants, benchmark, rounds);
      await this.#keep(id, record);
      return { ...record, isMeasuredNow: true };
    };
    const lock = disk && join(disk.folder, "locks", `tune-${id}`);
    const answer =
      (await found()) ??
      (lock === undefined
        ? await measured()
        : // Another process may have measured it meanwhile.
          await withBuildLock(lock, OTHERS_TIMEOUT_MS, async () => (await found()) ?? measured()));
    this.#known.set(id, Promise.resolve(answer));
    return answer;
  }

  #idOf(request: ProgramRequest): string {
    const { resolved } = resolveRequest(withVariant(request, undefined));
    const { moduleId, variantId } = resolved;
    return digits(32, [RECORD_VERSION, moduleId, variantId, request.variants, this.#cache.target.id]);
  }

  async #measure(
    request: ProgramRequest,
    variants: readonly ProgramVariant[],
    benchmark: Benchmark,
    rounds: number,
  ): Promise<TuneRecord> {
    const figures = variants.map((): number[] => []);
    const errors = new Map<number, unknown>();
    // Variants take turns. If the device gets warm or busy, it affects all of them.
    for (let round = 0; round < rounds; round++) {
      for (const [index, variant] of variants.entries()) {
        if (errors.has(index)) continue;
        try {
          figures[index]?.push(await this.#measureOnce(withVariant(request, variant), variant, benchmark));
        } catch (error) {
          errors.set(index, error);
        }
      }
    }
    if (errors.size === variants.length) throw errors.get(0);
    const measuredAtMs = Date.now();
    const answers = variants.map((variant, index): VariantFigure => {
      const name = nameOfVariant(variant, index);
      return errors.has(index)
        ? { variant: name, error: String((errors.get(index) as Error | undefined)?.message) }
        : { variant: name, figure: median(figures[index] ?? []) };
    });
    const best = answers.reduce(
      (least, { figure = Infinity }, index) =>
        figure < (answers[least]?.figure ?? Infinity) ? index : least,
      answers.findIndex(({ figure }) => figure !== undefined),
    );
    await this.#noteFigures(request, variants, answers, measuredAtMs);
    return { winner: best, figures: answers, measuredAtMs };
  }

  async #measureOnce(
    request: ProgramRequest,
    variant: ProgramVariant,
    benchmark: Benchmark,
  ): Promise<number> {
    const lease = await this.#cache.acquire(request);
    try {
      const figure = await benchmark(lease, variant);
      if (Number.isFinite(figure)) return figure;
      throw new EverwarpError("EW_BAD_ARGUMENT", `a benchmark gave ${figure}`, {
        remedy: "Let it return a number, smaller for better.",
      });
    } finally {
      lease.release();
    }
  }

  /** Writes the figures into the entries. `everwarp cache list` shows them. */
  async #noteFigures(
    request: ProgramRequest,
    variants: readonly ProgramVariant[],
    figures: readonly VariantFigure[],
    measuredAtMs: number,
  ): Promise<void> {
    const { disk, target } = this.#cache;
    if (disk === undefined) return;
    await this.#cache.flush(); // the entries must exist before they are changed
    for (const [index, { variant, figure }] of figures.entries()) {
      if (figure === undefined) continue;
      const { resolved } = resolveRequest(withVariant(request, variants[index]));
      const id = `${resolved.moduleId}.${resolved.variantId}.${target.id}`;
      await disk.noteMeasured(id, { variant, figure, measuredAtMs });
    }
  }

  /** @returns undefined if there is no intact record */
  async #read(id: string, variantCount: number): Promise<TuneRecord | undefined> {
    const { disk } = this.#cache;
    if (disk === undefined) return (await this.#known.get(id)) ?? undefined;
    const text = await readRegularText(recordPath(disk, id), MAX_SIDE_FILE_BYTES);
    const record = text === undefined ? undefined : decodeRecord(text);
    return record !== undefined && record.winner < variantCount ? record : undefined;
  }

  async #keep(id: string, record: TuneRecord): Promise<void> {
    const { disk } = this.#cache;
    await disk?.attempt(() =>
      writeBytesAtomically(recordPath(disk, id), new TextEncoder().encode(encodeRecord(record)), WRITES),
    );
  }
}

function recordPath(disk: DiskStore, id: string): string {
  return join(disk.folder, "tuned", `${id}.json`);
}

function encodeRecord(record: TuneRecord): string {
  const text = JSON.stringify(record);
  return `${JSON.stringify({ record, check: checkOf(text) }, undefined, 1)}\n`;
}

const isTuneFile = isObject({
  record: isObject({
    winner: isCount,
    figures: isListOf(
      isObject({ variant: isText, figure: isOptional(Number.isFinite), error: isOptional(isText) }),
    ),
    measuredAtMs: isAmount,
  }),
  check: isText,
});

/** @returns undefined for a text that is no intact record; the variants are then measured again */
export function decodeRecord(text: string): TuneRecord | undefined {
  const value = parseJson(text);
  if (!isTuneFile(value)) return undefined;
  const { record, check } = value as { record: TuneRecord; check: string };
  return checkOf(JSON.stringify(record)) === check ? record : undefined;
}

function checkOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function nameOfVariant({ name }: ProgramVariant, index: number): string {
  return name ?? String(index);
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}
