/** The memory of all instances on a device, and copies between it and the host. */
import { type Device, type DeviceBuffer, type ComputePipeline } from "../../vulkan/index.ts";
import { Machine, StateCell, WasmCopy } from "../form/index.ts";
import { PAGE_BYTES } from "../module/index.ts";
import type { Program, StoreImage } from "../store/index.ts";
import { type Geometry, partsOf } from "./geometry.ts";

/** The kernels that copy. */
export interface CopyPipelines {
  readonly give: ComputePipeline;
  readonly collect: ComputePipeline;
}

/** Elements of one instance. */
export type ElementKind = "slots" | "cells";

/** Workgroups in y that a dispatch has at most. */
const ROWS_MAX = 32_768;

/** The memory of instances that share buffers. */
export interface MemoryPart {
  readonly firstInstance: number;
  readonly instanceCount: number;
  readonly slots: DeviceBuffer;
  readonly cells: DeviceBuffer;
}

/** See the head of this file. */
export class LaneMemory implements Disposable {
  /** In the order of their instances. */
  readonly parts: readonly MemoryPart[];
  readonly #device: Device;
  readonly #pipelines: CopyPipelines;
  readonly #geometry: Geometry;
  readonly #program: Program;
  readonly #buffers: DeviceBuffer[] = [];

