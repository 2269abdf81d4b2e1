/** The one-shot search: from decided options to an exit code. */
import { typeListLines } from "../walk/index.ts";
import { shownFile } from "./file-searcher/index.ts";
import { checkGlobs, foundFiles, type WalkFiles } from "./found-files.ts";
import type { OpenGrepEngine } from "./grep-engine.ts";
import { Messages } from "./messages.ts";
import type { GrepOptions } from "./options.ts";
import { Output } from "./output.ts";
import { LINK_END, LinkTarget, pathBytes, RESET, startSequence } from "./printer/index.ts";
import { type HeldGrep, searchFiles } from "./search-files.ts";
import type { GrepStreams } from "./streams.ts";

/**
 * Searches, or lists files or file types, as `options.mode` says.
 * @param openEngine may answer with an engine that searches in the place of this process
 * @param held what a program that stays has in memory
 * @returns the exit code: 0 something matched, 1 nothing matched, 2 there was an error
 * @throws EverwarpError EW_BAD_FLAG_VALUE for a glob or a file type, EW_BAD_PATTERN for a pattern,
 * EW_PATH_UNWRITABLE where output cannot be written, and whatever `openEngine` throws
 */
export async function runGrep(
  options: GrepOptions,
  streams: GrepStreams,
  openEngine: OpenGrepEngine = async () => undefined,
  held: HeldGrep = {},
): Promise<number> {
  if (!isEveryGlobAsked(options)) checkGlobs(options);
  if (options.mode.kind === "types") return listTypes(options, streams);
  const messages = new Messages(streams, options);
  const matched =
    options.mode.kind === "files"
      ? await listFiles(options, streams, messages, held.walkFiles)
      : await searchFiles(options, streams, messages, openEngine, held);
  if (matched && (options.quiet || !messages.errored)) return 0;
  return messages.errored ? 2 : 1;
}

/** A walk asks its globs and types before its first file. Globs of a preprocessor are asked when a file is opened. */
function isEveryGlobAsked({ mode, matchesPossible, searcher: { preprocessor } }: GrepOptions): boolean {
  if (preprocessor !== undefined) return false;
  return mode.kind === "files" || (mode.kind === "search" && matchesPossible);
}

function listTypes(options: GrepOptions, streams: GrepStreams): number {
  const lines = typeListLines(options.walk.types ?? []);
  streams.writeOut(Buffer.from(lines.map((line) => `${line}\n`).join("")));
  return lines.length === 0 ? 1 : 0;
}

async function listFiles(
  options: GrepOptions,
  streams: GrepStreams,
  messages: Messages,
  walkFiles?: WalkFiles,
): Promise<boolean> {
  const { color, colors, hyperlinks, pathTerminator, pathSeparator } = options.searcher.printer;
  const start = color ? startSequence(colors.path) : "";
  const stop = color ? RESET : "";
  const links = color && hyperlinks ? new LinkTarget(hyperlinks) : undefined;
  const output = new Output(streams, options.flushEachFile);
  let matched = false;
  for (const file of foundFiles(options, messages, walkFiles)) {
    matched = true;
    if (options.quitAfterMatch) break;
    const { writer } = output;
    const path = pathBytes(shownFile(file), pathSeparator);
    const link = links?.start(path, 0, 0);
    if (link !== undefined) writer.write(link);
    writer.writeText(start);
    writer.write(path);
    writer.writeText(stop);
    if (link !== undefined) writer.write(LINK_END);
    writer.writeByte(pathTerminator === -1 ? 10 : pathTerminator);
    if (!output.settle()) break;
    const paused = streams.pause?.();
    if (paused !== undefined) await paused;
  }
  output.flush();
  return matched;
}
