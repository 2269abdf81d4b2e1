/**
 * Where the loader puts bytes: the border between a corpus and a backend's memory.
 *
 *   reserve ──▶ a place in the arena (segment, offset)      open ──▶ memory through which part of that place is filled
 *                                                                    commit ──▶ the part is final
 *
 * A backend's arena is a row of segments of less than 4 GiB; a place is contiguous in one segment. The host's windows
 * are the arena itself; a device's are staging memory, copied to the device when committed. All methods run on the
 * main thread; loader threads only write into windows. A place that is never wholly filled has a gap at its end:
 * nothing of it is in any file or unit, and its content is undefined.
 */

/** A place in the arena of a backend. */
export interface Position {
  readonly segment: number;
  /** A multiple of 16. */
  readonly offsetBytes: number;
}

/** How loader threads reach a window. */
type WindowMemory =
  | { readonly kind: "shared"; readonly buffer: SharedArrayBuffer; readonly byteOffset: number }
  /** Mapped memory; the sink keeps it valid until the window is committed. Written only, never read. */
  | { readonly kind: "address"; readonly address: bigint };

/** Memory for the bytes [offsetBytes, offsetBytes + lengthBytes) of a segment. */
export interface SinkWindow extends Position {
  readonly lengthBytes: number;
  readonly memory: WindowMemory;
}

/** Memory that a corpus is loaded into. See the head of this file. */
export interface CorpusSink {
  /** Size of the places that small files are packed into; `open` gives all of such a place in one window. */
  readonly chunkBytes: number;
  /** Largest place; a larger file is not loaded but flagged `OVERSIZE`. */
  readonly maxPlaceBytes: number;
  /**
   * Takes a place of the arena.
   * @param lengthBytes a multiple of 16, at most `maxPlaceBytes`
   * @throws EW_CORPUS_TOO_LARGE, EW_OUT_OF_HOST_MEMORY, EW_OUT_OF_DEVICE_MEMORY: the load ends with this error
   */
  reserve(lengthBytes: number): Position;
  /**
   * Opens a window on (the rest of) a place.
   * @param lengthBytes what is left of the place; the window may be shorter, but not under 16 bytes, and a multiple
   * of 16
   */
  open(position: Position, lengthBytes: number): SinkWindow | Promise<SinkWindow>;
  /** The first `usedBytes` of the window (a multiple of 16) are final, the rest is not used. */
  commit(window: SinkWindow, usedBytes: number): void;
  /** All windows are committed. Resolves when all bytes are where they belong. */
  finish(): Promise<void>;
}
