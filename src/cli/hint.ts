/** The one line that tells a user why the host searches. */

export interface HintFacts {
  /** Value of --device. */
  device: string;
  stderrIsTerminal: boolean;
  /** Why no GPU is used; undefined where one is. */
  reason: string | undefined;
}

/** The hint, or undefined where it would not help: only for people, only when the choice was left to us. */
export function deviceHint({ device, stderrIsTerminal, reason }: HintFacts): string | undefined {
  if (reason === undefined || device !== "auto" || !stderrIsTerminal) return undefined;
  return `everwarp: ${reason.replace(/\.$/, "")}; searching on the host (--device cpu is silent about it)\n`;
}
