/**
 * A key-value store of counters on the GPU: words are counted in a hash table in device memory.
 *
 *   npx tsx examples/counter.ts [FILE]
 *
 * All threads of the kernel probe the table side by side. It is state: it is there for the next request, after a
 * relaunch, and in a checkpoint.
 */
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { array, Device, EverwarpError, ResidentKernel, struct, u32, u64 } from "everwarp";

const KEY_BYTES_MAX = 16;
const GET = 0;
const ADD = 1;

const Request = struct("Request", { operation: u32, amount: u32, keyBytes: u32, key: array(u32, 4) });
const Response = struct("Response", { count: u64 });

/** Counters by text of at most 16 bytes of UTF-8. */
export class Counters implements AsyncDisposable {
  readonly #kernel: ResidentKernel<typeof Request, typeof Response>;

  private constructor(kernel: ResidentKernel<typeof Request, typeof Response>) {
    this.#kernel = kernel;
  }

  /** @param tableBytes room for the table: 32 bytes a key */
  static async open(device: Device, tableBytes = 1 << 20): Promise<Counters> {
    return new Counters(
      await ResidentKernel.open({
        device,
        source: new URL("counter.comp", import.meta.url),
        request: Request,
        response: Response,
        state: { table: tableBytes },
      }),
    );
  }

  /**
   * Adds to a key's count. @returns the new count @throws EW_KERNEL_FAULT when the table has no room for another key
   */
  async add(key: string, amount = 1): Promise<bigint> {
    const { count } = await this.#kernel.call({ operation: ADD, amount, ...keyWords(key) });
    return count;
  }

  /** @returns a key's count, 0n for a key that was never added to */
  async get(key: string): Promise<bigint> {
    const { count } = await this.#kernel.call({ operation: GET, amount: 0, ...keyWords(key) });
    return count;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#kernel[Symbol.asyncDispose]();
  }
}

function keyWords(key: string): { keyBytes: number; key: number[] } {
  const bytes = new TextEncoder().encode(key);
  if (bytes.length > KEY_BYTES_MAX) {
    throw new EverwarpError("EW_BAD_ARGUMENT", `the key ${JSON.stringify(key)} has ${bytes.length} bytes`, {
      remedy: `A key has at most ${KEY_BYTES_MAX}.`,
    });
  }
  const padded = new Uint8Array(KEY_BYTES_MAX);
  padded.set(bytes);
  return { keyBytes: bytes.length, key: [...new Uint32Array(padded.buffer)] };
}

/** Counts words, and tells which came how often, most frequent first. */
export async function run(
  device: Device,
  options: { words: readonly string[]; tableBytes?: number },
): Promise<[word: string, count: bigint][]> {
  await using counters = await Counters.open(device, options.tableBytes);
  await Promise.all(options.words.map((word) => counters.add(word)));
  const distinct = [...new Set(options.words)];
  const counts = await Promise.all(distinct.map((word) => counters.get(word)));
  return distinct
    .map((word, index): [string, bigint] => [word, counts[index] ?? 0n])
    .toSorted(([, a], [, b]) => (a < b ? 1 : a > b ? -1 : 0));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const text = readFileSync(process.argv[2] ?? new URL(import.meta.url), "utf8");
  const words = (text.match(/\w+/g) ?? []).filter((word) => word.length <= KEY_BYTES_MAX);
  using device = Device.open({ allowSoftware: true });
  for (const [word, count] of (await run(device, { words })).slice(0, 10)) console.log(`${count} ${word}`);
}
