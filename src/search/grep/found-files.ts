/** Finds the files of a search, in their order. */
import { statSync } from "node:fs";
import type { FoundFile } from "../contracts.ts";
import { placeOf } from "../content/index.ts";
import { PathGlobs, walk, type WalkError, type WalkOptions } from "../walk/index.ts";
import type { Messages } from "./messages.ts";
import type { GrepOptions, SortKey } from "./options.ts";

const STDIN: FoundFile = { path: "-", explicit: true };

/** Walks, as `walk` does. Whoever keeps listings gives its own. */
export type WalkFiles = (paths: readonly string[], options: WalkOptions) => Iterable<FoundFile>;

/**
 * Checks globs and types where no file is looked for. No ignore file is read: one may be a pipe, which can be read
 * once.
 * @throws EW_BAD_FLAG_VALUE for one that does not parse
 */
export function checkGlobs({ walk: options, searcher: { preprocessor } }: GrepOptions): void {
  walk([], { ...options, noIgnoreFiles: true, noIgnoreGlobal: true });
  if (preprocessor !== undefined) new PathGlobs(preprocessor.globs);
}

/** Must all files be found before the first is searched? For --sort count, results are put in order afterwards. */
export const needsAllFiles = ({ sort }: GrepOptions): boolean =>
  sort !== undefined && sort.key !== "count" && (sort.key !== "path" || sort.reverse);

/**
 * A walk whose errors wait until `tell`. That of a disk meets its errors when files are looked for; one that is held in
 * memory knows them all from the beginning.
 */
export function withErrorsHeld(walkFiles: WalkFiles = walk): { readonly walk: WalkFiles; tell(): void } {
  let waiting: (() => void)[] | undefined = [];
  return {
    walk: (paths, { onError, ...options }) =>
      walkFiles(paths, {
        ...options,
        onError: (error) =>
          waiting === undefined ? onError?.(error) : void waiting.push(() => onError?.(error)),
      }),
    tell: () => {
      const held = waiting ?? [];
      waiting = undefined;
      for (const tellOne of held) tellOne();
    },
  };
}

/** The files to search, in order. @throws EW_BAD_FLAG_VALUE for a glob or a type, before the first file */
export function foundFiles(
  grep: GrepOptions,
  messages: Messages,
  walkFiles: WalkFiles = walk,
): Iterable<FoundFile> {
  const options = {
    ...grep.walk,
    onError: (error: WalkError): void =>
      error.kind === "path"
        ? messages.error(pathErrorText(error, grep.threads))
        : messages.ignoreRule(error.message),
    ...(messages.logsDecisions
      ? { onSkipped: (path: string, reason: string) => messages.debug("walk", `ignoring ${path}: ${reason}`) }
      : {}),
  };
  const { paths, sort } = grep;
  const found = paths.includes("-")
    ? withStdin(paths, (some) => walkFiles(some, options))
    : walkFiles(paths, options);
  const files = grep.log === "trace" ? traced(found, messages) : found;
  if (sort === undefined || sort.key === "count" || !needsAllFiles(grep)) return files;
  if (sort.key === "path") return sortedByPath([...files]).reverse();
  return sortedByTime([...files], sort.key, sort.reverse, grep.walk.cwd);
}

function* traced(files: Iterable<FoundFile>, messages: Messages): Generator<FoundFile> {
  for (const file of files) {
    messages.trace("walk", `found ${file.path}${file.explicit ? ", which was named" : ""}`);
    yield file;
  }
}

const OPERATION = "IO error for operation on ";

/** With one thread, ripgrep names the path of a system error twice. */
function pathErrorText({ path, message }: WalkError, threads: number): string {
  const twice = `${path}: ${OPERATION}${path}: `;
  const once = `${path}: `;
  const reason = message.startsWith(twice) ? message.slice(twice.length) : message.slice(once.length);
  if (!message.startsWith(once) || !/\(os error \d+\)$/.test(reason)) return message;
  return `${threads === 1 ? twice : once}${reason}`;
}

function* withStdin(
  paths: readonly string[],
  walkSome: (paths: string[]) => Iterable<FoundFile>,
): Generator<FoundFile> {
  for (const path of paths) {
    if (path === "-") yield STDIN;
    else yield* walkSome([path]);
  }
}

function sortedByPath(files: FoundFile[]): FoundFile[] {
  const components = (file: FoundFile): Buffer[] =>
    (file.pathBytes ?? Buffer.from(file.path))
      .toString("latin1")
      .split("/")
      .map((name) => Buffer.from(name, "latin1"));
  const keyed = files.map((file) => ({ file, key: components(file) }));
  keyed.sort((a, b) => {
    const length = Math.min(a.key.length, b.key.length);
    for (let index = 0; index < length; index++) {
      const order = Buffer.compare(a.key[index] as Buffer, b.key[index] as Buffer);
      if (order !== 0) return order;
    }
    return a.key.length - b.key.length;
  });
  return keyed.map(({ file }) => file);
}

const TIMES = { modified: "mtimeNs", accessed: "atimeNs", created: "birthtimeNs" } as const;

/**
 * Files without a known time come last, or first if the order is reversed. Files of the same time keep their
 * order.
 */
function sortedByTime(
  files: FoundFile[],
  key: Exclude<SortKey, "path" | "count">,
  reverse: boolean,
  directory: string | undefined,
): FoundFile[] {
  const timeOf = (file: FoundFile): bigint | undefined => {
    try {
      return statSync(placeOf(file, directory), { bigint: true })[TIMES[key]];
    } catch (error) {
      if (error instanceof Error && "errno" in error) return undefined;
      throw error;
    }
  };
  const keyed = files.map((file) => ({ file, time: timeOf(file) }));
  const compare = (a: bigint | undefined, b: bigint | undefined): number => {
    if (a === b) return 0;
    if (a === undefined) return 1;
    if (b === undefined) return -1;
    return a < b ? -1 : 1;
  };
  keyed.sort((a, b) => (reverse ? -1 : 1) * compare(a.time, b.time));
  return keyed.map(({ file }) => file);
}
