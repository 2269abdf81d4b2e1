/** Flags that say what a match may be: several lines, other ends of lines, and how much a pattern may take. */
import type { Flag } from "./definition.ts";
import { parseSize } from "./value-parsers.ts";

/** The flags about what a match may be. */
export const MATCHING_FLAGS: readonly Flag[] = [
  {
    kind: "value",
    long: "dfa-size-limit",
    variable: "NUM+SUFFIX?",
    category: "search",
    help: "How much memory the states of an automaton may take.",
    details: "Searches that need more states forget some and make them again. The result is the same.",
    update: (flags, value) => void (flags.dfaSizeLimitBytes = parseSize(value)),
  },
  {
    kind: "switch",
    long: "multiline",
    short: "U",
    negated: "no-multiline",
    category: "search",
    help: "A match may have several lines.",
    details:
      "Files are then read into memory as a whole. The dot still matches no line feed: see --multiline-dotall.",
    update(flags, on) {
      flags.multiline = on;
      if (on) flags.stopOnNonmatch = false;
    },
  },
  {
    kind: "switch",
    long: "multiline-dotall",
    negated: "no-multiline-dotall",
    category: "search",
    help: "With -U, the dot matches a line feed too.",
    update: (flags, on) => void (flags.multilineDotall = on),
  },
  {
    kind: "switch",
    long: "null-data",
    category: "search",
    help: "Lines end in NUL, not in a line feed.",
    details: "No file is then taken for a binary one.",
    update(flags) {
      flags.crlf = false;
      flags.nullData = true;
    },
  },
  {
    kind: "value",
    long: "regex-size-limit",
    variable: "NUM+SUFFIX?",
    category: "search",
    help: "How large a compiled pattern may be (100M by default).",
    update: (flags, value) => void (flags.regexSizeLimitBytes = parseSize(value)),
  },
];
