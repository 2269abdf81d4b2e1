/** Sinks that corpora are loaded into, and what must hold in them. */
import koffi from "koffi";
import { expect } from "vitest";
import type { CorpusSink, Placement, Position, SinkWindow } from "../../src/search/corpus/index.ts";
import type { HostSink } from "../../src/search/host/host-sink.ts";

const allocate = koffi.load(null).func("void* calloc(size_t count, size_t size)");
const release = koffi.load(null).func("void free(void* memory)");

/**
 * A sink like a device's: small staging windows at plain addresses, copied to "device memory" at the commit. Windows
 * are given out late, and only a few at a time. Uncommitted data is lost.
 */
export class FakeDeviceSink implements CorpusSink {
  readonly chunkBytes: number;
  readonly maxPlaceBytes: number;
  readonly device: Buffer[] = [];
  finished = false;
  #usedBytes = 0;
  readonly #segmentBytes: number;
  readonly #stagingBytes: number;
  readonly #staging: { pointer: unknown; address: bigint }[] = [];
  readonly #waiting: (() => void)[] = [];
  readonly #open = new Map<bigint, { pointer: unknown; address: bigint }>();

  constructor(segmentBytes: number, chunkBytes: number, windows = 3) {
    this.chunkBytes = chunkBytes;
    this.#segmentBytes = segmentBytes;
    this.#stagingBytes = chunkBytes;
    this.maxPlaceBytes = segmentBytes;
    for (let index = 0; index < windows; index++) {
      const pointer: unknown = allocate(1, this.#stagingBytes);
      this.#staging.push({ pointer, address: koffi.address(pointer) });
    }
  }

  reserve(lengthBytes: number): Position {
    expect(lengthBytes % 16).toBe(0);
    if (this.device.length === 0 || this.#usedBytes + lengthBytes > this.#segmentBytes) {
      this.device.push(Buffer.alloc(this.#segmentBytes, 0xee));
      this.#usedBytes = 0;
    }
    const position = { segment: this.device.length - 1, offsetBytes: this.#usedBytes };
    this.#usedBytes += lengthBytes;
    return position;
  }

  async open({ segment, offsetBytes }: Position, lengthBytes: number): Promise<SinkWindow> {
    await new Promise(setImmediate);
    while (this.#staging.length === 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    const staging = this.#staging.pop()!;
    this.#open.set(staging.address, staging);
    const length = Math.min(lengthBytes, this.#stagingBytes);
    return {
      segment,
      offsetBytes,
      lengthBytes: length,
      memory: { kind: "address", address: staging.address },
    };
  }

  commit({ segment, offsetBytes, memory }: SinkWindow, usedBytes: number): void {
    expect(usedBytes % 16).toBe(0);
    if (memory.kind !== "address") throw new Error("not this sink's window");
    const staging = this.#open.get(memory.address);
    expect(staging, "a window is committed once").toBeDefined();
    this.#open.delete(memory.address);
    this.device[segment]!.set(new Uint8Array(koffi.view(staging!.pointer, usedBytes)), offsetBytes);
    this.#staging.push(staging!);
    this.#waiting.shift()?.();
  }

  async finish(): Promise<void> {
    expect(this.#open.size).toBe(0);
    for (const { pointer } of this.#staging) release(pointer);
    this.finished = true;
  }
}

/** The content of a file in a sink. */
export function contentIn(segments: readonly Uint8Array[], placement: Placement, file: number): Buffer {
  const { segment, start, length } = placement;
  return Buffer.from(segments[segment[file]!]?.subarray(start[file], start[file]! + length[file]!) ?? []);
}
/** The host's segments as bytes. */
export const hostSegments = (sink: HostSink): Uint8Array[] =>
  sink.segments.map(({ buffer }) => new Uint8Array(buffer));

/** Checks all promises of the layout. */
export function checkLayout(segments: readonly Uint8Array[], placement: Placement): void {
  const { files, segment, start, length, units } = placement;
  const taken: { segment: number; from: number; to: number; file: number }[] = [];
  for (let file = 0; file < files.fileCount; file++) {
    if (length[file] === 0) continue;
    expect(start[file]! % 16).toBe(0);
    const end = start[file]! + length[file]!;
    const paddedEnd = 16 * Math.floor(end / 16 + 1);
    expect([...segments[segment[file]!]!.subarray(end, paddedEnd)]).toEqual(Array(paddedEnd - end).fill(10));
    taken.push({ segment: segment[file]!, from: start[file]!, to: paddedEnd, file });
  }
  taken.sort((a, b) => a.segment - b.segment || a.from - b.from);
  for (const [index, it] of taken.entries()) {
    const next = taken[index + 1];
    if (next?.segment === it.segment) expect(it.to).toBeLessThanOrEqual(next.from);
  }
  // Every byte of every file is a start in exactly one unit. Units are in the order of files.
  const starts = taken.map(({ file }) => ({ file, bytes: 0 }));
  const byFile = new Map(starts.map((it) => [it.file, it]));
  for (let unit = 0; unit < units.count; unit++) {
    if (unit > 0) expect(units.firstFile[unit]).toBeGreaterThanOrEqual(units.lastFile[unit - 1]!);
    for (let file = units.firstFile[unit]!; file <= units.lastFile[unit]!; file++) {
      const known = byFile.get(file);
      if (!known) continue;
      expect(segment[file]).toBe(units.segment[unit]);
      const from = Math.max(start[file]!, units.start[unit]!);
      const to = Math.min(start[file]! + length[file]!, units.startEnd[unit]!);
      known.bytes += Math.max(0, to - from);
      expect(start[file]! + length[file]!).toBeLessThanOrEqual(units.end[unit]!);
    }
  }
  for (const { file, bytes } of starts) expect(bytes).toBe(length[file]);
}
