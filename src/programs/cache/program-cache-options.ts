/** Options of a program cache. */

import type { ExpandedSource, ModuleCache } from "../sources/index.ts";
import type { Device, DeviceSelection } from "../../vulkan/index.ts";
import type { SecondLevel } from "../stores/index.ts";

/**
 * Changes a module before a pipeline is made of it.
 *
 * @param spirv the module that was compiled
 * @param source the text that it was compiled from
 * @param constants the values of specialization constants that the pipeline gets, by constant_id
 * @returns undefined to leave the module as it is
 */
export type ModuleRewrite = (
  spirv: Uint32Array,
  source: ExpandedSource,
  constants: Readonly<Record<number, number>>,
) => Promise<Uint32Array | undefined>;

/** The options of `ProgramCache.open`. */
export interface ProgramCacheOptions {
  /**
   * An open device, which the caller keeps and closes. Or a selection of a device, which the cache opens and closes.
   * `"auto"` if not given. Give an open device if pipelines are to run beside other systems.
   */
  readonly device?: Device | DeviceSelection;
  /** Maximum number of programs in memory; programs in use may exceed it. 100 if not given. */
  readonly maxPrograms?: number;
  /** Maximum bytes of these programs, without the driver's own memory; 50 MiB if not given. */
  readonly maxBytes?: number;
  /** The folder for programs on disk. Default: see `cacheDirectory`. `false`: nothing is kept on disk. */
  readonly directory?: string | false;
  /**
   * Maximum bytes on disk for one device model; 1 GiB if not given. Beyond it, the longest unused programs are removed.
   */
  readonly maxDiskBytes?: number;
  /** The folder of precompiled modules. Default: the package's own. `false`: none. */
  readonly precompiled?: string | false;
  /** A store that is asked after the disk, and that receives programs made here. */
  readonly secondLevel?: SecondLevel | undefined;
  /** @internal SPIR-V that caches of several devices share. */
  readonly modules?: ModuleCache;
  /** @internal Changes every module. Nothing that it changes may be kept on disk or in a second level. */
  readonly rewrite?: ModuleRewrite;
}
