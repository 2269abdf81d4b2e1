/** The one line that tells a user what a GPU driver would change. */

export interface HintFacts {
  /** Value of --device. */
  device: string;
  stderrIsTerminal: boolean;
  /** A Vulkan driver was found. Whoever knows the devices says so. */
  hasVulkan: boolean;
}

/** The hint, or undefined where it would not help: only for people, only when the choice was left to us. */
export function deviceHint(facts: HintFacts): string | undefined {
  if (facts.hasVulkan || facts.device !== "auto" || !facts.stderrIsTerminal) return undefined;
  return "everwarp: no Vulkan driver found, searching on the host (everwarp doctor tells more)\n";
}
