/**
 * `paths [TREE]`: lookups in a namespace on a device and on the host, compared with a Map and with packing
 * alone. The tree is the user's or a generated one.
 *
 * Every result is checked outside the timed part. The rows are those of the table in the documentation.
 */
import { statSync } from "node:fs";
import { EverwarpError } from "../../base/index.ts";
import {
  type PackedPaths,
  DeviceBackend,
  loadNamespaceFile,
  Namespace,
  PathPacker,
  packPaths,
} from "../../paths/index.ts";
import type { StrategyName } from "../../residency/index.ts";
import {
  assertTimeLeft,
  type BenchCase,
  type BenchContext,
  limitsOf,
  reportError,
  reportSamples,
  type RowDetails,
  deviceSelection,
} from "../context/index.ts";
import { skip, type Contender, expectResult, measure } from "../measure/index.ts";
import { type BenchTree, fresh, generatedTree, type PathSample, realTree } from "./trees.ts";

const ENTRIES = 1_000_000;
const BATCH = 100;
const STRINGS = 100_000;
const PACKED = 1_000_000;
const SINGLES = 64;
/** Number of files that are added during lookups, and how many at a time. */
const ADDED = 100_000;
const ADDED_AT_ONCE = 250;
/** Parts of the sample that are looked up in turn, so that the CPU's caches do not contain just one. */
const COPIES = 24;

/** The case `paths`. */
export const paths: BenchCase = {
  name: "paths",
  summary: "lookups of paths (paths [TREE]): single, 100, 100,000 and 1,000,000 at a time",
  limitMs: 110_000,
  async run(context) {
    const { tree, entries = ENTRIES } = context.options;
    if (tree !== undefined && statSync(tree, { throwIfNoEntry: false }) === undefined)
      throw new EverwarpError("EW_BAD_ARGUMENT", `there is no tree ${tree}`, {
        remedy: "Name a tree that exists, or none for a generated tree.",
      });
    context.reporter.progress(`${context.caseName}: making the tree`);
    using made = tree === undefined ? await generatedTree(entries) : await realTree(tree);
    await new PathsRun(context, made).run();
  },
};

class PathsRun {
  readonly #context: BenchContext;
  readonly #tree: BenchTree;
  readonly #million: PathSample;
  readonly #packed: PackedPaths;

  constructor(context: BenchContext, tree: BenchTree) {
    this.#context = context;
    this.#tree = tree;
    this.#million = tree.sample(PACKED);
    this.#packed = packPaths(this.#million.paths);
  }

  async run(): Promise<void> {
    const { device, strategy } = this.#context.options;
    const meanSteps = (this.#million.steps / PACKED).toFixed(2);
    const meanBytes = (this.#packed.bytes.length / PACKED).toFixed(1);
    this.#context.reporter.progress(
      `${this.#context.caseName}: ${this.#tree.name}; ${this.#tree.entryCount} entries, ` +
        `paths of ${meanSteps} components and ${meanBytes} bytes`,
    );
    await this.#packing();
    if (device !== "cpu") {
      await this.#row("all", "device", () => this.#onDevice(strategy ?? "auto"));
      if (strategy === undefined) await this.#row("all", "dispatch", () => this.#oneDispatchEach());
    }
    await this.#row("all", "host", () => this.#onHost());
    await this.#row("all", "Map", () => this.#inMap());
  }

  /** Entries of the tree, and those that are added to it. */
  get #maxEntries(): number {
    return this.#tree.entryCount + ADDED + 1;
  }

