/**
 * Builds requests for the lookup kernel: chunks of batches, and spans of writes.
 *
 *     one short path     ──────────────▶ inside the request; its result is in the completion
 *     other paths        ──▶ input ring (upload) ──▶ the request has their address, and the place of the results
 *     words of the table ──▶ input ring (upload) ──▶ the request has their address
 *
 * Both rings are first in, first out, because requests are answered in order. A flight records what its request took
 * from the rings, and `release` gives it back.
 */
import {
  type MirrorWrite,
  NO_ROOM,
  Ring,
  type SplitAddress,
  splitAddress,
  type WordSpan,
  writeAddress,
} from "../../engine/index.ts";
import { drainWriteCombining, type ResidentLoop, type Ticket } from "../../residency/index.ts";
import type { DeviceBuffer } from "../../vulkan/index.ts";
import { misplacedError, type PathLike } from "../lookup/index.ts";
import { PathRequest } from "../table/index.ts";
import type { DeviceTable } from "./device-table.ts";
import type { LookupBatch, SinglePath } from "./lookup-batch.ts";
import type { LookupShape } from "./lookup-shape.ts";

/** Bytes of a write that are copied between two turns of the event loop. */
const WRITE_BYTES_MAX = 8 << 20;
const VECTOR_BYTES = 16;
/** Instead of a place for results: the result of a single path is in the completion. */
export const ANSWERED_INLINE = -2;
/** Instead of a mark: the request took nothing from the ring. */
const NO_MARK = -1;
const encoder = new TextEncoder();

/** The parts of a kernel that the queue needs. */
export type LookupKernel = Pick<ResidentLoop, "isFull" | "mayBeAlone" | "submit" | "poll" | "assertRunning">;

/** The parts of the table on the device that the sender needs. */
export type TablePlaces = Pick<DeviceTable, "cover" | "pageCount">;

/** A request in flight. */
export interface Flight {
  readonly ticket: Ticket;
  /** Undefined for a write, and for a single path. */
  readonly batch: LookupBatch | undefined;
  readonly single: SinglePath | undefined;
  /** Paths first … first + count − 1 of the batch. */
  readonly first: number;
  readonly count: number;
  /** The place of the first result in the result ring. */
  readonly resultsAt: number;
  readonly inputMark: number;
  readonly resultMark: number;
}

/** Writes requests into mapped memory and submits them. */
export class RequestSender {
  readonly #kernel: LookupKernel;
  readonly #shape: LookupShape;
  readonly #table: TablePlaces;
  /** The table in host memory. */
  readonly #image: Uint32Array;
  readonly #inputAddress: SplitAddress;
  readonly #inputWords: Uint32Array;
  readonly #inputBytes: Uint8Array;
  readonly #inputRing: Ring;
  readonly #resultRing: Ring;
  readonly #payload = new Uint32Array(PathRequest.INLINE + PathRequest.INLINE_BYTES_MAX / 4);
  readonly #inlineBytes = new Uint8Array(this.#payload.buffer, PathRequest.INLINE * 4);
  #generation = 1;

  constructor(
    kernel: LookupKernel,
    shape: LookupShape,
    table: TablePlaces,
    image: Uint32Array,
    inputs: Pick<DeviceBuffer, "address" | "host">,
  ) {
    this.#kernel = kernel;
    this.#shape = shape;
    this.#table = table;
    this.#image = image;
    this.#inputAddress = splitAddress(inputs.address);
    this.#inputWords = new Uint32Array(inputs.host);
    this.#inputBytes = new Uint8Array(inputs.host);
    this.#inputRing = new Ring(shape.inputBytes);
    this.#resultRing = new Ring(shape.resultCount);
  }

  /** Sends a single path inside its request; undefined if the path is too long. The kernel must have a free slot. */
  sendSingle(path: PathLike, directory: number, operation: number, single: SinglePath): Flight | undefined {
    const length = typeof path === "string" ? this.#encodeInline(path) : this.#copyInline(path);
    if (length < 0) return undefined;
    return {
      ticket: this.#submitInline(length, operation, directory),
      batch: undefined,
      single,
      first: 0,
      count: 1,
      resultsAt: ANSWERED_INLINE,
      inputMark: NO_MARK,
      resultMark: NO_MARK,
    };
  }

