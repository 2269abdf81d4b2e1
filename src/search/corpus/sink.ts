/**
 * The interface between the loader of a corpus and a backend's memory.
 *
 *   reserve ──▶ a place in the arena (segment, offset)      open ──▶ memory through which part of that place is filled
 *                                                                    commit ──▶ the part is final
 *
 * A backend's arena is a list of segments of less than 4 GiB. A place is contiguous in one segment. On the host,
 * windows are the arena itself. On a device, windows are staging memory, copied to the device at the commit. All
 * methods run on the main thread; loader threads only write into windows. If a place is not completely filled, the gap
 * at its end belongs to no file and no unit, and its content is undefined.
 */

/** A place in the arena of a backend. */
export interface Position {
  readonly segment: number;
  /** A multiple of 16. */
  readonly offsetBytes: number;
}

/** How loader threads access a window. */
type WindowMemory =
  | { readonly kind: "shared"; readonly buffer: SharedArrayBuffer; readonly byteOffset: number }
  /** Mapped memory, which the sink keeps valid until the commit. It is only written, never read. */
  | { readonly kind: "address"; readonly address: bigint };

/** Memory for the bytes [offsetBytes, offsetBytes + lengthBytes) of a segment. */
export interface SinkWindow extends Position {
  readonly lengthBytes: number;
  readonly memory: WindowMemory;
}

/** Memory that a corpus is loaded into. See the head of this file. */
export interface CorpusSink {
  /** Size of the places into which small files are packed. `open` gives such a place as a single window. */
  readonly chunkBytes: number;
  /** Maximum size of a place. A larger file is flagged `OVERSIZE` instead of being loaded. */
  readonly maxPlaceBytes: number;
  /**
   * Takes a place of the arena.
   * @param lengthBytes a multiple of 16, at most `maxPlaceBytes`
   * @throws EW_CORPUS_TOO_LARGE, EW_OUT_OF_HOST_MEMORY, EW_OUT_OF_DEVICE_MEMORY: the load ends with this error
   */
  reserve(lengthBytes: number): Position;
  /**
   * Opens a window on the rest of a place.
   * @param lengthBytes size of the rest. The window may be shorter, but has at least 16 bytes, and a multiple of 16
   */
  open(position: Position, lengthBytes: number): SinkWindow | Promise<SinkWindow>;
  /** Declares the first `usedBytes` of the window final. `usedBytes` is a multiple of 16. The rest is not used. */
  commit(window: SinkWindow, usedBytes: number): void;
  /** Called after all windows were committed. Resolves when all bytes are in their final memory. */
  finish(): Promise<void>;
}
