/** `everwarp cache preload`: makes programs ahead of time, so that the first request finds them. */
import { nowMs, EverwarpError } from "../../base/index.ts";
import {
  ProgramCache,
  type ProgramRequest,
  type SecondLevel,
  shippedPrograms,
  shippedProgramsNamed,
} from "../../programs/index.ts";
import { openProfiledDevice } from "../../residency/index.ts";
import { scanShape, searchPrograms } from "../../search/index.ts";
import type { Device } from "../../vulkan/index.ts";

/** What to make, and for which device. */
export interface PreloadOptions {
  readonly directory: string;
  /** As `Device.open` takes it. */
  readonly select: string | number;
  /** Names of shipped programs. Empty: all of them, and the programs that a search needs on this device. */
  readonly names: readonly string[];
  /** The second-level store. It is asked first, and gets what is made here. */
  readonly secondLevel?: SecondLevel | undefined;
  readonly onProgress: (done: number, total: number, name: string) => void;
}

/** A program that is ready. */
export interface Preloaded {
  readonly name: string;
  /** `there`: it was on disk already. */
  readonly state: "made" | "there" | "failed";
  readonly ms: number;
  readonly reason?: string;
}

/** What was made, and how the store did. */
export interface PreloadAnswer {
  readonly device: string;
  readonly folder: string;
  readonly programs: readonly Preloaded[];
  readonly compilations: number;
  /** Number of programs that came from the second-level store. */
  readonly remoteHits: number;
  /** The store's last error as text. */
  readonly remoteTrouble: string | undefined;
  readonly elapsedMs: number;
}

/**
 * Makes the programs.
 * @throws EW_BAD_ARGUMENT for an unknown name, EW_PATH_UNWRITABLE if nothing could be stored, and what
 * `Device.open` throws
 */
export async function preload(options: PreloadOptions): Promise<PreloadAnswer> {
  const begin = nowMs();
  // Before a device is opened, so that a wrong name is reported at once.
  const all = shippedPrograms();
  const named = options.names.flatMap((name) => shippedProgramsNamed(name, all));
  const { device, profile } = await openProfiledDevice({
    select: options.select,
    allowSoftware: true,
    queuesToLease: 0,
  });
  try {
    // Programs without constants of their own are among the shipped ones.
    const forSearch = Object.values(searchPrograms(scanShape(device.info, profile))).filter(
      ({ defines, specialization }) => defines !== undefined || specialization !== undefined,
    );
    const requests = options.names.length > 0 ? named : [...all, ...forSearch.map(asShipped)];
    return await preloadOn(device, requests, options, begin);
  } finally {
    device.close();
  }
}

interface Named {
  readonly name: string;
  readonly request: ProgramRequest;
}

function asShipped(request: ProgramRequest): Named {
  return { name: `search/${request.label ?? ""}, as a search asks for it`, request };
}

async function preloadOn(
  device: Device,
  requests: readonly Named[],
  { directory, secondLevel, onProgress }: PreloadOptions,
  begin: number,
): Promise<PreloadAnswer> {
  const cache = await ProgramCache.open({ device, directory, secondLevel });
  const programs: Preloaded[] = [];
  try {
    for (const { name, request } of requests) {
      onProgress(programs.length, requests.length, name);
      programs.push(await preloadOne(cache, name, request));
    }
    onProgress(programs.length, requests.length, "");
    await cache.flush();
  } finally {
    await cache.close();
    await secondLevel?.close();
  }
  const { disk, compilations, hits } = cache.stats();
  if (disk.writeFailures > 0) {
    throw new EverwarpError("EW_PATH_UNWRITABLE", `not all could be stored: ${disk.lastTrouble ?? ""}`, {
      remedy: "Give --directory a folder that can be written and has free space.",
    });
  }
  return {
    device: device.info.name,
    folder: disk.folder ?? directory,
    programs,
    compilations,
    remoteHits: hits.remote,
    remoteTrouble: secondLevel?.stats().lastTrouble,
    elapsedMs: nowMs() - begin,
  };
}

async function preloadOne(cache: ProgramCache, name: string, request: ProgramRequest): Promise<Preloaded> {
  const begin = nowMs();
  const { missCount } = cache.stats();
  try {
    (await cache.acquire(request)).release();
    const state = cache.stats().missCount > missCount ? "made" : "there";
    return { name, state, ms: nowMs() - begin };
  } catch (error) {
    if (!(error instanceof EverwarpError) || error.code === "EW_DEVICE_LOST") throw error;
    return { name, state: "failed", ms: nowMs() - begin, reason: error.message };
  }
}
