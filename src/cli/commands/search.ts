/** `everwarp search`: from arguments to an exit code. */
import { EverwarpError } from "../../base/index.ts";
import { type GrepEngine, type GrepOptions, type GrepSubject, runGrep } from "../../search/index.ts";
import { configArgs, type FlagValues, parseFlags, toGrepOptions } from "../flags/index.ts";
import type { CommandContext } from "../terminal/index.ts";

/** What tests replace. */
export interface SearchOverrides {
  /** Opens an engine for this search, or undefined for none. Default: a device's, see device-search.ts. */
  openEngine?: (
    options: GrepOptions,
    context: CommandContext,
    subject: GrepSubject,
  ) => Promise<GrepEngine | undefined>;
}

/** Parses the flags. If there is a configuration file, parses again with its arguments in front. */
export function readArguments(
  argv: readonly string[],
  context: Pick<CommandContext, "cwd" | "env" | "writeError">,
): FlagValues {
  const flags = parseFlags(argv);
  if (flags.special !== undefined || flags.noConfig) return flags;
  const tell = (message: string): void => {
    if (!flags.noMessages) context.writeError(`everwarp: ${message}\n`);
  };
  const fromFile = configArgs(context.env["RIPGREP_CONFIG_PATH"], tell, context.cwd);
  return fromFile.length === 0 ? flags : parseFlags([...fromFile, ...argv]);
}

/**
 * Runs a search.
 * @param argv the arguments after `everwarp search`
 * @returns the exit code: 0 something matched, 1 nothing matched, 2 there was an error
 * @throws EverwarpError for arguments that are not understood, and for output that cannot be written
 */
export async function runSearch(
  argv: readonly string[],
  context: CommandContext,
  overrides: SearchOverrides = {},
): Promise<number> {
  const flags = readArguments(argv, context);
  if (flags.special !== undefined) return await showSpecial(flags.special, context);
  await assertStrategy(flags.strategy);
  const options = toGrepOptions(flags, context);
  return await runGrep(options, context, async (subject) => {
    const openEngine = overrides.openEngine ?? (await import("./device-search.ts")).openEngine;
    return await openEngine(options, context, subject);
  });
}

/** Checks the name of a strategy. The list of names is loaded only if one was given. @throws EW_BAD_ARGUMENT */
async function assertStrategy(name: string | undefined): Promise<void> {
  if (name === undefined || name === "auto") return;
  const { STRATEGY_NAMES } = await import("../../residency/strategies/strategy-name.ts");
  if (STRATEGY_NAMES.some((known) => known === name)) return;
  throw new EverwarpError("EW_BAD_ARGUMENT", `there is no launch strategy "${name}"`, {
    remedy: `Choose among auto, ${STRATEGY_NAMES.join(", ")}.`,
  });
}

/** Prints a help or a version. @returns the exit code */
async function showSpecial(
  special: NonNullable<FlagValues["special"]>,
  context: CommandContext,
): Promise<number> {
  if (typeof special === "object") {
    const { generate } = await import("../flags/generate.ts");
    context.writeOut(Buffer.from(generate(special.generate)));
  } else if (special === "versionShort" || special === "versionLong") {
    const { versionText } = await import("../../base/version.ts");
    context.writeOut(Buffer.from(versionText()));
  } else {
    const { longHelp, shortHelp } = await import("../flags/help.ts");
    context.writeOut(Buffer.from(special === "helpShort" ? shortHelp() : longHelp()));
  }
  return 0;
}
