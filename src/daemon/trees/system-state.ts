/** What the system says about directories and files that are not watched, or are in doubt. Paths are byte strings. */
import { type Stats, statSync } from "node:fs";
import { stampText } from "../watch/index.ts";
import type { Directory } from "./directory.ts";

/** Files and directories whose presence or content decides what is ignored. */
export const RULE_NAMES: ReadonlySet<string> = new Set([".gitignore", ".ignore", ".rgignore", ".git", ".jj"]);

/** Clocks of remote file systems may count whole seconds. */
export const COARSE_MS = 2000;

/** A path for the system. */
export const systemPath = (path: string): Buffer => Buffer.from(path === "" ? "/" : path, "latin1");

/** What the system tells about a path; undefined where it cannot be reached. */
export function statsOf(path: string, stat: typeof statSync): Stats | undefined {
  try {
    return stat(systemPath(path), { throwIfNoEntry: false });
  } catch {
    return undefined; // it cannot be reached, as if it were gone; the search tells why
  }
}

/** Bytes of a file; none where it cannot be reached: the search tells why. */
export function sizeOf(place: string | Buffer): number {
  try {
    return statSync(place, { throwIfNoEntry: false })?.size ?? 0;
  } catch {
    return 0;
  }
}

/** Whether files hold more bytes than this together. No more of them are looked at than it takes to tell. */
export function holdMoreThan(limitBytes: number, places: Iterable<string | Buffer>): boolean {
  let bytes = 0;
  for (const place of places) {
    bytes += sizeOf(place);
    if (bytes > limitBytes) return true;
  }
  return false;
}

/** How a file was when it was read. */
export interface LoadedStamp {
  readonly sizeBytes: number;
  readonly modifiedMs: number;
  readonly inode: number;
  /** Nothing was read before this moment. */
  readonly loadedAtMs: number;
}

/** Is the file what was read? */
export const isAsLoaded = (now: Stats, { sizeBytes, modifiedMs, inode }: LoadedStamp): boolean =>
  now.size === sizeBytes && now.mtimeMs === modifiedMs && now.ino === inode;

/** The same, where the file may have changed since, and its time of modification may have been set back. */
export const isSurelyAsLoaded = (now: Stats, loaded: LoadedStamp): boolean =>
  isAsLoaded(now, loaded) && now.ctimeMs < loaded.loadedAtMs - COARSE_MS;

/** Which directory this is, and who may enter it. */
export function identityOf(path: string): string {
  const stats = statsOf(path, statSync);
  return stats === undefined ? "" : `${stats.dev} ${stats.ino} ${stats.mode} ${stats.uid} ${stats.gid}`;
}

/** A directory and its ignore files. One that changed just now has another stamp at each look, as clocks are coarse. */
export function stampOf({ path }: Directory): string {
  const texts = [path, ...[...RULE_NAMES].map((name) => `${path}/${name}`)].map((each) => {
    const stats = statsOf(each, statSync);
    if (stats === undefined) return "";
    const isFresh = stats.ctimeMs > Date.now() - COARSE_MS;
    return `${stampText(stats)} ${isFresh ? Date.now() : ""}`;
  });
  return texts.join("|");
}
