/** Flags that ripgrep does not have and that say what is found: further patterns, and a limit over all files. */
import type { Flag } from "./definition.ts";
import { parseCount } from "./value-parsers.ts";

/** The flags of everwarp's own about what is found. */
export const OWN_FLAGS: readonly Flag[] = [
  {
    kind: "repeatable",
    long: "and",
    variable: "PATTERN",
    category: "everwarp",
    help: "A line must match this pattern too.",
    details: "Not with -U.",
    update(flags, value) {
      const { all, none } = flags.lineConditions;
      flags.lineConditions = { all: [...all, value], none };
    },
  },
  {
    kind: "repeatable",
    long: "not",
    variable: "PATTERN",
    category: "everwarp",
    help: "A line must not match this pattern.",
    details: "Not with -U.",
    update(flags, value) {
      const { all, none } = flags.lineConditions;
      flags.lineConditions = { all, none: [...none, value] };
    },
  },
  {
    kind: "repeatable",
    long: "file-and",
    variable: "PATTERN",
    category: "everwarp",
    help: "Search only files that match this pattern too.",
    update(flags, value) {
      const { all, none } = flags.fileConditions;
      flags.fileConditions = { all: [...all, value], none };
    },
  },
  {
    kind: "repeatable",
    long: "file-not",
    variable: "PATTERN",
    category: "everwarp",
    help: "Search only files that do not match this pattern.",
    update(flags, value) {
      const { all, none } = flags.fileConditions;
      flags.fileConditions = { all, none: [...none, value] };
    },
  },
  {
    kind: "value",
    long: "max-total",
    variable: "NUM",
    category: "everwarp",
    help: "End the search after NUM matching lines of all files together.",
    details: "With -l and --files-without-match, after NUM files.",
    update: (flags, value) => void (flags.maxTotal = parseCount(value)),
  },
];
