/**
 * What a one-shot search costs on the host and on a device, so that `auto` never chooses the slower way.
 *
 *     host    = (files × FILE + bytes × (READ + SCAN)) / threads
 *     device  = OPEN + (files × FILE + bytes × READ) / threads + bytes × LOAD
 *
 * Both read the same files. So the device pays only where its scan, which costs next to nothing, saves more than
 * opening and loading cost: bytes × (SCAN / threads − LOAD) > OPEN. Measured, and why the device's profile has no part
 * in it: docs/decisions/0009-one-search-on-the-host.md.
 */
import { statSync } from "node:fs";
import { literalsOf, operationOf } from "../backend/index.ts";
import { placeOf } from "../content/index.ts";
import type { FoundFile, Plan } from "../contracts.ts";
import type { GrepOptions } from "./options.ts";

/** What a search looks through. */
export interface SearchedSize {
  readonly files: number;
  readonly bytes: number;
}

/** Milliseconds that each way takes. */
export interface OneShotCost {
  readonly hostMs: number;
  readonly deviceMs: number;
}

/** Opening a file, asking for its size, closing it, and its part of the walk. One thread. */
const FILE_MS = 0.02;
/** Reading from the page cache. One thread. */
const READ_MS_PER_BYTE = 1e-6 / 6;
/** From nothing to a kernel that has answered, its programs in the cache: the quickest that was seen. */
const DEVICE_OPEN_MS = 280;
/** What a device's loading costs over the same reading on the host: staging, copies, placements. All threads. */
const LOAD_MS_PER_BYTE = 1e-6 / 2.9;

/** Bytes that a thread of the host looks through in a nanosecond (GB/s): for one literal, and for several. */
const SCAN_ONE_BYTES_PER_NS = 5.4;
const SCAN_SEVERAL_BYTES_PER_NS = 2;

function scanMsPerByte(plan: Plan): number {
  return 1e-6 / (literalsOf(plan).length > 1 ? SCAN_SEVERAL_BYTES_PER_NS : SCAN_ONE_BYTES_PER_NS);
}

/** Estimates both ways. @param threads that the host searches with */
export function oneShotCost({ files, bytes }: SearchedSize, plan: Plan, threads: number): OneShotCost {
  const readMs = (files * FILE_MS + bytes * READ_MS_PER_BYTE) / threads;
  return {
    hostMs: readMs + (bytes * scanMsPerByte(plan)) / threads,
    deviceMs: DEVICE_OPEN_MS + readMs + bytes * LOAD_MS_PER_BYTE,
  };
}

/** Bytes from which on a device pays; infinite where it never does, so that nobody need know how many there are. */
export function bytesWorthDevice(plan: Plan, threads: number): number {
  const savedMsPerByte = scanMsPerByte(plan) / threads - LOAD_MS_PER_BYTE;
  return savedMsPerByte > 0 ? DEVICE_OPEN_MS / savedMsPerByte : Infinity;
}

/**
 * Is this search quicker on a device, if there is one? The files are listed only where it depends on them.
 * @param listFiles lists the files of the search
 */
export function paysOnDevice(
  options: GrepOptions,
  plan: Plan,
  listFiles: () => readonly FoundFile[],
): boolean {
  const { workerThreads } = options;
  if (!isOfUse(options, plan) || bytesWorthDevice(plan, workerThreads) === Infinity) return false;
  const { hostMs, deviceMs } = oneShotCost(estimatedSize(listFiles(), options.walk.cwd), plan, workerThreads);
  return deviceMs < hostMs;
}

/** Is there anything for a device to look for, in files that can be loaded? */
export function isOfUse({ paths, searcher }: GrepOptions, plan: Plan): boolean {
  const { encoding } = searcher.searcher;
  const isOnlyStdin = paths.length === 1 && paths[0] === "-";
  if (searcher.preprocessor !== undefined) return false;
  return operationOf(plan) !== undefined && (encoding === "auto" || encoding === "none") && !isOnlyStdin;
}

/** Files whose size is asked for. */
const SAMPLED_FILES = 64;

/** The size of these files, told from some of them, evenly spread. All are asked where there are few. */
export function estimatedSize(files: readonly FoundFile[], directory?: string): SearchedSize {
  const step = Math.max(1, files.length / SAMPLED_FILES);
  let sampled = 0;
  let bytes = 0;
  for (let at = 0; at < files.length; at += step) {
    bytes += sizeOf(placeOf(files[Math.floor(at)] as FoundFile, directory));
    sampled++;
  }
  return { files: files.length, bytes: sampled === 0 ? 0 : (bytes / sampled) * files.length };
}

/** Nothing for a file that is not there or cannot be asked. */
function sizeOf(path: string | Uint8Array): number {
  try {
    return (
      statSync(typeof path === "string" ? path : Buffer.from(path), { throwIfNoEntry: false })?.size ?? 0
    );
  } catch {
    return 0;
  }
}
