/**
 * What is measured when a search is measured. The only file here that knows how searches are run; everything else asks through it.
 */
import type { StrategyName } from "../../residency/strategies/index.ts";
import type { Backend, BackendTicket, LoadedCorpus } from "../../search/backend.ts";
import type { Corpus } from "../../search/corpus/corpus.ts";
import { FILE_FLAGS } from "../../search/corpus/placement.ts";
import { DeviceBackend } from "../../search/gpu/device-backend.ts";
import { openHostEngine } from "../../search/host/host-engine.ts";
import { type BenchOptions, skip } from "./context.ts";

export interface Query {
  /** Plain text, or a pattern where `isRegex`. */
  readonly pattern: string;
  readonly ignoreCase: boolean;
  readonly isRegex?: boolean;
  /** So many hits are enough. */
  readonly maxHits?: number;
}

/** A query's hits, as a user would take them. */
export interface Answer {
  readonly count: number;
  readonly truncated: boolean;
  /** Index into the corpus's file table. */
  readonly file: Uint32Array;
  /** Byte offset in the file. */
  readonly offset: ArrayLike<number>;
}

export interface PendingAnswer {
  /** @returns false when it did not come in time */
  waitSync(timeoutMs: number): boolean;
  take(): Answer;
}

export interface LoadedTarget {
  readonly contentBytes: number;
  readonly loadMs: number;
  submit(query: Query): PendingAnswer;
  unload(): Promise<void>;
}

/** An open engine. */
export interface Target extends AsyncDisposable {
  /** The launch strategy, or "host". */
  readonly name: string;
  /** The device, for people. */
  readonly device: string;
  /** It takes its time from the same cores as everything else. */
  readonly usesHostCores: boolean;
  load(corpus: Corpus): Promise<LoadedTarget>;
}

export interface TargetPlan {
  /** What it is called until it is open. */
  readonly label: string;
  /** Is a device asked, and not the host? */
  readonly isDevice: boolean;
  open(): Promise<Target>;
}

/** `--device` as the Vulkan layer takes it. */
export function deviceSelection(device: string): string | number {
  return /^\d+$/.test(device) ? Number(device) : device;
}

/**
 * Who is asked: the device as it runs best, the host engine, the device with a dispatch per request. With --strategy the
 * device runs in that way alone; with --device cpu only the host is asked.
 */
export function targetPlans({ device, strategy }: BenchOptions): TargetPlan[] {
  const host: TargetPlan = { label: "host", isDevice: false, open: openHost };
  if (device === "cpu") return [host];
  const onDevice = (name: StrategyName | "auto"): TargetPlan => ({
    label: name === "auto" ? "device" : name,
    isDevice: true,
    open: () => openDevice(device, name),
  });
  return strategy === undefined ? [onDevice("auto"), host, onDevice("dispatch")] : [onDevice(strategy), host];
}

async function openHost(): Promise<Target> {
  const backend = await openHostEngine();
  return targetOf(backend, "host", true);
}

async function openDevice(device: string, strategy: StrategyName | "auto"): Promise<Target> {
  const backend = await DeviceBackend.open({ select: deviceSelection(device), strategy });
  return targetOf(backend, backend.info.strategy, backend.device.info.type === "cpu");
}

function targetOf(backend: Backend, name: string, usesHostCores: boolean): Target {
  return {
    name,
    device: backend.info.device,
    usesHostCores,
    async load(corpus) {
      const loaded = await backend.load(corpus);
      const { contentBytes, loadMs } = loaded.placement.stats;
      return {
        contentBytes,
        loadMs,
        submit: (query) => submit(backend, loaded, query),
        unload: () => loaded.unload(),
      };
    },
    [Symbol.asyncDispose]: () => backend.close(),
  };
}

function submit(backend: Backend, loaded: LoadedCorpus, query: Query): PendingAnswer {
  if (query.isRegex === true) throw skip("regular expressions are not measured without the engine");
  const text = query.ignoreCase ? query.pattern.toLowerCase() : query.pattern;
  const literals = [{ bytes: Buffer.from(text), ignoreAsciiCase: query.ignoreCase }];
  const ticket = backend.submit(
    loaded,
    literals,
    query.maxHits === undefined ? {} : { maxHits: query.maxHits },
  );
  return { waitSync: (timeoutMs) => ticket.waitSync(timeoutMs), take: () => takeHits(ticket, loaded) };
}

function takeHits(ticket: BackendTicket, { placement }: LoadedCorpus): Answer {
  const { count, truncated, file, offset } = ticket.result();
  // ripgrep counts no match of a file that turns out to be binary.
  for (let index = 0; index < count; index++) {
    if (((placement.flags[file[index] as number] as number) & FILE_FLAGS.BINARY) === 0) continue;
    const kept = Uint32Array.from({ length: count }, (_, at) => at).filter(
      (at) => ((placement.flags[file[at] as number] as number) & FILE_FLAGS.BINARY) === 0,
    );
    const pick = (column: Uint32Array): Uint32Array => kept.map((at) => column[at] as number);
    return { count: kept.length, truncated, file: pick(file), offset: pick(offset) };
  }
  return { count, truncated, file, offset };
}
