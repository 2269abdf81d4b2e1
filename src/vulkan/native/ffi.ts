/** Loads the foreign-function library at the first native call. */

import type * as Koffi from "koffi";
import { EverwarpError, requireDependency } from "../../base/index.ts";

let loaded: typeof Koffi | undefined;

/**
 * The koffi library. The first call loads a native addon, which takes about 10 ms.
 *
 * @throws EW_NO_VULKAN if there is no build of the addon for this platform
 */
export function koffi(): typeof Koffi {
  loaded ??= load("koffi");
  return loaded;
}

/** Loads the library under a name. Exported for tests. */
export function load(name: string): typeof Koffi {
  try {
    return requireDependency(name) as typeof Koffi;
  } catch (cause) {
    throw new EverwarpError(
      "EW_NO_VULKAN",
      `the package ${name}, which calls native code, cannot be loaded here`,
      {
        remedy:
          "Install with optional dependencies, on a platform that koffi supports " +
          `(this is ${process.platform} ${process.arch}).`,
        cause,
      },
    );
  }
}
