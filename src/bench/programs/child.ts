/**
 * The child process of `programs` and `together`. Compiled programs stay in a process, so each measurement
 * needs its own.
 * It is started as `everwarp bench --child JOB`. The environment says where its cache is.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { EverwarpError } from "../../base/index.ts";
import { type ProgramRequest, ProgramCache, type ProgramStats } from "../../programs/index.ts";
import { openProfiledDevice, type StrategyName } from "../../residency/index.ts";
import { Corpus, SearchEngine, scanShape, searchPrograms } from "../../search/index.ts";
import { Device, type PipelineDataKind } from "../../vulkan/index.ts";
import { checkNumbered, numberedProgram } from "./kernel.ts";

/** What a child process does. */
export type ChildJob =
  /** Acquires numbered programs, one after another, and runs each. */
  | { readonly kind: "numbered"; readonly device: string | number; readonly count: number }
  /** Acquires the programs of a search. */
  | { readonly kind: "search-programs"; readonly device: string | number }
  /** Opens an engine on a folder and searches once. */
  | {
      readonly kind: "first-search";
      readonly device: string | number;
      readonly folder: string;
      readonly pattern: string;
    }
  /** Opens an engine on a folder and sends a query each millisecond for a while. */
  | {
      readonly kind: "beside";
      readonly device: string | number;
      readonly strategy: StrategyName | "auto";
      readonly folder: string;
      readonly pattern: string;
      readonly runMs: number;
    };

/** One program, acquired. */
export interface AcquiredProgram {
  readonly name: string;
  readonly isCompiled: boolean;
  /** Time of `acquire`. */
  readonly ms: number;
  /** The driver's share of that time. */
  readonly driverMs: number;
}

/** What a child measured about programs. */
export interface ProgramsAnswer {
  readonly openMs: number;
  /** Time for all programs, without running them. */
  readonly acquireMs: number;
  readonly programs: readonly AcquiredProgram[];
  readonly stats: ProgramStats;
  /** How the driver's work can be kept. */
  readonly driverKeeps: PipelineDataKind;
  /** Counted at vkCreateComputePipelines. */
  readonly pipelinesFromData: number;
  readonly pipelinesFromSpirv: number;
  /** JavaScript memory of the programs: heap and array buffers. */
  readonly heapBytes: number | undefined;
}

/** What a child measured about its first search. */
export interface FirstSearchAnswer {
  readonly count: number;
  /** Time from the listing of the folder to the answer. */
  readonly ms: number;
}

/** What a child measured beside other processes. */
export interface BesideAnswer {
  /** Time from the listing of the folder to an engine that answers. */
  readonly openMs: number;
  /** Time of each answer. */
  readonly samplesUs: readonly number[];
  /** Number of answers without exactly one hit. */
  readonly wrongCount: number;
}

/** Does a job. @returns one line of JSON */
export async function answerChild(text: string): Promise<string> {
  const job = JSON.parse(text) as ChildJob;
  try {
    return `${JSON.stringify({ found: await work(job) })}\n`;
  } catch (error) {
    if (!(error instanceof EverwarpError)) throw error;
    return `${JSON.stringify({ failure: { code: error.code, message: error.message } })}\n`;
  }
}

async function work(job: ChildJob): Promise<ProgramsAnswer | FirstSearchAnswer | BesideAnswer> {
  switch (job.kind) {
    case "numbered":
      return acquireNumbered(job);
    case "search-programs":
      return acquireSearchPrograms(job);
    case "first-search":
      return searchOnce(job);
    case "beside":
      return searchBeside(job);
  }
}

async function acquireNumbered({
  device: select,
  count,
}: ChildJob & { kind: "numbered" }): Promise<ProgramsAnswer> {
  using device = openDevice(select);
  const requests = Array.from({ length: count }, (_, index) => numberedProgram(index));
  return await acquireAll(device, requests, true);
}

