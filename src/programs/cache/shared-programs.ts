/**
 * The caches that everything in a process shares: one for each device, opened when a program is first asked for on it.
 */

import type { Device } from "../../vulkan/index.ts";
import { secondLevelFrom } from "../stores/index.ts";
import { ModuleCache, precompiledFolder, type Program } from "../sources/index.ts";
import { ProgramCache, type ProgramLease } from "./program-cache.ts";
import type { ProgramCacheOptions } from "./program-cache-options.ts";
import { type ProgramRequest, resolveRequest } from "./program-request.ts";

/** Modules that are kept beside those of programs in memory. */
const MODULES_MAX = 100;

/** Program caches by device. Each is opened when a program is first asked for on its device. */
export class SharedPrograms {
  readonly #options: ProgramCacheOptions;
  /** SPIR-V is the same for every device. */
  readonly #modules: ModuleCache;
  readonly #caches = new WeakMap<Device, Promise<ProgramCache>>();

  /** @param options for every cache that is opened */
  constructor(options: Omit<ProgramCacheOptions, "device" | "modules"> = {}) {
    this.#modules = new ModuleCache(options.precompiled ?? precompiledFolder(), MODULES_MAX);
    this.#options = { ...options, modules: this.#modules };
  }

  /** How often SPIR-V was compiled, found as the build made it, and taken from an entry on disk. */
  get counters(): ModuleCache["counters"] {
    return this.#modules.counters;
  }

  /** The cache of a device. */
  cacheOf(device: Device): Promise<ProgramCache> {
    let cache = this.#caches.get(device);
    if (cache === undefined) {
      cache = ProgramCache.open({ ...this.#options, device });
      this.#caches.set(device, cache);
    }
    return cache;
  }

  /**
   * A pipeline on a device, shared with all who ask for the same.
   *
   * @throws as `ProgramCache.acquire`
   */
  async acquire(device: Device, request: ProgramRequest): Promise<ProgramLease> {
    return (await this.cacheOf(device)).acquire(request);
  }

  /**
   * The module of a source, without a pipeline.
   *
   * @param device whose programs on disk may have it
   * @throws EW_COMPILE, EW_PATH_NOT_FOUND
   */
  async program(request: ProgramRequest, device?: Device): Promise<Program> {
    if (device !== undefined) return (await this.cacheOf(device)).program(request);
    const { resolved, expanded } = resolveRequest(request);
    return this.#modules.get(resolved.moduleId, resolved.sourceKey, expanded);
  }

  /** Destroys the pipelines of a device that nobody uses. */
  async trim(device: Device): Promise<void> {
    (await this.#caches.get(device))?.trim();
  }
}

let shared: SharedPrograms | undefined;

/**
 * The caches that everything in this process shares.
 *
 * @throws EW_BAD_ARGUMENT for an EVERWARP_CACHE_STORE that is no place
 */
export function sharedPrograms(): SharedPrograms {
  shared ??= new SharedPrograms({ secondLevel: secondLevelFrom() });
  return shared;
}
