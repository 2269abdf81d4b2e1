/** Where a walk gets its listings from, and what it tells about the rest of what it looked at. */
import type { Entry } from "./entries.ts";
import { readEntries } from "./entries.ts";
import type { PathLike } from "./ignore-files.ts";

/** What a walk reads through. A program that keeps listings gives its own. */
export interface WalkSource {
  /**
   * The entries of a directory. The array may be sorted in place.
   * @param place the path for the system
   * @param absolute the absolute path without links, a byte string without a final "/"
   * @throws the system's error
   */
  entries(place: PathLike, absolute: string, isAsHeld: boolean): Entry[];
  /**
   * The walk's answer depends on this path, which lies in none of the directories that it lists, or leads out of them.
   * @param path absolute, a byte string
   */
  consults(path: string): void;
}

/** The disk, with nothing kept. */
export const DISK: WalkSource = {
  entries: (place, _absolute, isAsHeld) => readEntries(place, isAsHeld),
  consults: () => undefined,
};
