/**
 * Remembers how requests were resolved. A repeated request costs only a check of the times of its files. No file is
 * read, and no text is scanned.
 *
 * Requests are compared by their content. So an equal request in a new object finds the same answer.
 *
 * Invariant: an answer is used only while none of its files and folders has changed. If a file changed shortly before
 * it was read, the answer is not remembered, because the file's time stamp could not reveal a second change.
 */

import { statSync } from "node:fs";
import { dirname, isAbsolute } from "node:path";
import { currentDirectory } from "../../base/index.ts";
import type { ExpandedSource } from "../sources/index.ts";
import type { ProgramRequest, ResolvedRequest } from "./program-request.ts";

/** Maximum number of remembered requests, over all sources. */
const MAX_ANSWERS = 1024;
/** Maximum number of remembered requests for one source. Lookups compare them one by one. */
const MAX_ANSWERS_PER_SOURCE = 64;

interface Answer {
  readonly asked: ProgramRequest;
  /** The folder for relative paths of the request. */
  readonly folder: string | undefined;
  readonly stamps: readonly Stamp[];
  readonly resolved: ResolvedRequest;
}

/** The memo of one program cache. */
export class RequestMemo {
  /** Answers by the path or the text of the source; the last used is last. Sources have the same order. */
  readonly #sources = new Map<string, Answer[]>();
  #count = 0;

  /** The answer for an equal request; undefined if there is none, or a file has changed. */
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

  /** Remembers how a request was resolved. */
  keep(request: ProgramRequest, expanded: ExpandedSource, resolved: ResolvedRequest): void {
    const files = expanded.files.filter((file) => isAbsolute(file));
    // A new file beside an including file, or in an include root, can hide a shared file. So check these folders too.
    const folders = [...files.map((file) => dirname(file)), ...(request.includeRoots ?? [])];
    const stamps = [...new Set([...files, ...folders])].map(stampOf);
    if (!stamps.every((stamp): stamp is Stamp => stamp !== undefined)) return;
    const source = sourceOf(request);
    const answers = this.#sources.get(source) ?? [];
    this.#sources.delete(source);
    this.#sources.set(source, answers); // moves it to the end: last used
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

/** The map key of a request's source. A path and an equal text share a key; the comparison tells them apart. */
function sourceOf(request: ProgramRequest): string {
  return "file" in request ? request.file : request.source;
}

interface Stamp {
  readonly path: string;
  readonly ino: number;
  readonly size: number;
  readonly ctimeMs: number;
}

/** The assumed resolution of file times. */
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

/** Whether two requests have the same content. `depth` limits the recursion to the depth of requests. */
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
