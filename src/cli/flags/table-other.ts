/** Flags about messages, configuration, and things to do instead of a search. */
import type { Flag } from "./definition.ts";

export const OTHER_FLAGS: readonly Flag[] = [
  {
    kind: "switch",
    long: "no-ignore-messages",
    negated: "ignore-messages",
    category: "logging",
    help: "Do not tell of mistakes in ignore files.",
    update: (low, on) => void (low.noIgnoreMessages = on),
  },
  {
    kind: "switch",
    long: "no-messages",
    negated: "messages",
    category: "logging",
    help: "Do not tell of files that cannot be opened or read.",
    update: (low, on) => void (low.noMessages = on),
  },
  {
    kind: "switch",
    long: "stats",
    negated: "no-stats",
    category: "logging",
    help: "Show counts and times after the search.",
    details:
      "Where a device was used, its name, the strategy, and the times of load, kernel and round trip follow.",
    update: (low, on) => void (low.stats = on),
  },
  {
    kind: "switch",
    long: "files",
    category: "other behaviors",
    help: "Show the files that would be searched.",
    update: (low) => void (low.mode = { kind: "files" }),
  },
  {
    kind: "special",
    long: "help",
    short: "h",
    category: "other behaviors",
    help: "Show help; --help shows more than -h.",
    update: (low, short) => void (low.special = short ? "helpShort" : "helpLong"),
  },
  {
    kind: "switch",
    long: "no-config",
    category: "other behaviors",
    help: "Do not read the file that RIPGREP_CONFIG_PATH names.",
    update: (low) => void (low.noConfig = true),
  },
  {
    kind: "switch",
    long: "type-list",
    category: "other behaviors",
    help: "Show all file types and their globs.",
    update: (low) => void (low.mode = { kind: "types" }),
  },
  {
    kind: "special",
    long: "version",
    short: "V",
    category: "other behaviors",
    help: "Show the version.",
    update: (low, short) => void (low.special = short ? "versionShort" : "versionLong"),
  },
];
