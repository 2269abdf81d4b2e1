/** Flags about messages and configuration, and flags that do something other than a search. */
import type { Flag } from "./definition.ts";
import { parseChoice } from "./value-parsers.ts";

const GENERATED = ["man", "complete-bash", "complete-zsh", "complete-fish", "complete-powershell"] as const;

/** The other flags. */
export const OTHER_FLAGS: readonly Flag[] = [
  {
    kind: "switch",
    long: "debug",
    category: "logging",
    help: "Tell on standard error what is ignored and why, and how the search is done.",
    update: (flags) => void (flags.log = "debug"),
  },
  {
    kind: "switch",
    long: "trace",
    category: "logging",
    help: "As --debug, and tell of each file that is found.",
    update: (flags) => void (flags.log = "trace"),
  },
  {
    kind: "switch",
    long: "no-ignore-messages",
    negated: "ignore-messages",
    category: "logging",
    help: "Do not tell of mistakes in ignore files.",
    update: (flags, on) => void (flags.noIgnoreMessages = on),
  },
  {
    kind: "switch",
    long: "no-messages",
    negated: "messages",
    category: "logging",
    help: "Do not tell of files that cannot be opened or read.",
    update: (flags, on) => void (flags.noMessages = on),
  },
  {
    kind: "switch",
    long: "stats",
    negated: "no-stats",
    category: "logging",
    help: "Show counts and times after the search.",
    details:
      "Where a device was used, its name, the strategy, and the times of load, kernel and round trip follow.",
    update: (flags, on) => void (flags.stats = on),
  },
  {
    kind: "switch",
    long: "files",
    category: "other behaviors",
    help: "Show the files that would be searched.",
    update: (flags) => void (flags.mode = { kind: "files" }),
  },
  {
    kind: "value",
    long: "generate",
    variable: "KIND",
    choices: GENERATED,
    category: "other behaviors",
    help: "Write a manual page or completions for a shell.",
    update: (flags, value) => void (flags.special = { generate: parseChoice(value, GENERATED) }),
  },
  {
    kind: "special",
    long: "help",
    short: "h",
    category: "other behaviors",
    help: "Show help; --help shows more than -h.",
    update: (flags, short) => void (flags.special = short ? "helpShort" : "helpLong"),
  },
  {
    kind: "switch",
    long: "no-config",
    category: "other behaviors",
    help: "Do not read the file that RIPGREP_CONFIG_PATH names.",
    update: (flags) => void (flags.noConfig = true),
  },
  {
    kind: "switch",
    long: "type-list",
    category: "other behaviors",
    help: "Show all file types and their globs.",
    update: (flags) => void (flags.mode = { kind: "types" }),
  },
  {
    kind: "special",
    long: "version",
    short: "V",
    category: "other behaviors",
    help: "Show the version.",
    update: (flags, short) => void (flags.special = short ? "versionShort" : "versionLong"),
  },
];