  async #row(subject: string, contender: string, body: () => Promise<void>): Promise<void> {
    try {
      assertTimeLeft(this.#context);
      await body();
    } catch (error) {
      reportError(this.#context, { case: this.#context.caseName, subject, contender }, error);
    }
  }

  async #measure(
    subject: string,
    name: string,
    contender: Contender,
    details: Omit<RowDetails, "expected"> & { maxSamples?: number; budgetMs?: number },
  ): Promise<void> {
    const { maxSamples = 3000, budgetMs = 2000, ...rest } = details;
    this.#context.reporter.progress(`${this.#context.caseName}: ${subject} with ${name}`);
    const samplesUs: number[] = [];
    const limits = limitsOf(this.#context, { minSamples: 5, maxSamples, budgetMs });
    await measure(contender, samplesUs, limits, this.#context.signal);
    reportSamples(this.#context, { case: this.#context.caseName, subject, contender: name }, samplesUs, {
      expected: "the inode or errno of every path",
      ...rest,
    });
  }

  /**
   * Looks up the sample's paths [first, first + count), another part each time.
   * @param isHashing use strings that were never hashed. The engine keeps hashes with strings, and paths from
   * outside have none
   */
  #contender(
    count: number,
    look: (paths: string[]) => Promise<ArrayLike<number>>,
    isHashing = false,
  ): Contender {
    const { paths: all, expected } = this.#million;
    const parts = Math.min(COPIES, Math.floor(all.length / count));
    const copy = (part: number): string[] => fresh(all.slice(part * count, (part + 1) * count));
    const copies = Array.from({ length: parts }, (_, part) => copy(part));
    let turn = 0;
    let results: ArrayLike<number> = [];
    return {
      async run() {
        turn = (turn + 1) % parts;
        results = await look(copies[turn]!);
      },
      check() {
        checkResults(results, expected.subarray(turn * count, (turn + 1) * count));
        if (isHashing) copies[turn] = copy(turn);
      },
    };
  }

