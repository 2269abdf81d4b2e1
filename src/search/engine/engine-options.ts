/** What a caller may choose when it opens a search engine. Types only. */
import type { StrategyName } from "../../residency/index.ts";
import type { Device } from "../../vulkan/index.ts";
import type { Corpus } from "../corpus/index.ts";

/** What does the work of an engine. */
export interface BackendChoice {
  /**
   * `auto`: a hardware GPU where one works, else the host. `cpu`: the host. `gpu`: a hardware GPU, or an error.
   * A part of a device's name or its index in `listDevices()`: that device, software devices included.
   * An open `Device`: that one, and its caller closes it. Default: `auto`.
   */
  readonly device?: "auto" | "cpu" | "gpu" | number | Device | (string & {});
  /** How the kernel is run. If you name a strategy, the host never stands in for the device. */
  readonly strategy?: StrategyName | "auto";
  /** Insists on a resident kernel: the strategy `persistent`. */
  readonly persistent?: boolean;
  /** Threads of the host engine, and threads that load, at most. Default: one per core. */
  readonly threads?: number;
}

/** Options of `SearchEngine.open`. */
export interface SearchEngineOptions extends BackendChoice {
  /** What is searched. With `corpora`, this is the first one. More can be added later. */
  readonly corpus?: Corpus;
  readonly corpora?: readonly Corpus[];
}
