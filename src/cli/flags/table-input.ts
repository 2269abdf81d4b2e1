/** Flags about other programs that give the content of files. */
import type { Flag } from "./definition.ts";

/** The flags about what is read. */
export const INPUT_FLAGS: readonly Flag[] = [
  {
    kind: "value",
    long: "pre",
    variable: "COMMAND",
    takesBytes: true,
    negated: "no-pre",
    category: "input",
    help: "Search what COMMAND PATH prints, in the place of each file.",
    details:
      "The command is started for each file, with the path as its only argument and the file as its standard input. " +
      "An empty command is none. If it fails, so does the search of the file, and what it said is shown. " +
      "It takes back -z. At most 1 GiB of its output is searched.",
    update(flags, value) {
      flags.preprocessor = value === "" ? undefined : value;
      if (value !== "") flags.searchZip = false;
    },
    reset: (flags) => void (flags.preprocessor = undefined),
  },
  {
    kind: "repeatable",
    long: "pre-glob",
    variable: "GLOB",
    category: "input",
    help: "Only files that match go through the command of --pre.",
    details: "As -g, but other files are searched as they are.",
    update: (flags, value) => void (flags.preprocessorGlobs = [...flags.preprocessorGlobs, value]),
  },
  {
    kind: "switch",
    long: "search-zip",
    short: "z",
    negated: "no-search-zip",
    category: "input",
    help: "Search in compressed files.",
    details:
      "They are known by the ends of their names: gz, tgz, bz2, tbz2, xz, txz, lz4, lzma, br, zst, zstd and Z. " +
      "The programs gzip, bzip2, xz, lz4, brotli, zstd and uncompress unpack them; where one is missing, such files " +
      "are searched as they are. It takes back --pre. At most 1 GiB of a file's content is searched.",
    update(flags, on) {
      flags.searchZip = on;
      if (on) flags.preprocessor = undefined;
    },
  },
];