  #packedContender(look: () => Promise<ArrayLike<number>>): Contender {
    const { expected } = this.#million;
    let results: ArrayLike<number> = [];
    return {
      async run() {
        results = await look();
      },
      check: () => checkResults(results, expected),
    };
  }

  async #packing(): Promise<void> {
    for (const count of [BATCH, STRINGS]) {
      const packer = new PathPacker();
      const contender = this.#contender(count, (strings) => {
        const { offsets } = packer.pack(strings);
        expectResult("packed paths", offsets.length - 1, strings.length);
        return Promise.resolve([]);
      });
      contender.check = () => undefined; // it resolves nothing
      await this.#measure(batchName(count), "packing alone", contender, { requests: count });
    }
  }

  /** The rows of a namespace, for every engine. */
  async #inNamespace(name: string, namespace: Namespace, facts: RowDetails["facts"]): Promise<void> {
    const batch = this.#contender(BATCH, (strings) => namespace.lookupErrno(strings));
    await this.#measure(batchName(BATCH), name, batch, { requests: BATCH, ...(facts && { facts }) });
    const strings = this.#contender(STRINGS, (some) => namespace.lookupErrno(some));
    await this.#measure(batchName(STRINGS), name, strings, { requests: STRINGS });
    const packed = this.#packedContender(() => namespace.lookupPacked(this.#packed));
    await this.#measure("1,000,000 packed", name, packed, { requests: PACKED });
    await this.#singles(name, namespace);
    await this.#whileGrowing(name, namespace);
  }

  /** Lookups one after another while many files are added. Nobody must wait long for a table that grows. */
  async #whileGrowing(name: string, namespace: Namespace): Promise<void> {
    this.#context.reporter.progress(`${this.#context.caseName}: lookups while files are added with ${name}`);
    const { paths: all, expected } = this.#million;
    let isGrown = false;
    const grow = async (): Promise<void> => {
      const directory = await namespace.addDirectory("/files added by the benchmark");
      for (let first = 0; first < ADDED; first += ADDED_AT_ONCE) {
        this.#context.signal.throwIfAborted();
        const adding = Array.from({ length: ADDED_AT_ONCE }, (_, index) =>
          namespace.addFile(`added ${first + index}`, { directory }),
        );
        await Promise.all(adding);
      }
    };
    const growing = grow().finally(() => (isGrown = true));
    growing.catch(() => undefined); // it is awaited below
    const samplesUs: number[] = [];
    for (let index = 0; !isGrown; index = (index + 1) % all.length) {
      if (expected[index]! < 0) continue;
      const begin = performance.now();
      const inode = await namespace.lookup(all[index]!);
      samplesUs.push((performance.now() - begin) * 1000);
      expectResult(all[index]!, inode, expected[index]);
    }
    await growing;
    reportSamples(
      this.#context,
      {
        case: this.#context.caseName,
        subject: `lookup() while ${ADDED.toLocaleString("en")} files are added`,
        contender: name,
      },
      samplesUs,
      {
        expected: "the inode of every path",
        requests: 1,
        facts: {
          "longest ms": (samplesUs.reduce((longest, us) => Math.max(longest, us), 0) / 1000).toFixed(2),
        },
      },
    );
  }

  /** One lookup after another on an idle namespace. Paths that do not exist are left out, because they throw. */
  async #singles(name: string, namespace: Namespace): Promise<void> {
    const { paths: all, expected } = this.#million;
    const found = all.flatMap((_, index) => (expected[index]! > 0 && index < 4 * SINGLES ? [index] : []));
    let turn = 0;
    let inode = 0;
    const contender: Contender = {
      async run() {
        turn = (turn + 1) % found.length;
        inode = await namespace.lookup(all[found[turn]!]!);
      },
      check: () => expectResult(all[found[turn]!]!, inode, expected[found[turn]!]),
    };
    await this.#measure("single lookup()", name, contender, {
      requests: 1,
      maxSamples: 20_000,
      budgetMs: 1000,
    });
  }

  async #onDevice(strategy: StrategyName | "auto"): Promise<void> {
    const select = deviceSelection(this.#context.options.device);
    {
      const begin = performance.now();
      await using namespace = await Namespace.load(this.#tree.file, {
        device: select,
        strategy,
        threads: 0,
        maxEntries: this.#maxEntries,
      });
      const loadMs = performance.now() - begin;
      const { usedBytes, nameBytes } = namespace.stats();
      await this.#inNamespace(namespace.info.strategy, namespace, {
        device: namespace.info.device,
        "load ms": Math.round(loadMs),
        "table bytes an entry, names apart": ((usedBytes - nameBytes) / this.#tree.entryCount).toFixed(1),
      });
    }
    await this.#kept(select, strategy);
  }

  /** Paths that are already on the device. This shows what the kernel itself can do. */
  async #kept(select: string | number, strategy: StrategyName | "auto"): Promise<void> {
    const table = await loadNamespaceFile(this.#tree.file, {});
    const backend = await DeviceBackend.open(table, { select, strategy });
    try {
      using kept = backend.keep(this.#packed);
      const contender = this.#packedContender(() => backend.lookupKept(kept));
      await this.#measure("1,000,000 on the device", backend.strategyName, contender, {
        requests: PACKED,
        facts: {
          workgroups: backend.workgroupCount,
          "device bytes an entry, names apart": (
            (backend.tableBytes - table.stats().nameBytes) /
            this.#tree.entryCount
          ).toFixed(1),
        },
      });
      // The results of the row above were right, and these requests are the same.
      const kernel: Contender = { run: () => backend.resolveKept(kept), check: () => undefined };
      await this.#measure("component steps in it", `${backend.strategyName}, kernel alone`, kernel, {
        requests: this.#million.steps,
      });
    } finally {
      await backend.close();
    }
  }

  /** The baseline: every path of a batch is a dispatch with its own fence. */
  async #oneDispatchEach(): Promise<void> {
    const select = deviceSelection(this.#context.options.device);
    await using namespace = await Namespace.load(this.#tree.file, {
      device: select,
      strategy: "dispatch",
      threads: 0,
    });
    if (namespace.info.kind !== "device") throw skip("there is no device");
    const contender = this.#contender(BATCH, async (strings) => {
      const results: number[] = [];
      for (const text of strings) results.push((await namespace.lookupErrno([text]))[0]!);
      return results;
    });
    await this.#measure(batchName(BATCH), "one dispatch a path", contender, {
      requests: BATCH,
      maxSamples: 200,
    });
  }

  async #onHost(): Promise<void> {
    await using namespace = await Namespace.load(this.#tree.file, {
      device: "cpu",
      maxEntries: this.#maxEntries,
    });
    await this.#inNamespace("host", namespace, { device: namespace.info.device });
  }

  /** A Map from full path to inode, asked with new strings. */
  async #inMap(): Promise<void> {
    const { paths: all, expected } = this.#million;
    const map = new Map<string, number>();
    for (let index = 0; index < all.length; index++)
      if (expected[index]! > 0) map.set(all[index]!, expected[index]!);
    for (const count of [BATCH, STRINGS]) {
      const look = (strings: string[]): Promise<number[]> =>
        Promise.resolve(strings.map((text) => map.get(text) ?? -2));
      await this.#measure(batchName(count), "Map", this.#contender(count, look, true), {
        requests: count,
        maxSamples: count === BATCH ? 1000 : COPIES,
      });
    }
  }
}

function batchName(count: number): string {
  return `${count.toLocaleString("en")} strings`;
}

/** @throws EW_BENCH_WRONG_RESULT with the first wrong result */
function checkResults(results: ArrayLike<number>, expected: Int32Array): void {
  expectResult("results", results.length, expected.length);
  for (let index = 0; index < expected.length; index++)
    if (results[index] !== expected[index]) expectResult(`path ${index}`, results[index], expected[index]);
}
