/**
 * Remembers what requests came to. A request that is made again costs a look at the times of its files: no file is
 * read, and no text is scanned.
 *
 * Requests are known by what they say, and not by which object says it: an equal request that was made afresh finds the
 * same answer.
 *
 * Invariant: an answer is given only while no file or folder that it was read from has changed. A file that changed
 * shortly before it was read is not remembered, because its time could not tell of a second change.
 */

import { statSync } from "node:fs";
import { dirname, isAbsolute } from "node:path";
import { currentDirectory } from "../../base/index.ts";
import type { ExpandedSource } from "../sources/index.ts";
import type { ProgramRequest, ResolvedRequest } from "./program-request.ts";

/** Requests that are remembered at most, over all sources. */
const MAX_ANSWERS = 1024;
/** Different requests for one source that are remembered. They are compared one by one. */
const MAX_ANSWERS_PER_SOURCE = 64;

interface Answer {
  readonly asked: ProgramRequest;
  /** Relative paths of the request start here. */
  readonly folder: string | undefined;
  readonly stamps: readonly Stamp[];
  readonly resolved: ResolvedRequest;
}

/** The memory of one program cache. */
export class RequestMemo {
  /** By the path or the text of the source: the answers for it, the last used last. Sources are in the same order. */
  readonly #sources = new Map<string, Answer[]>();
  #count = 0;

  /** What an equal request came to; undefined when it is not known, or a file has changed. */
  find(request: ProgramRequest): ResolvedRequest | undefined {
    const source = sourceOf(request);
    const answers = this.#sources.get(source);
    if (answers === undefined) return undefined;
    const folder = currentDirectory();
    const index = answers.findLastIndex(
      (answer) => answer.folder === folder && isSame(answer.asked, request, 0),
    );
    const answer = answers[index];
    if (answer === undefined) return undefined;
    if (answer.stamps.every(isUnchanged)) return answer.resolved;
    answers.splice(index, 1);
    this.#count--;
    if (answers.length === 0) this.#sources.delete(source);
    return undefined;
  }

  /** Keeps what a request came to. */
  keep(request: ProgramRequest, expanded: ExpandedSource, resolved: ResolvedRequest): void {
    const files = expanded.files.filter((file) => isAbsolute(file));
    // A file that appears beside another one, or in a root, can take the place of a shared one.
    const folders = [...files.map((file) => dirname(file)), ...(request.includeRoots ?? [])];
    const stamps = [...new Set([...files, ...folders])].map(stampOf);
    if (!stamps.every((stamp): stamp is Stamp => stamp !== undefined)) return;
    const source = sourceOf(request);
    const answers = this.#sources.get(source) ?? [];
    this.#sources.delete(source);
    this.#sources.set(source, answers); // now the last used
    answers.push({ asked: structuredClone(request), folder: currentDirectory(), stamps, resolved });
    this.#count++;
    if (answers.length > MAX_ANSWERS_PER_SOURCE) {
      answers.shift();
      this.#count--;
    }
    for (const [oldest, { length }] of this.#sources) {
      if (this.#count <= MAX_ANSWERS) break;
      this.#sources.delete(oldest);
      this.#count -= length;
    }
  }
}

/** What answers are found by. A path and an equal text may meet here; the comparison tells them apart. */
function sourceOf(request: ProgramRequest): string {
  return "file" in request ? request.file : request.source;
}

interface Stamp {
  readonly path: string;
  readonly ino: number;
  readonly size: number;
  readonly ctimeMs: number;
}

/** The times of files may be as coarse as this. */
const COARSE_MS = 100;

function stampOf(path: string): Stamp | undefined {
  const info = statSync(path, { throwIfNoEntry: false });
  if (info === undefined || Math.abs(Date.now() - info.ctimeMs) < COARSE_MS) return undefined;
  return { path, ino: info.ino, size: info.size, ctimeMs: info.ctimeMs };
}

function isUnchanged({ path, ino, size, ctimeMs }: Stamp): boolean {
  const now = statSync(path, { throwIfNoEntry: false });
  return now?.ino === ino && now.size === size && now.ctimeMs === ctimeMs;
}

/** Whether two requests say the same, as deep as requests go. */
function isSame(a: object, b: object, depth: number): boolean {
  let count = 0;
  for (const key in b) {
    count++;
    const [ours, theirs] = [(a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]];
    if (ours === theirs) continue;
    const areObjects =
      typeof ours === "object" && typeof theirs === "object" && ours !== null && theirs !== null;
    if (depth > 4 || !areObjects || !isSame(ours, theirs, depth + 1)) return false;
  }
  for (const _key in a) count--;
  return count === 0;
}
