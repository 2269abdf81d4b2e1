/** Refuses kernels that would hang a device: those that break an error rule of `everwarp lint`. */
import { EverwarpError } from "../../base/index.ts";
import type { Finding } from "../../lint/index.ts";
import type { SourceRequest } from "../../programs/index.ts";

/** Breaches that an error names; the others are counted. */
const SHOWN = 3;

/**
 * Checks a compiled kernel. A module that passed once is remembered, in this process and on disk.
 *
 * @param source is compiled again, with its lines, if there is something to tell
 * @throws EW_KERNEL_UNSAFE
 */
export async function assertSafe(spirv: Uint32Array, label: string, source: SourceRequest): Promise<void> {
  // Loaded now: a start of the command line does without it.
  const { findErrors } = await import("../../lint/verdict.ts");
  const errors = findErrors(spirv);
  if (errors.length === 0) return;
  const { lintSource } = await import("../../lint/source.ts");
  const placed = (await lintSource(source)).filter(({ severity }) => severity === "error");
  // A comment may have taken a rule away, with its reason.
  if (placed.length === 0) return;
  const shown = placed.slice(0, SHOWN).map(describe).join("; ");
  const more = placed.length > SHOWN ? `; and ${placed.length - SHOWN} more` : "";
  throw new EverwarpError("EW_KERNEL_UNSAFE", `the kernel ${label} could hang its device: ${shown}${more}`, {
    remedy: `${placed[0]?.remedy ?? ""} everwarp lint explains the rules; the option unsafe: true opens it as it is.`,
  });
}

function describe({ rule, message, location }: Finding): string {
  const where = location === undefined ? "" : `${location.file ?? "line"}:${location.line}: `;
  return `${where}${message} (${rule})`;
}
