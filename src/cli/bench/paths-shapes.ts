/** `paths-shapes`: how many workgroups, of how many threads, serve a single path, a hundred and a million: what lookup-shape.ts is chosen by. */
import type { PackedPaths } from "../../paths/contracts.ts";
import { loadNamespaceFile } from "../../paths/file.ts";
import { DevicePathsBackend } from "../../paths/gpu/device-backend.ts";
import { packPaths } from "../../paths/pack.ts";
import { assertTimeLeft, type BenchCase, limitsOf, reportError, reportSamples } from "./context.ts";
import { expectResult, measure } from "./measure.ts";
import { generatedTree, type PathSample } from "./paths-trees.ts";
import { deviceSelection } from "./targets.ts";

const ENTRIES = 1_000_000;
const SIZES = [1, 100, 1_000_000];
const SHAPES = [
  [8, 512],
  [16, 512],
  [32, 256],
  [32, 512],
  [64, 256],
  [132, 128],
  [132, 512],
  [132, 1024],
] as const;

export const pathsShapes: BenchCase = {
  name: "paths-shapes",
  summary: "the lookup kernel with more and fewer workgroups and threads",
  limitMs: 90_000,
  async run(context) {
    const { device, strategy = "auto", entries = ENTRIES } = context.options;
    using tree = await generatedTree(entries);
    const samples = SIZES.map((count) => {
      const sample = tree.sample(count);
      return { sample, packed: packPaths(sample.paths) };
    });
    const table = await loadNamespaceFile(tree.file, {});
    const measureShape = async (workgroups: number, threads: number): Promise<void> => {
      const backend = await DevicePathsBackend.open(table, {
        select: deviceSelection(device),
        strategy,
        shape: {
          workgroupSize: threads,
          residentWorkgroupCount: workgroups,
          boundedWorkgroupCount: workgroups,
        },
      });
      try {
        for (const { sample, packed } of samples) {
          const samplesUs: number[] = [];
          const limits = limitsOf(context, { samplesMin: 3, samplesMax: 5000, budgetMs: 400 });
          await measure(contenderOf(backend, packed, sample), samplesUs, limits, context.signal);
          reportSamples(
            context,
            keyOf(context.caseName, sample.paths.length, workgroups, threads),
            samplesUs,
            {
              expected: "the inode or errno of every path",
              requests: sample.paths.length,
              facts: { strategy: backend.strategyName, workgroups: backend.workgroupCount },
            },
          );
        }
      } finally {
        await backend.close();
      }
    };
    for (const [workgroups, threads] of SHAPES) {
      try {
        assertTimeLeft(context);
        await measureShape(workgroups, threads);
      } catch (error) {
        reportError(context, keyOf(context.caseName, 0, workgroups, threads), error);
      }
    }
  },
};

function keyOf(name: string, count: number, workgroups: number, threads: number) {
  return {
    case: name,
    subject: `${count.toLocaleString("en")} packed`,
    contender: `${workgroups} × ${threads}`,
  };
}

/** A million lie on the device already, so that the kernel is measured and not the way there. */
function contenderOf(backend: DevicePathsBackend, packed: PackedPaths, sample: PathSample) {
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