  /**
   * Sends some of the packed paths of a batch; undefined if there is no room now.
   * @throws EW_BAD_ARGUMENT for offsets beyond the bytes
   */
  sendChunk(batch: LookupBatch): Flight | undefined {
    if (this.#kernel.isFull) return undefined;
    const { kept, packedFirst } = batch;
    const { offsets, bytes } = batch.packed;
    /** Index among the packed paths. */
    const first = batch.next - packedFirst;
    const { chunkPaths, chunkBytes, resultCount } = this.#shape;
    const payload = this.#payload;
    let count = Math.min(chunkPaths, offsets.length - 1 - first, resultCount);
    const base = offsets[first];
    if (offsets[first + count] - base > chunkBytes)
      count = Math.max(1, pathsWithin(offsets, first, count, base + chunkBytes));
    let length = offsets[first + count] - base;
    // The kernel checks all other offsets.
    if (length < 0 || base + length > bytes.length) throw misplacedError(batch.packed);
    const isInline = kept === undefined && count === 1 && length <= PathRequest.INLINE_BYTES_MAX;
    payload[PathRequest.TEXT_BYTES] = kept === undefined ? length : offsets[offsets.length - 1] - offsets[0];
    // A path that is too long is not sent. Its length suffices.
    if (count === 1 && length > chunkBytes) length = 0;
    const textBytes = (length + VECTOR_BYTES - 1) & -VECTOR_BYTES;
    const size =
      isInline || kept !== undefined ? 0 : (textBytes + (count + 1) * 4 + VECTOR_BYTES - 1) & -VECTOR_BYTES;
    const inputAt = size === 0 ? 0 : this.#inputRing.place(size);
    const resultsAt = isInline ? ANSWERED_INLINE : this.#resultRing.place(count);
    if (inputAt === NO_ROOM || resultsAt === NO_ROOM) return undefined;
    let wordCount: number = PathRequest.INLINE;
    if (kept !== undefined) {
      const address = splitAddress(kept.buffer.address);
      writeAddress(payload, PathRequest.BYTES, address, 0);
      writeAddress(payload, PathRequest.OFFSETS, address, kept.offsetsAt + first * 4);
      payload[PathRequest.OFFSETS_BASE] = offsets[0];
    } else if (isInline) {
      for (let index = 0; index < length; index++) this.#inlineBytes[index] = bytes[base + index];
      wordCount += (length + 3) >> 2;
    } else {
      this.#inputBytes.set(bytes.subarray(base, base + length), inputAt);
      this.#inputWords.set(offsets.subarray(first, first + count + 1), (inputAt + textBytes) >> 2);
      drainWriteCombining();
      writeAddress(payload, PathRequest.BYTES, this.#inputAddress, inputAt);
      writeAddress(payload, PathRequest.OFFSETS, this.#inputAddress, inputAt + textBytes);
      payload[PathRequest.OFFSETS_BASE] = base;
    }
    payload[PathRequest.OPERATION] = batch.operation | (isInline ? PathRequest.IS_INLINE : 0);
    payload[PathRequest.COUNT] = count;
    payload[PathRequest.RESULTS_AT] = isInline ? 0 : resultsAt;
    payload[PathRequest.DIRECTORY] = batch.directory;
    const ticket = this.#submit(wordCount);
    batch.next += count;
    return {
      ticket,
      batch,
      single: undefined,
      first: first + packedFirst,
      count,
      resultsAt,
      inputMark: size === 0 ? NO_MARK : this.#inputRing.take(size),
      resultMark: isInline ? NO_MARK : this.#resultRing.take(count),
    };
  }

  /**
   * Starts a new generation of the table. Later requests carry it, so that the kernel reads the table's header again.
   */
  beginGeneration(): void {
    this.#generation = this.#generation === 0xffff_ffff ? 1 : this.#generation + 1;
  }

  /** Sends a part of a write; undefined if there is no room now. */
  sendWrite(write: MirrorWrite): Flight | undefined {
    if (this.#kernel.isFull) return undefined;
    let flight: Flight | undefined;
    write.take(Math.min(WRITE_BYTES_MAX, this.#shape.inputBytes >> 1), (spans) => {
      flight = this.#sendSpans(spans);
      return flight !== undefined;
    });
    return flight;
  }

  #sendSpans(spans: readonly WordSpan[]): Flight | undefined {
    const dataBytes = spans.reduce((sum, { end, begin }) => sum + (end - begin) * 4, 0);
    const tableBytes = spans.length * VECTOR_BYTES;
    const inputAt = this.#inputRing.place(tableBytes + dataBytes);
    if (inputAt === NO_ROOM) return undefined;
    this.#table.cover(spans);
    const inputs = this.#inputWords;
    let table = inputAt >> 2;
    let data = (inputAt + tableBytes) >> 2;
    for (const { begin, end } of spans) {
      inputs[table] = begin;
      inputs[table + 1] = data >> 2;
      inputs[table + 2] = (end - begin) >> 2;
      inputs[table + 3] = 0;
      inputs.set(this.#image.subarray(begin, end), data);
      table += 4;
      data += end - begin;
    }
    drainWriteCombining();
    const payload = this.#payload;
    payload.fill(0, 0, PathRequest.INLINE);
    payload[PathRequest.OPERATION] = PathRequest.WRITE;
    payload[PathRequest.COUNT] = spans.length;
    writeAddress(payload, PathRequest.BYTES, this.#inputAddress, 0);
    writeAddress(payload, PathRequest.OFFSETS, this.#inputAddress, inputAt);
    return {
      ticket: this.#submit(PathRequest.INLINE),
      batch: undefined,
      single: undefined,
      first: 0,
      count: 0,
      resultsAt: 0,
      inputMark: this.#inputRing.take(tableBytes + dataBytes),
      resultMark: NO_MARK,
    };
  }

  /** Releases the parts of the rings that an answered request took. Requests must be released in order. */
  release({ inputMark, resultMark }: Flight): void {
    if (inputMark !== NO_MARK) this.#inputRing.release(inputMark);
    if (resultMark !== NO_MARK) this.#resultRing.release(resultMark);
  }

  #submit(wordCount: number): Ticket {
    const payload = this.#payload;
    payload[PathRequest.GENERATION] = this.#generation;
    payload[PathRequest.PAGES] = this.#table.pageCount;
    const isAlone = (payload[PathRequest.OPERATION] & PathRequest.IS_INLINE) !== 0 && this.#kernel.mayBeAlone;
    if (isAlone) payload[PathRequest.OPERATION] |= PathRequest.IS_ALONE;
    return this.#kernel.submit(payload, wordCount, 0, isAlone);
  }

  #submitInline(length: number, operation: number, directory: number): Ticket {
    const payload = this.#payload;
    payload[PathRequest.OPERATION] = operation | PathRequest.IS_INLINE;
    payload[PathRequest.COUNT] = 1;
    payload[PathRequest.RESULTS_AT] = 0;
    payload[PathRequest.DIRECTORY] = directory;
    payload[PathRequest.TEXT_BYTES] = length;
    return this.#submit(PathRequest.INLINE + ((length + 3) >> 2));
  }

  /** @returns the path's bytes in the request; −1 if the path does not fit */
  #encodeInline(path: string): number {
    const bytes = this.#inlineBytes;
    const { length } = path;
    if (length > bytes.length) return -1;
    for (let index = 0; index < length; index++) {
      const unit = path.charCodeAt(index);
      if (unit >= 0x80) {
        const { read, written } = encoder.encodeInto(path, bytes);
        return read === length ? written : -1;
      }
      bytes[index] = unit;
    }
    return length;
  }

  #copyInline(path: Uint8Array): number {
    if (path.length > this.#inlineBytes.length) return -1;
    this.#inlineBytes.set(path);
    return path.length;
  }
}

/** How many of `count` paths from `first` on end at or before `end`. */
function pathsWithin(offsets: Uint32Array, first: number, count: number, end: number): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (offsets[first + middle] <= end) low = middle;
    else high = middle - 1;
  }
  return low;
}
