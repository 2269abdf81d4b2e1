/** How a session ends. Types only. */
import type { Place } from "./editor/index.ts";

/** How a session ended. */
export type LiveOutcome =
  | { readonly kind: "chosen"; readonly place: Place }
  | { readonly kind: "left" }
  /** The signal is to end the process, as it would have without a session. */
  | { readonly kind: "signal"; readonly signal: NodeJS.Signals };
