/**
 * Packs paths: JavaScript strings become UTF-8 bytes, one path after the other.
 *
 * Strings are joined into groups, and each group is encoded at once. That takes a third of the time of encoding each
 * string (bench/paths-host.ts). If a group is pure ASCII, as nearly all groups are, each path has as many bytes as
 * characters. Otherwise the group is encoded path by path.
 */
import { badArgument, unreadable, EverwarpError } from "../../base/index.ts";

/**
 * Many paths, one after the other. Path i is `bytes[offsets[i] … offsets[i + 1])`. Any bytes are allowed; no NUL ends a
 * path.
 */
export interface PackedPaths {
  /** The bytes of all paths. */
  readonly bytes: Uint8Array;
  /** One more offset than there are paths, in ascending order. The first offset need not be 0. */
  readonly offsets: Uint32Array;
}

/** A path from a caller: a string stands for its UTF-8 bytes, an array for its own bytes. */
export type PathLike = string | Uint8Array;

/**
 * Number of paths in a group. Joined, they must not exceed 128 KiB: V8 allocates larger strings separately, which
 * doubles the time.
 */
export const GROUP_PATHS = 1024;
const encoder = new TextEncoder();

/**
 * Encodes paths, one after the other.
 *
 * @param offsets receives one more element than there are paths; the first is 0
 * @returns how many paths fit into `bytes`: all of them if there are three bytes for each character
 */
export function encodeGroup(paths: readonly PathLike[], bytes: Uint8Array, offsets: Uint32Array): number {
  const end = asciiOffsets(paths, offsets, 0);
  if (end >= 0 && 3 * end <= bytes.length && encoder.encodeInto(paths.join(""), bytes).written === end)
    return paths.length;
  return encodeEach(paths, bytes, offsets, 0);
}

/** Computes offsets for pure ASCII. @returns the last offset; −1 if some path is no string */
function asciiOffsets(paths: readonly PathLike[], offsets: Uint32Array, base: number): number {
  let offset = base;
  offsets[0] = base;
  for (let index = 0; index < paths.length; index++) {
    const path = paths[index]!;
    if (typeof path !== "string") return -1;
    offset += path.length;
    offsets[index + 1] = offset;
  }
  return offset;
}

/** @returns how many paths fit; the first begins at `base` */
function encodeEach(
  paths: readonly PathLike[],
  bytes: Uint8Array,
  offsets: Uint32Array,
  base: number,
): number {
  let at = base;
  offsets[0] = base;
  for (let index = 0; index < paths.length; index++) {
    const path = paths[index]!;
    if (typeof path === "string") {
      const { read, written } = encoder.encodeInto(path, bytes.subarray(at));
      if (read < path.length) return index;
      at += written;
    } else {
      if (path.length > bytes.length - at) return index;
      bytes.set(path, at);
      at += path.length;
    }
    offsets[index + 1] = at;
  }
  return paths.length;
}

/** Packs batches into memory that it reuses. */
export class PathPacker {
  #bytes = new Uint8Array(64 * 1024);
  #offsets = new Uint32Array(1024);

  /** Packs one batch. @returns views of the packer's memory, valid until the next call */
  pack(paths: readonly PathLike[]): PackedPaths {
    const count = paths.length;
    if (this.#offsets.length <= count) this.#offsets = new Uint32Array(2 * count);
    let at = 0;
    for (let begin = 0; begin < count; begin += GROUP_PATHS) {
      const group = begin === 0 && count <= GROUP_PATHS ? paths : paths.slice(begin, begin + GROUP_PATHS);
      at = this.#packGroup(group, this.#offsets.subarray(begin, begin + group.length + 1), at);
    }
    this.#offsets[count] = at;
    return { bytes: this.#bytes.subarray(0, at), offsets: this.#offsets.subarray(0, count + 1) };
  }

  /** @returns the end of the group, which begins at `at` */
  #packGroup(group: readonly PathLike[], offsets: Uint32Array, at: number): number {
    const end = asciiOffsets(group, offsets, at);
    if (end >= 0) {
      this.#reserve(at, 3 * (end - at));
      if (encoder.encodeInto(group.join(""), this.#bytes.subarray(at)).written === end - at) return end;
    } else {
      this.#reserve(at, 3 * group.reduce((sum, path) => sum + path.length, 0));
    }
    encodeEach(group, this.#bytes, offsets, at);
    return offsets[group.length];
  }

  #reserve(at: number, more: number): void {
    if (at + more <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(2 * this.#bytes.length, at + more));
    larger.set(this.#bytes.subarray(0, at));
    this.#bytes = larger;
  }
}

/** Packs paths for `lookupPacked`, into newly allocated memory. @throws EW_BAD_ARGUMENT for a value that is no path */
export function packPaths(paths: readonly PathLike[]): PackedPaths {
  assertPaths(paths);
  const { bytes, offsets } = new PathPacker().pack(paths);
  return { bytes, offsets };
}

/**
 * The bytes of one path. @param name of the argument, for errors @throws EW_BAD_ARGUMENT for a value that is no path
 */
export function pathBytes(path: PathLike, name = "path"): Uint8Array {
  if (typeof path === "string") return encoder.encode(path);
  assertPath(name, path);
  return path;
}

/** Checks one path. @throws EW_BAD_ARGUMENT for a value that is neither a string nor bytes */
export function assertPath(name: string, path: unknown): void {
  if (typeof path === "string" || isBytes(path)) return;
  throw badArgument(name, path, "a string or a Uint8Array");
}

function isBytes(value: unknown): value is Uint8Array {
  // `isView` is not fooled by a proxy, which can give any answer to `instanceof`.
  return ArrayBuffer.isView(value) && value instanceof Uint8Array;
}

/** Checks many paths in advance, because an invalid one would fail in the middle of a batch. @throws EW_BAD_ARGUMENT */
export function assertPaths(paths: readonly PathLike[]): void {
  if (!Array.isArray(paths)) throw badArgument("paths", paths, "an array of strings or Uint8Arrays");
  try {
    for (let index = 0; index < paths.length; index++)
      if (typeof paths[index] !== "string") assertPath(`paths[${index}]`, paths[index]);
  } catch (cause) {
    if (cause instanceof EverwarpError) throw cause;
    throw unreadable("paths", undefined, cause);
  }
}

/** Checks packed paths. @throws EW_BAD_ARGUMENT if offsets do not ascend or exceed the bytes */
export function checkPacked({ bytes, offsets }: PackedPaths): void {
  let former = offsets[0];
  for (let index = 1; index < offsets.length; index++) {
    const offset = offsets[index];
    if (offset < former) throw badOffsets(`offset ${index} is ${offset}, behind ${former}`);
    former = offset;
  }
  if (former > bytes.length) throw badOffsets(`they end at ${former} of ${bytes.length} bytes`);
  if (offsets.length === 0) throw badOffsets("there are none");
}

/** The error of packed paths with offsets that were out of order during the lookup. */
export function misplacedError(packed: PackedPaths): unknown {
  try {
    checkPacked(packed);
  } catch (error) {
    return error;
  }
  return badOffsets("the caller changed them during the lookup");
}

function badOffsets(what: string): EverwarpError {
  return new EverwarpError("EW_BAD_ARGUMENT", `the offsets of packed paths are not in order: ${what}`, {
    remedy: "Give one offset more than there are paths, ascending, within the bytes.",
  });
}
