/** The program caches that all systems of a process share. There is one per device, opened at its first request. */

import type { Device } from "../../vulkan/index.ts";
import { secondLevelFrom } from "../stores/index.ts";
import { ModuleCache, precompiledFolder, type Program } from "../sources/index.ts";
import { ProgramCache, type ProgramLease } from "./program-cache.ts";
import type { ModuleRewrite, ProgramCacheOptions } from "./program-cache-options.ts";
import { type ProgramRequest, resolveRequest } from "./program-request.ts";

/** Number of modules that are kept in addition to those of programs in memory. */
const MODULES_MAX = 100;

/** Program caches by device. Each is opened at the first request for its device. */
export class SharedPrograms {
  readonly #options: ProgramCacheOptions;
  /** SPIR-V modules, shared because they are the same for every device. */
  readonly #modules: ModuleCache;
  readonly #caches = new WeakMap<Device, Promise<ProgramCache>>();
  #rewriting: ((device: Device) => ModuleRewrite) | undefined;

  /** @param options for every cache that is opened */
  constructor(options: Omit<ProgramCacheOptions, "device" | "modules"> = {}) {
    this.#modules = new ModuleCache(options.precompiled ?? precompiledFolder(), MODULES_MAX);
    this.#options = { ...options, modules: this.#modules };
  }

  /** How often SPIR-V was compiled, found among precompiled modules, and taken from an entry on disk. */
  get counters(): ModuleCache["counters"] {
    return this.#modules.counters;
  }

  /** The cache of a device. */
  cacheOf(device: Device): Promise<ProgramCache> {
    let cache = this.#caches.get(device);
    if (cache === undefined) {
      const rewrite = this.#rewriting?.(device);
      const changed =
        rewrite === undefined ? {} : { directory: false as const, secondLevel: undefined, rewrite };
      cache = ProgramCache.open({ ...this.#options, ...changed, device });
      this.#caches.set(device, cache);
    }
    return cache;
  }

  /**
   * @internal Changes every module before a pipeline is made of it, on devices that make their first request from now
   * on. Nothing is kept on disk for them. `undefined` ends that.
   */
  rewriteWith(rewriting: ((device: Device) => ModuleRewrite) | undefined): void {
    this.#rewriting = rewriting;
  }

  /**
   * Gives a pipeline on a device. Equal requests share one pipeline.
   *
   * @throws as `ProgramCache.acquire`
   */
  async acquire(device: Device, request: ProgramRequest): Promise<ProgramLease> {
    return (await this.cacheOf(device)).acquire(request);
  }

  /**
   * Gives the SPIR-V module of a source, without a pipeline.
   *
   * @param device a device whose entries on disk may contain the module
   * @throws EW_COMPILE, EW_PATH_NOT_FOUND
   */
  async program(request: ProgramRequest, device?: Device): Promise<Program> {
    if (device !== undefined) return (await this.cacheOf(device)).program(request);
    const { resolved, expanded } = resolveRequest(request);
    return this.#modules.get(resolved.moduleId, resolved.sourceKey, expanded);
  }

  /** Destroys all unused pipelines of a device. */
  async trim(device: Device): Promise<void> {
    (await this.#caches.get(device))?.trim();
  }
}

let shared: SharedPrograms | undefined;

/**
 * The caches that all systems of this process share.
 *
 * @throws EW_BAD_ARGUMENT if EVERWARP_CACHE_STORE is invalid
 */
export function sharedPrograms(): SharedPrograms {
  shared ??= new SharedPrograms({ secondLevel: secondLevelFrom() });
  return shared;
}