async function acquireSearchPrograms({ device: select }: ChildJob): Promise<ProgramsAnswer> {
  const { device, profile } = await openProfiledDevice(openOptions(select));
  try {
    return await acquireAll(device, Object.values(searchPrograms(scanShape(device.info, profile))), false);
  } finally {
    device.close();
  }
}

async function acquireAll(
  device: Device,
  requests: readonly ProgramRequest[],
  isRun: boolean,
): Promise<ProgramsAnswer> {
  const heapBefore = heapBytes();
  const before = { ...device.counters };
  const startMs = performance.now();
  const cache = await ProgramCache.open({ device, maxPrograms: requests.length });
  const openMs = performance.now() - startMs;
  const programs: AcquiredProgram[] = [];
  const leases = [];
  for (const request of requests) {
    const begin = performance.now();
    const lease = await cache.acquire(request);
    const ms = performance.now() - begin;
    leases.push(lease);
    programs.push({
      name: request.label ?? ("name" in request ? (request.name ?? "") : ""),
      isCompiled: lease.program.origin === "compiled",
      ms,
      driverMs: lease.pipeline.driverMs,
    });
  }
  const acquireMs = programs.reduce((sum, { ms }) => sum + ms, 0);
  await cache.flush();
  const heapAfter = heapBytes();
  const { pipelinesFromData, pipelinesFromSpirv } = device.counters;
  if (isRun) leases.forEach((lease, index) => checkNumbered(device, lease, index));
  const stats = cache.stats();
  for (const lease of leases) lease.release();
  await cache.close();
  return {
    openMs,
    acquireMs,
    programs,
    stats,
    driverKeeps: device.pipelineDataKind, // asked last: it may make a pipeline for the question
    pipelinesFromData: pipelinesFromData - before.pipelinesFromData,
    pipelinesFromSpirv: pipelinesFromSpirv - before.pipelinesFromSpirv,
    heapBytes: heapBefore === undefined || heapAfter === undefined ? undefined : heapAfter - heapBefore,
  };
}

async function searchOnce({
  device,
  folder,
  pattern,
}: ChildJob & { kind: "first-search" }): Promise<FirstSearchAnswer> {
  const startMs = performance.now();
  const corpus = await Corpus.list([folder]);
  const engine = await SearchEngine.open({ corpus, device });
  try {
    const { count } = await engine.submit({ pattern, fixedStrings: true }).wait();
    return { count, ms: performance.now() - startMs };
  } finally {
    await engine.close();
  }
}

async function searchBeside({
  device,
  strategy,
  folder,
  pattern,
  runMs,
}: ChildJob & { kind: "beside" }): Promise<BesideAnswer> {
  const beginMs = performance.now();
  const engine = await SearchEngine.open({ corpus: await Corpus.list([folder]), device, strategy });
  const openMs = performance.now() - beginMs;
  const samplesUs: number[] = [];
  let wrongCount = 0;
  try {
    for (const startMs = performance.now(); performance.now() - startMs < runMs;) {
      const askedMs = performance.now();
      const { count } = await engine.search({ pattern, fixedStrings: true });
      samplesUs.push((performance.now() - askedMs) * 1000);
      if (count !== 1) wrongCount++;
      await sleep(1);
    }
    return { openMs, samplesUs, wrongCount };
  } finally {
    await engine.close();
  }
}

function openDevice(select: string | number): Device {
  return Device.open(openOptions(select));
}

function openOptions(select: string | number): Parameters<typeof Device.open>[0] {
  // The driver's own cache is switched off wherever that is possible, so that only everwarp's cache is
  // measured.
  return { select, allowSoftware: typeof select === "number", driverCache: false, queuesToLease: 0 };
}

/** JavaScript's memory after a collection. Undefined if the garbage collector cannot be called. */
function heapBytes(): number | undefined {
  const { gc } = globalThis as { gc?: () => void };
  if (gc === undefined) return undefined;
  gc();
  gc();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
