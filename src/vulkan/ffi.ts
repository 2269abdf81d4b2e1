/** The foreign-function library, loaded at the first call into native code and not before. */

import { createRequire } from "node:module";
import type * as Koffi from "koffi";

let loaded: typeof Koffi | undefined;

/** koffi itself. The first call loads a native addon (about 10 ms). */
export function koffi(): typeof Koffi {
  loaded ??= createRequire(import.meta.url)("koffi") as typeof Koffi;
  return loaded;
}
