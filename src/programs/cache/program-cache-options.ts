/** How a program cache is opened. */

import type { ModuleCache } from "../sources/index.ts";
import type { Device, DeviceSelection } from "../../vulkan/index.ts";
import type { SecondLevel } from "../stores/index.ts";

/** What `ProgramCache.open` takes. */
export interface ProgramCacheOptions {
  /**
   * An open device, which stays the caller's; or which device to open, which the cache closes with itself. `"auto"` if
   * not given. Give an open device where pipelines are to run beside other systems.
   */
  readonly device?: Device | DeviceSelection;
  /** Programs kept in memory; more only while more are in use. 100 if not given. */
  readonly maxPrograms?: number;
  /** Bytes of memory for them, beyond the driver's own; 50 MiB if not given. */
  readonly maxBytes?: number;
  /** Where programs are kept on disk: by default as `cacheDirectory` says; `false` for nowhere. */
  readonly directory?: string | false;
  /** Bytes on disk for one model of device, beyond which the longest unused go; 1 GiB if not given. */
  readonly maxDiskBytes?: number;
  /** Where precompiled modules lie; the package's own if not given, none if `false`. */
  readonly precompiled?: string | false;
  /** Asked when the disk has not got a program, and given what is made here. */
  readonly secondLevel?: SecondLevel | undefined;
  /** @internal SPIR-V that caches of several devices share. */
  readonly modules?: ModuleCache;
}
