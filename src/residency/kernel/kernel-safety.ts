/**
 * Refuses kernels that would hang a device: those that break an error rule of `everwarp lint`, and those that are too
 * large for a proof that they keep the rules.
 */
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
  let placed: readonly Finding[];
  try {
    if (findErrors(spirv).length === 0) return;
    const { lintSource } = await import("../../lint/source.ts");
    placed = (await lintSource(source)).filter(({ severity }) => severity === "error");
  } catch (error) {
    throw error instanceof EverwarpError && error.code === "EW_LINT_LIMIT" ? notProved(label, error) : error;
  }
  // A comment may have taken a rule away, with its reason.
  if (placed.length === 0) return;
  const shown = placed.slice(0, SHOWN).map(describe).join("; ");
  const more = placed.length > SHOWN ? `; and ${placed.length - SHOWN} more` : "";
  throw new EverwarpError("EW_KERNEL_UNSAFE", `the kernel ${label} could hang its device: ${shown}${more}`, {
    remedy: `${placed[0]?.remedy ?? ""} everwarp lint explains the rules; the option unsafe: true opens it as it is.`,
  });
}

function notProved(label: string, limit: EverwarpError): EverwarpError {
  const why = limit.message.replace(/\.$/, "");
  return new EverwarpError("EW_KERNEL_UNSAFE", `the kernel ${label} was not proved to be safe: ${why}`, {
    remedy: "The option unsafe: true opens it as it is.",
    cause: limit,
  });
}

function describe({ rule, message, location, related }: Finding): string {
  const where = location === undefined ? "" : `${placeText(location)}: `;
  const cause = related === undefined ? "" : `, see ${placeText(related)}`;
  return `${where}${message} (${rule}${cause})`;
}

function placeText({ file, line }: NonNullable<Finding["location"]>): string {
  return `${file ?? "line"}:${line}`;
}
