/**
 * The search on a device, as a terminal has it: with a hint, a progress bar, and signals that stop the kernel first.
 */
import type { GrepEngine, GrepOptions, GrepSubject } from "../../search/index.ts";
import { deviceHint, type CommandContext, isHintDue, SignalGuard, withProgress } from "../terminal/index.ts";

/**
 * Searches on a device, where one is asked for or there is a hardware one.
 * @param alwaysPays a device counts as the quicker way wherever it has something to look for
 * @returns undefined where the host is to search
 * @throws as `openDeviceHits`
 */
export async function openEngine(
  options: GrepOptions,
  context: CommandContext,
  subject: GrepSubject,
  alwaysPays = false,
): Promise<GrepEngine | undefined> {
  const { openDeviceHits } = await import("../../search/grep/open-device-hits.ts");
  const stderrIsTerminal = options.messages && context.stderrIsTerminal;
  return openDeviceHits(options, subject, {
    guardKernel: () => new SignalGuard(),
    withProgress: (text, work) => withProgress({ ...context, stderrIsTerminal }, text, work),
    usesHost: (reason) => {
      const hint = deviceHint({ device: options.engine.device, stderrIsTerminal, reason });
      if (hint !== undefined && isHintDue(context.env)) context.writeError(hint);
    },
    alwaysPays,
  });
}