  constructor(device: Device, pipelines: CopyPipelines, program: Program, geometry: Geometry) {
    this.#device = device;
    this.#pipelines = pipelines;
    this.#geometry = geometry;
    this.#program = program;
    const parts: MemoryPart[] = [];
    const create = (sizeBytes: number, label: string): DeviceBuffer => {
      const buffer = device.createBuffer({ role: "device", sizeBytes, label });
      this.#buffers.push(buffer);
      return buffer;
    };
    try {
      for (const { firstInstance, instanceCount, slotBytes, cellBytes } of partsOf(geometry)) {
        const slots = create(slotBytes, "wasm registers");
        parts.push({ firstInstance, instanceCount, slots, cells: create(cellBytes, "wasm memories") });
      }
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
    this.parts = parts;
  }

  [Symbol.dispose](): void {
    for (const buffer of this.#buffers.splice(0).toReversed()) buffer[Symbol.dispose]();
  }

  /** Gives every instance the same contents. All instances are idle then. */
  async load(image: StoreImage): Promise<void> {
    await this.#device.runAsync((recorder) => {
      for (const buffer of this.#buffers) recorder.fill(buffer, 0, buffer.sizeBytes, 0);
      recorder.barrier("transfer", "compute");
    });
    const { instanceCount } = this.#geometry;
    const { memoryCells, tableCells } = this.#program;
    const everywhere = { firstInstance: 0, instanceCount };
    const sizes = [
      ...image.memories.map(({ bytes }) => bytes.length / PAGE_BYTES),
      ...image.tables.map(({ elements }) => elements.length),
      ...image.dropped.map(Number),
    ];
    await this.give("cells", StateCell.SIZES, Uint32Array.from(sizes), everywhere);
    for (const [index, { elements }] of image.tables.entries())
      await this.give("cells", tableCells[index]!, Uint32Array.from(elements), everywhere);
    for (const [index, { bytes }] of image.memories.entries()) {
      const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
      await this.give("cells", memoryCells[index]!, withoutZeros(words), everywhere);
    }
    const { globals } = image;
    await this.give(
      "slots",
      0,
      new Uint32Array(globals.buffer, globals.byteOffset, globals.length * 2),
      everywhere,
    );
  }

  /** What an instance contains now. */
  async save(instance: number): Promise<StoreImage> {
    const { memoryCells, tableCells, globalSlots, segments } = this.#program;
    const memoryCount = memoryCells.length;
    const tableCount = tableCells.length;
    const sizes = await this.collect(
      "cells",
      StateCell.SIZES,
      memoryCount + tableCount + segments.length,
      instance,
    );
    const memories: { bytes: Uint8Array }[] = [];
    for (const [index, at] of memoryCells.entries()) {
      const words = await this.collect("cells", at, (sizes[index]! * PAGE_BYTES) / 4, instance);
      memories.push({ bytes: new Uint8Array(words.buffer) });
    }
    const tables: { elements: number[] }[] = [];
    for (const [index, at] of tableCells.entries())
      tables.push({
        elements: [...(await this.collect("cells", at, sizes[memoryCount + index]!, instance))],
      });
    const globals = await this.collect("slots", 0, globalSlots, instance);
    return {
      memories,
      tables,
      globals: new BigUint64Array(globals.buffer),
      dropped: [...sizes.subarray(memoryCount + tableCount)].map((word) => word !== 0),
    };
  }

  /** The sizes of an instance's memories in pages, then of its tables in elements. */
  async sizes(instance: number): Promise<Uint32Array> {
    const { memoryCells, tableCells } = this.#program;
    return this.collect("cells", StateCell.SIZES, memoryCells.length + tableCells.length, instance);
  }

  /** Bytes of a memory of an instance. The range lies within it. */
  async readBytes(memory: number, instance: number, offset: number, length: number): Promise<Uint8Array> {
    const { firstCell, cellCount } = this.#cellsOf(memory, offset, length);
    const words = await this.collect("cells", firstCell, cellCount, instance);
    return new Uint8Array(words.buffer, offset % 4, length);
  }

  /** Writes bytes into a memory of an instance. The range lies within it. */
  async writeBytes(memory: number, instance: number, offset: number, bytes: Uint8Array): Promise<void> {
    const { firstCell, cellCount } = this.#cellsOf(memory, offset, bytes.length);
    // The first and the last cell may have bytes that stay.
    const words = await this.collect("cells", firstCell, cellCount, instance);
    new Uint8Array(words.buffer).set(bytes, offset % 4);
    await this.give("cells", firstCell, words, { firstInstance: instance, instanceCount: 1 });
  }

  #cellsOf(memory: number, offset: number, length: number): { firstCell: number; cellCount: number } {
    const first = Math.floor(offset / 4);
    const cellCount = length === 0 ? 0 : Math.ceil((offset + length) / 4) - first;
    return { firstCell: this.#program.memoryCells[memory]! + first, cellCount };
  }

  /** Stores the same elements in a range of instances. @param words 1 for a cell, 2 for a slot */
  async give(
    kind: ElementKind,
    firstElement: number,
    words: Uint32Array,
    range: { firstInstance: number; instanceCount: number },
  ): Promise<void> {
    if (words.length === 0) return;
    using list = this.#device.createBuffer({
      role: "upload",
      sizeBytes: words.byteLength,
      label: "wasm copy",
    });
    new Uint32Array(list.host).set(words);
    await this.#copy(this.#pipelines.give, kind, list, { firstElement, words: words.length, ...range });
  }

  /** Fetches elements of one instance. @returns 1 word for a cell, 2 for a slot */
  async collect(
    kind: ElementKind,
    firstElement: number,
    count: number,
    instance: number,
  ): Promise<Uint32Array<ArrayBuffer>> {
    const words = new Uint32Array(count * wordsOf(kind));
    if (count === 0) return words;
    using list = this.#device.createBuffer({
      role: "readback",
      sizeBytes: words.byteLength,
      label: "wasm copy",
    });
    await this.#copy(this.#pipelines.collect, kind, list, {
      firstElement,
      words: words.length,
      firstInstance: instance,
      instanceCount: 1,
    });
    words.set(new Uint32Array(list.host));
    return words;
  }

  async #copy(
    pipeline: ComputePipeline,
    kind: ElementKind,
    list: DeviceBuffer,
    range: { firstElement: number; words: number; firstInstance: number; instanceCount: number },
  ): Promise<void> {
    const elementWords = wordsOf(kind);
    const { laneShift, slotsPerInstance, cellsPerInstance } = this.#geometry;
    const { firstElement } = range;
    const count = range.words / elementWords;
    const step = ROWS_MAX * Machine.COPY_ELEMENTS;
    await this.#device.runAsync((recorder) => {
      recorder.bind(pipeline);
      for (const part of this.parts) {
        const firstInstance = Math.max(range.firstInstance - part.firstInstance, 0);
        const end = range.firstInstance + range.instanceCount - part.firstInstance;
        const instanceCount = Math.min(end, part.instanceCount) - firstInstance;
        if (instanceCount <= 0) continue;
        for (let done = 0; done < count; done += step) {
          const elementCount = Math.min(step, count - done);
          const launch = WasmCopy.pack({
            list: list.address + BigInt(done * elementWords * 4),
            memory: part[kind].address,
            firstInstance,
            instanceCount,
            laneShift,
            elementsPerInstance: kind === "slots" ? slotsPerInstance : cellsPerInstance,
            firstElement: firstElement + done,
            elementCount,
            elementWords,
          });
          recorder.push(launch);
          recorder.dispatch(
            Math.ceil(instanceCount / Machine.WORKGROUP_SIZE),
            Math.ceil(elementCount / Machine.COPY_ELEMENTS),
          );
        }
      }
      recorder.barrier("compute", "all");
    });
  }
}

function wordsOf(kind: ElementKind): number {
  return kind === "slots" ? 2 : 1;
}

/** The words up to the last one that is not zero: memory begins as zeros. */
function withoutZeros(words: Uint32Array): Uint32Array {
  let end = words.length;
  while (end > 0 && words[end - 1] === 0) end--;
  return words.subarray(0, end);
}
