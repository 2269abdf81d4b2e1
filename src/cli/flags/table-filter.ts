/** Flags that choose the files to search. */
import type { Flag } from "./definition.ts";
import { badValue, parseCount, parseSize } from "./value-parsers.ts";

/** The flags that choose files. */
export const FILTER_FLAGS: readonly Flag[] = [
  {
    kind: "switch",
    long: "binary",
    negated: "no-binary",
    category: "filter",
    help: "Search binary files, but only say that they match.",
    update: (flags, on) => void (flags.binary = on ? "searchAndSuppress" : "auto"),
  },
  {
    kind: "switch",
    long: "follow",
    short: "L",
    negated: "no-follow",
    category: "filter",
    help: "Follow symbolic links.",
    update: (flags, on) => void (flags.follow = on),
  },
  {
    kind: "repeatable",
    long: "glob",
    short: "g",
    variable: "GLOB",
    category: "filter",
    help: "Search only paths that match, or with ! in front, that do not.",
    details:
      "Globs are those of .gitignore; the last one that matches decides, and it wins over all ignore files.",
    update: (flags, value) => void flags.globs.push(value),
  },
  {
    kind: "switch",
    long: "glob-case-insensitive",
    negated: "no-glob-case-insensitive",
    category: "filter",
    help: "Every -g ignores case.",
    update: (flags, on) => void (flags.globCaseInsensitive = on),
  },
  {
    kind: "switch",
    long: "hidden",
    short: ".",
    negated: "no-hidden",
    category: "filter",
    help: "Search hidden files and directories.",
    update: (flags, on) => void (flags.hidden = on),
  },
  {
    kind: "repeatable",
    long: "iglob",
    variable: "GLOB",
    category: "filter",
    help: "As -g, ignoring case.",
    update: (flags, value) => void flags.iglobs.push(value),
  },
  {
    kind: "repeatable",
    long: "ignore-file",
    variable: "PATH",
    takesBytes: true,
    category: "filter",
    help: "A further file of ignore rules.",
    details:
      "Its rules count from the current directory and are weaker than those of every ignore file found in the tree.",
    update: (flags, value) => void flags.ignoreFiles.push(value),
  },
  {
    kind: "switch",
    long: "ignore-file-case-insensitive",
    negated: "no-ignore-file-case-insensitive",
    category: "filter",
    help: "Rules of ignore files ignore case.",
    update: (flags, on) => void (flags.ignoreFileCaseInsensitive = on),
  },
  {
    kind: "value",
    long: "max-depth",
    short: "d",
    aliases: ["maxdepth"],
    variable: "NUM",
    category: "filter",
    help: "Go down at most NUM directories.",
    update: (flags, value) => void (flags.maxDepth = parseCount(value)),
  },
  {
    kind: "value",
    long: "max-filesize",
    variable: "NUM+SUFFIX?",
    category: "filter",
    help: "Pass over files of more bytes (K, M and G may follow).",
    update: (flags, value) => void (flags.maxFilesizeBytes = parseSize(value)),
  },
  {
    kind: "switch",
    long: "no-ignore",
    negated: "ignore",
    category: "filter",
    help: "Heed no ignore files (but those of --ignore-file).",
    update(flags, on) {
      flags.noIgnoreDot = on;
      flags.noIgnoreExclude = on;
      flags.noIgnoreGlobal = on;
      flags.noIgnoreParent = on;
      flags.noIgnoreVcs = on;
    },
  },
  {
    kind: "switch",
    long: "no-ignore-dot",
    negated: "ignore-dot",
    category: "filter",
    help: "Heed no .ignore and .rgignore files.",
    update: (flags, on) => void (flags.noIgnoreDot = on),
  },
  {
    kind: "switch",
    long: "no-ignore-exclude",
    negated: "ignore-exclude",
    category: "filter",
    help: "Heed no .git/info/exclude.",
    update: (flags, on) => void (flags.noIgnoreExclude = on),
  },
  {
    kind: "switch",
    long: "no-ignore-files",
    negated: "ignore-files",
    category: "filter",
    help: "Heed no --ignore-file.",
    update: (flags, on) => void (flags.noIgnoreFiles = on),
  },
  {
    kind: "switch",
    long: "no-ignore-global",
    negated: "ignore-global",
    category: "filter",
    help: "Heed no global git excludes.",
    update: (flags, on) => void (flags.noIgnoreGlobal = on),
  },
  {
    kind: "switch",
    long: "no-ignore-parent",
    negated: "ignore-parent",
    category: "filter",
    help: "Heed no ignore files of parent directories.",
    update: (flags, on) => void (flags.noIgnoreParent = on),
  },
  {
    kind: "switch",
    long: "no-ignore-vcs",
    negated: "ignore-vcs",
    category: "filter",
    help: "Heed no ignore files of version control.",
    update: (flags, on) => void (flags.noIgnoreVcs = on),
  },
  {
    kind: "switch",
    long: "no-require-git",
    negated: "require-git",
    category: "filter",
    help: "Heed .gitignore outside of git repositories too.",
    update: (flags, on) => void (flags.noRequireGit = on),
  },
  {
    kind: "switch",
    long: "one-file-system",
    negated: "no-one-file-system",
    category: "filter",
    help: "Do not cross into other file systems.",
    update: (flags, on) => void (flags.oneFileSystem = on),
  },
  {
    kind: "repeatable",
    long: "type",
    short: "t",
    variable: "TYPE",
    category: "filter",
    help: "Search only files of a type; see --type-list.",
    update: (flags, value) => void flags.typeChanges.push({ select: value }),
  },
  {
    kind: "repeatable",
    long: "type-not",
    short: "T",
    variable: "TYPE",
    category: "filter",
    help: "Do not search files of a type.",
    update: (flags, value) => void flags.typeChanges.push({ negate: value }),
  },
  {
    kind: "repeatable",
    long: "type-add",
    variable: "TYPESPEC",
    category: "filter",
    help: "Add a glob to a type: name:glob or name:include:other,other.",
    update: (flags, value) => void flags.typeChanges.push({ add: value }),
  },
  {
    kind: "repeatable",
    long: "type-clear",
    variable: "TYPE",
    category: "filter",
    help: "Take all globs from a type.",
    update: (flags, value) => void flags.typeChanges.push({ clear: value }),
  },
  {
    kind: "switch",
    long: "unrestricted",
    short: "u",
    category: "filter",
    help: "Search more: -u as --no-ignore, -uu also --hidden, -uuu also --binary.",
    update(flags) {
      flags.unrestricted++;
      if (flags.unrestricted > 3) throw badValue("flag can only be repeated up to 3 times");
      if (flags.unrestricted === 2) flags.hidden = true;
      else if (flags.unrestricted === 3) flags.binary = "searchAndSuppress";
      else {
        flags.noIgnoreDot = true;
        flags.noIgnoreExclude = true;
        flags.noIgnoreGlobal = true;
        flags.noIgnoreParent = true;
        flags.noIgnoreVcs = true;
      }
    },
  },
];
