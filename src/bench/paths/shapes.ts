/**
 * `paths-shapes`: how many workgroups of how many threads are best for one path, a hundred and a million, and
 * up to how many paths subgroups should resolve together. lookup-shape.ts uses the results.
 */
import {
  type PackedPaths,
  loadNamespaceFile,
  DeviceBackend,
  type LookupShape,
  packPaths,
} from "../../paths/index.ts";
import {
  assertTimeLeft,
  type BenchCase,
  limitsOf,
  reportError,
  reportSamples,
  deviceSelection,
} from "../context/index.ts";
import { skip, expectResult, measure } from "../measure/index.ts";
import type { RowKey } from "../report/index.ts";
import { generatedTree, type PathSample } from "./trees.ts";

const ENTRIES = 1_000_000;
const LAYOUT_SIZES = [1, 100, 1_000_000];
const LAYOUTS = [
  [8, 512],
  [16, 512],
  [32, 256],
  [32, 512],
  [64, 256],
  [132, 128],
  [132, 256],
  [132, 512],
  [132, 1024],
] as const;
const TOGETHER_SIZES = [1, 100, 1_000, 10_000];
/**
 * Number of paths that a subgroup resolves with all its lanes, one after another, before each lane takes its
 * own.
 */
const TOGETHER = [0, 1, 8] as const;

/** A shape of the kernel, and the batches that show its effect. */
interface Contest {
  readonly contender: string;
  readonly shape: Partial<LookupShape>;
  readonly sizes: readonly number[];
}

const CONTESTS: readonly Contest[] = [
  ...LAYOUTS.map(([workgroups, threads]) => ({
    contender: `${workgroups} × ${threads}`,
    shape: {
      workgroupSize: threads,
      residentWorkgroupCount: workgroups,
      boundedWorkgroupCount: workgroups,
    },
    sizes: LAYOUT_SIZES,
  })),
  ...TOGETHER.map((togetherPathsMax) => ({
    contender: togetherPathsMax === 0 ? "a lane each" : `together ≤ ${togetherPathsMax}`,
    shape: { togetherPathsMax },
    sizes: TOGETHER_SIZES,
  })),
];

/** The case `paths-shapes`. */
export const pathsShapes: BenchCase = {
  name: "paths-shapes",
  summary: "the lookup kernel with more and fewer workgroups and threads, and with lanes apart and together",
  limitMs: 90_000,
  async run(context) {
    const { device, strategy = "auto", entries = ENTRIES } = context.options;
    using tree = await generatedTree(entries);
    const samples = new Map(
      [...new Set([...LAYOUT_SIZES, ...TOGETHER_SIZES])].map((count) => {
        const sample = tree.sample(count);
        return [count, { sample, packed: packPaths(sample.paths) }];
      }),
    );
    const table = await loadNamespaceFile(tree.file, {});
    const measureShape = async ({ contender, shape, sizes }: Contest): Promise<void> => {
      const backend = await DeviceBackend.open(table, {
        select: deviceSelection(device),
        strategy,
        shape,
      });
      try {
        const { togetherPathsMax, workgroupSize } = backend.shape;
        if (togetherPathsMax > 0 && backend.profile.loopLimit !== undefined)
          throw skip("where a driver limits loops, subgroups do not resolve paths together");
        for (const size of sizes) {
          const { sample, packed } = samples.get(size)!;
          const samplesUs: number[] = [];
          const limits = limitsOf(context, { minSamples: 3, maxSamples: 5000, budgetMs: 400 });
          await measure(contenderOf(backend, packed, sample), samplesUs, limits, context.signal);
          reportSamples(context, keyOf(context.caseName, size, contender), samplesUs, {
            expected: "the inode or errno of every path",
            requests: size,
            facts: {
              strategy: backend.strategyName,
              workgroups: backend.workgroupCount,
              threads: workgroupSize,
              togetherPathsMax,
            },
          });
        }
      } finally {
        await backend.close();
      }
    };
    for (const contest of CONTESTS) {
      try {
        assertTimeLeft(context);
        await measureShape(contest);
      } catch (error) {
        reportError(context, keyOf(context.caseName, 0, contest.contender), error);
      }
    }
  },
};

function keyOf(name: string, count: number, contender: string): RowKey {
  return { case: name, subject: `${count.toLocaleString("en")} packed`, contender };
}

/** Larger batches are already on the device, so that the kernel is measured and not the transfer. */
function contenderOf(backend: DeviceBackend, packed: PackedPaths, sample: PathSample) {
  const kept = sample.paths.length > 100 ? backend.keep(packed) : undefined;
  let results: ArrayLike<number> = [];
  return {
    async run() {
      results = kept === undefined ? await backend.lookup(packed) : await backend.lookupKept(kept);
    },
    check() {
      for (let index = 0; index < sample.expected.length; index++)
        if (results[index] !== sample.expected[index])
          expectResult(`path ${index}`, results[index], sample.expected[index]);
    },
  };
}
