/** Flags that say what is searched for, and how. */
import { DAEMON_USES } from "../../daemon/index.ts";
import { canonicalEncoding } from "../../search/index.ts";
import type { Flag } from "./definition.ts";
import { pcre2Refusal } from "./table-refused.ts";
import { badValue, parseChoice, parseCount } from "./value-parsers.ts";

/** The flags about patterns and searching. */
export const INPUT_AND_SEARCH_FLAGS: readonly Flag[] = [
  {
    kind: "repeatable",
    long: "regexp",
    short: "e",
    variable: "PATTERN",
    category: "input",
    help: "A pattern to search for.",
    details:
      "May be given several times; a line matches when any of the patterns does. " +
      "With it, every positional argument is a path. " +
      "The pattern may begin with a dash.",
    update: (flags, value) => void flags.patterns.push({ pattern: value }),
  },
  {
    kind: "repeatable",
    long: "file",
    short: "f",
    variable: "PATTERNFILE",
    takesBytes: true,
    category: "input",
    help: "Search for the patterns in a file, one per line.",
    details:
      "A file named - is standard input. With it, every positional argument is a path. " +
      "An empty line matches every line.",
    update: (flags, value) => void flags.patterns.push({ file: value }),
  },
  {
    kind: "switch",
    long: "auto-hybrid-regex",
    negated: "no-auto-hybrid-regex",
    category: "search",
    help: "As --engine auto (an old name).",
    update: (flags, on) => void (flags.engine = on ? "auto" : "default"),
  },
  {
    kind: "switch",
    long: "case-sensitive",
    short: "s",
    category: "search",
    help: "Letters match only themselves (the default).",
    update: (flags) => void (flags.caseMode = "sensitive"),
  },
  {
    kind: "switch",
    long: "crlf",
    negated: "no-crlf",
    category: "search",
    help: "Lines end in CR LF as well as in LF.",
    update(flags, on) {
      flags.crlf = on;
      if (on) flags.nullData = false;
    },
  },
  {
    kind: "value",
    long: "encoding",
    short: "E",
    variable: "ENCODING",
    negated: "no-encoding",
    category: "search",
    help: "The text encoding of the files.",
    details:
      "auto (the default) looks for a byte-order mark, none takes all bytes as they are, " +
      "and any label of the WHATWG Encoding " +
      "Standard decodes every file from that encoding, unless it has a byte-order mark.",
    update: (flags, value) =>
      void (flags.encoding = value === "auto" || value === "none" ? value : canonicalEncoding(value)),
    reset: (flags) => void (flags.encoding = "auto"),
  },
  {
    kind: "value",
    long: "engine",
    variable: "ENGINE",
    choices: ["default", "auto", "pcre2"],
    category: "search",
    help: "The regex engine; default and auto are the same one.",
    details: "pcre2 is refused as -P is: everwarp has no other engine.",
    update(flags, value) {
      if (value === "pcre2") throw pcre2Refusal();
      if (value !== "default" && value !== "auto") throw badValue(`unrecognized regex engine '${value}'`);
      flags.engine = value;
    },
  },
  {
    kind: "switch",
    long: "fixed-strings",
    short: "F",
    negated: "no-fixed-strings",
    category: "search",
    help: "Patterns are text, not regular expressions.",
    update: (flags, on) => void (flags.fixedStrings = on),
  },
  {
    kind: "switch",
    long: "ignore-case",
    short: "i",
    category: "search",
    help: "Letters match in upper and in lower case.",
    update: (flags) => void (flags.caseMode = "insensitive"),
  },
  {
    kind: "switch",
    long: "invert-match",
    short: "v",
    negated: "no-invert-match",
    category: "search",
    help: "Show lines that do not match.",
    update: (flags, on) => void (flags.invertMatch = on),
  },
  {
    kind: "switch",
    long: "line-regexp",
    short: "x",
    category: "search",
    help: "A match must be a whole line.",
    update: (flags) => void (flags.boundary = "line"),
  },
  {
    kind: "value",
    long: "max-count",
    short: "m",
    variable: "NUM",
    category: "search",
    help: "At most NUM matching lines per file.",
    update: (flags, value) => void (flags.maxCount = parseCount(value)),
  },
  {
    kind: "switch",
    long: "mmap",
    negated: "no-mmap",
    category: "search",
    help: "Look at files as one piece of memory.",
    details:
      "Nothing is mapped here, but where a NUL byte is noticed differs in the same way as it does in ripgrep.",
    update: (flags, on) => void (flags.mmap = on ? "always" : "never"),
  },
  {
    kind: "switch",
    long: "no-pcre2-unicode",
    negated: "pcre2-unicode",
    category: "search",
    help: "As --no-unicode (an old name).",
    update: (flags, on) => void (flags.noUnicode = on),
  },
  {
    kind: "switch",
    long: "no-unicode",
    negated: "unicode",
    category: "search",
    help: "Character classes and case are those of ASCII.",
    update: (flags, on) => void (flags.noUnicode = on),
  },
  {
    kind: "switch",
    long: "smart-case",
    short: "S",
    category: "search",
    help: "Ignore case unless the pattern has an upper-case letter.",
    update: (flags) => void (flags.caseMode = "smart"),
  },
  {
    kind: "switch",
    long: "stop-on-nonmatch",
    category: "search",
    help: "After a match, stop at the first line that does not match.",
    update(flags) {
      flags.stopOnNonmatch = true;
      flags.multiline = false;
    },
  },
  {
    kind: "switch",
    long: "text",
    short: "a",
    negated: "no-text",
    category: "search",
    help: "Search binary files as if they were text.",
    update: (flags, on) => void (flags.binary = on ? "asText" : "auto"),
  },
  {
    kind: "value",
    long: "threads",
    short: "j",
    variable: "NUM",
    category: "search",
    help: "About how many threads to use; 0 lets everwarp choose.",
    update(flags, value) {
      const threads = parseCount(value);
      flags.threads = threads === 0 ? undefined : threads;
    },
  },
  {
    kind: "switch",
    long: "word-regexp",
    short: "w",
    category: "search",
    help: "A match must have word boundaries around it.",
    update: (flags) => void (flags.boundary = "word"),
  },
  {
    kind: "value",
    long: "device",
    variable: "DEVICE",
    category: "everwarp",
    help: "Where to search: auto, cpu, gpu, a device's name or its index.",
    details:
      "auto takes the GPU where one is found and worth it, and the host otherwise. everwarp doctor lists the devices.",
    update(flags, value) {
      if (value === "") throw badValue("a device has a name, an index, or is auto, cpu or gpu");
      flags.device = value;
    },
  },
  {
    kind: "value",
    long: "strategy",
    variable: "NAME",
    category: "everwarp",
    help: "How the kernel runs on the device.",
    details:
      "The names are those of everwarp doctor: " +
      "dispatch, redispatch, batch, persistent and others that the device allows.",
    update: (flags, value) => void (flags.strategy = value),
  },
  {
    kind: "switch",
    long: "persistent",
    negated: "no-persistent",
    category: "everwarp",
    help: "Insist on a resident kernel; an error where the device cannot.",
    update: (flags, on) => void (flags.persistent = on),
  },
  {
    kind: "switch",
    long: "polite",
    negated: "no-polite",
    category: "everwarp",
    help: "Leave the device to other programs between two batches of work.",
    details: "This is the strategy batch.",
    update: (flags, on) => void (flags.polite = on),
  },
  {
    kind: "value",
    long: "daemon",
    variable: "WHEN",
    choices: DAEMON_USES,
    category: "everwarp",
    help: "Whether a daemon answers: running (the default), auto, off.",
    details:
      "running asks the daemon of everwarp serve, if one runs. auto also starts one where none runs. It then holds " +
      "the tree of this search, and ends after 30 minutes without a search. off searches without a daemon. " +
      "EVERWARP_DAEMON has the same values.",
    update: (flags, value) => void (flags.daemon = parseChoice(value, DAEMON_USES)),
  },
];
