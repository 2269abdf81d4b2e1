/** Where programs are kept on disk, and how files come to be there. */

import { randomBytes } from "node:crypto";
import { mkdir, open, rename, unlink } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { fileFaultAt, type FileFaultPoint } from "../../base/faults.ts";
import { processToken } from "./process-token.ts";

/**
 * The folder that has one folder for each model of device: EVERWARP_CACHE_DIR, else `everwarp/programs` in XDG_CACHE_HOME or
 * in `~/.cache`; undefined where EW_PROGRAM_CACHE=off.
 */
export function cacheDirectory(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): string | undefined {
  if (environment["EW_PROGRAM_CACHE"] === "off") return undefined;
  const own = environment["EVERWARP_CACHE_DIR"];
  if (own !== undefined && own !== "") return own;
  const shared = environment["XDG_CACHE_HOME"];
  return join(
    shared === undefined || shared === "" ? join(homedir(), ".cache") : shared,
    "everwarp",
    "programs",
  );
}

/** How the names of files begin that are not finished. */
const TEMPORARY_PREFIX = ".";
const TEMPORARY_SUFFIX = ".tmp";

/** Who began a temporary file; undefined for names of other files. */
export function ownerOfTemporary(name: string): string | undefined {
  if (!name.startsWith(TEMPORARY_PREFIX) || !name.endsWith(TEMPORARY_SUFFIX)) return undefined;
  const inner = name.slice(TEMPORARY_PREFIX.length, -TEMPORARY_SUFFIX.length);
  return inner.slice(0, inner.lastIndexOf("."));
}

/**
 * Writes a file so that its name always leads to all of the old contents or all of the new. It is not made durable: what a loss of power
 * damages, the reader's checksum finds.
 *
 * @param points faults: while the file is begun, in the middle of it, before it gets its name
 * @throws errors of the file system; the old file is then there, and no temporary one
 */
export async function publishFile(
  path: string,
  bytes: Uint8Array,
  points: Readonly<Record<"begun" | "written" | "renamed", FileFaultPoint>>,
): Promise<void> {
  const folder = dirname(path);
  const random = randomBytes(6).toString("hex");
  const temporary = join(folder, `${TEMPORARY_PREFIX}${processToken()}.${random}${TEMPORARY_SUFFIX}`);
  fileFaultAt(points.begun);
  // Others must not be able to put something there that is then given to a driver.
  const begin = (): ReturnType<typeof open> => open(temporary, "wx", 0o600);
  const handle = await begin().catch(async (error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return begin();
  });
  try {
    try {
      const middle = bytes.length >>> 1;
      await writeAll(handle, bytes.subarray(0, middle));
      fileFaultAt(points.written);
      await writeAll(handle, bytes.subarray(middle));
    } finally {
      await handle.close();
    }
    fileFaultAt(points.renamed);
    await rename(temporary, path);
  } catch (error) {
    // The first cause is what the caller hears. What cannot be removed now, `prune` removes.
    await unlink(temporary).catch(() => undefined);
    throw error;
  }
}

/** A single call may write less than all. */
async function writeAll(handle: Awaited<ReturnType<typeof open>>, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done);
    done += bytesWritten;
  }
}
