/**
 * Packs paths: JavaScript strings become UTF-8 bytes, one behind the other.
 *
 * Strings are joined in groups and encoded as one, which takes a third of the time of encoding each (bench/paths-host.ts). Where a group
 * has nothing but ASCII, as nearly all have, a path's bytes are as many as its characters; where not, the group is encoded path by path.
 */
import { EverwarpError } from "../base/errors.ts";
import type { PackedPaths } from "./contracts.ts";

/** A path as callers give it: a string stands for its UTF-8 bytes, an array for itself. */
export type PathLike = string | Uint8Array;

const GROUP = 4096;
const encoder = new TextEncoder();

/** Packs batch after batch into memory that it keeps. */
export class PathPacker {
  #bytes = new Uint8Array(64 * 1024);
  #offsets = new Uint32Array(1024);

  /** @returns views of the packer's memory, good until the next call */
  pack(paths: readonly PathLike[]): PackedPaths {
    const count = paths.length;
    if (this.#offsets.length <= count) this.#offsets = new Uint32Array(2 * count);
    let at = 0;
    for (let begin = 0; begin < count; begin += GROUP) {
      const group = begin === 0 && count <= GROUP ? paths : paths.slice(begin, begin + GROUP);
      at = this.#packGroup(group, begin, at);
    }
    this.#offsets[count] = at;
    return { bytes: this.#bytes.subarray(0, at), offsets: this.#offsets.subarray(0, count + 1) };
  }

  /** @param begin index of the group's first path @returns where the group's bytes end */
  #packGroup(group: readonly PathLike[], begin: number, at: number): number {
    if (group.every((path) => typeof path === "string")) {
      const joined = group.join("");
      this.#reserve(at, 3 * joined.length);
      const { written } = encoder.encodeInto(joined, this.#bytes.subarray(at));
      if (written === joined.length) {
        let offset = at;
        for (let index = 0; index < group.length; index++) {
          this.#offsets[begin + index] = offset;
          offset += group[index]!.length;
        }
        return offset;
      }
    }
    for (let index = 0; index < group.length; index++) {
      this.#offsets[begin + index] = at;
      const path = group[index]!;
      this.#reserve(at, 3 * path.length);
      if (typeof path === "string") at += encoder.encodeInto(path, this.#bytes.subarray(at)).written;
      else {
        this.#bytes.set(path, at);
        at += path.length;
      }
    }
    return at;
  }

  #reserve(at: number, more: number): void {
    if (at + more <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(2 * this.#bytes.length, at + more));
    larger.set(this.#bytes.subarray(0, at));
    this.#bytes = larger;
  }
}

/** Packs one batch into memory of its own: for callers that keep it. */
export function packPaths(paths: readonly PathLike[]): PackedPaths {
  const { bytes, offsets } = new PathPacker().pack(paths);
  return { bytes, offsets };
}

/** The bytes of one path. */
export function pathBytes(path: PathLike): Uint8Array {
  return typeof path === "string" ? encoder.encode(path) : path;
}

/** @throws EW_BAD_ARGUMENT where offsets do not ascend or leave the bytes */
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

function badOffsets(what: string): EverwarpError {
  return new EverwarpError("EW_BAD_ARGUMENT", `the offsets of packed paths are not in order: ${what}`, {
    remedy: "Give one offset more than there are paths, ascending, within the bytes.",
  });
}
