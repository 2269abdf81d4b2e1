/** One device for the tables of many small namespaces, one after the other. */
import { PathTable } from "../../src/paths/table/table.ts";
import type { LookupOptions } from "../../src/paths/lookup/contracts.ts";
import type { PackedPaths } from "../../src/paths/lookup/pack.ts";
import type { TableEdits } from "../../src/paths/table/image.ts";
import { DeviceBackend, type DeviceBackendOptions } from "../../src/paths/gpu/device-backend.ts";
import type { Ask } from "./path-grounds.ts";
import { isValidated, testDeviceInfo } from "./vulkan.ts";

/**
 * A device and the image that it mirrors; tables are copied into that image, which stays the device's own. What the kernel remembers (guesses) outlives them: a table that
 * comes after another one meets wrong ones from the first lookup on.
 */
export class PathDevice implements AsyncDisposable {
  readonly backend: DeviceBackend;
  readonly #image: PathTable;

  private constructor(backend: DeviceBackend, image: PathTable) {
    this.backend = backend;
    this.#image = image;
  }

  /** @param maxEntries of the largest table that will be shown */
  static async open(options: DeviceBackendOptions = {}, maxEntries = 20_000): Promise<PathDevice> {
    const image = new PathTable({ maxEntries });
    const backend = await DeviceBackend.open(image, {
      select: testDeviceInfo().index,
      validation: isValidated,
      ...options,
    });
    return new PathDevice(backend, image);
  }

  /** Puts another table in the place of the one before. */
  async show(table: PathTable): Promise<void> {
    const { words } = this.#image;
    const cleared = this.#image.regions().flatMap(({ begin, end }) => [begin, end]);
    for (let at = 0; at < cleared.length; at += 2) words.fill(0, cleared[at], cleared[at + 1]);
    const clearing = this.backend.apply({ runs: Uint32Array.from(cleared) });
    const copied = table.regions().flatMap(({ begin, end }) => [begin, end]);
    table.takeEdits();
    await Promise.all([clearing, this.#copy(table, { runs: Uint32Array.from(copied) })]);
  }

  /** Mirrors what was changed in the table that is shown. */
  follow(table: PathTable): Promise<void> {
    return this.#copy(table, table.takeEdits());
  }

  lookup(paths: PackedPaths, options: LookupOptions = {}): Promise<Int32Array> {
    return this.backend.lookup(paths, options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.backend.close();
  }

  #copy(table: PathTable, edits: TableEdits): Promise<void> {
    const { runs } = edits;
    for (let at = 0; at < runs.length; at += 2)
      this.#image.words.set(table.words.subarray(runs[at], runs[at + 1]), runs[at]);
    return this.backend.apply(edits);
  }
}

/** Looks paths up in batches of the given sizes, over and over, all of them in flight at once. */
export function inPieces(ask: Ask, sizes: readonly number[]): Ask {
  return async ({ bytes, offsets }, options) => {
    const count = offsets.length - 1;
    const results = new Int32Array(count);
    const waits: Promise<void>[] = [];
    for (let first = 0, turn = 0; first < count; turn++) {
      const begin = first;
      const end = Math.min(count, begin + sizes[turn % sizes.length]!);
      const piece = { bytes, offsets: offsets.subarray(begin, end + 1) };
      waits.push(ask(piece, options).then((found) => results.set(found, begin)));
      first = end;
    }
    await Promise.all(waits);
    return results;
  };
}
