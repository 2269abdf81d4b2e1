/**
 * `wasm/programs`: small programs in many instances at once, on the device, on the host engine, and in V8 with nothing
 * added on all cores. `wasm/call`: what an empty call and the making of instances cost. `wasm/coremark FILE`: CoreMark
 * in every instance, from a module that the user names.
 *
 * Every result of a program is compared with one that TypeScript computed, outside the timed part.
 */
import { readFile } from "node:fs/promises";
import { EverwarpError } from "../../base/index.ts";
import {
  assertTimeLeft,
  type BenchCase,
  type BenchContext,
  limitsOf,
  reportError,
  reportSamples,
} from "../context/index.ts";
import { type Contender, measureInTurn } from "../measure/index.ts";
import { summarize } from "../report/index.ts";
import {
  type AnyFleet,
  coremarkContender,
  type FleetMaker,
  fleetMakers,
  type FleetPlan,
  openDevice,
  programContender,
} from "./fleets.ts";
import { PROGRAMS, type ProgramSize } from "./programs.ts";

/** Instances and work on a GPU, and where the host's cores do everything. */
const SIZES: Readonly<Record<keyof typeof PROGRAMS, Readonly<Record<"gpu" | "cores", ProgramSize>>>> = {
  gimli: { gpu: { instances: 131_072, work: 4 }, cores: { instances: 512, work: 1 } },
  mandelbrot: { gpu: { instances: 261_121, work: 4 }, cores: { instances: 1024, work: 1 } },
  csv: { gpu: { instances: 131_072, work: 8 }, cores: { instances: 512, work: 1 } },
  json: { gpu: { instances: 16_384, work: 32 }, cores: { instances: 64, work: 1 } },
};
const COREMARK_INSTANCES = { gpu: 262_144, cores: 16 };
/** What CoreMark does by the clock that it gets here: ten iterations to see how long they take, and ten more. */
const COREMARK_ITERATIONS = 20;
/** Instructions that an iteration of `coremark-minimal.wasm` executes. */
const COREMARK_OPS = 743_150;
const LAUNCHES = [1000, 10_000, 100_000];

/** A contender that is open. */
interface Lane {
  readonly name: string;
  readonly fleet: AnyFleet;
  readonly instances: number;
  readonly contender: Contender;
  readonly samplesUs: number[];
}

/** What is measured. */
interface Subject {
  readonly name: string;
  readonly plan: FleetPlan;
  readonly expected: string;
  readonly maxSamples: number;
  readonly contend: (fleet: AnyFleet, instances: number) => Contender | Promise<Contender>;
  /** Operations of WebAssembly that an instance executes, if that is known. */
  readonly operations?: number;
}

/** The case `wasm/programs`. */
const programs: BenchCase = {
  name: "wasm/programs",
  summary: "programs in WebAssembly in many instances, beside V8 on all cores",
  limitMs: 300_000,
  async run(context) {
    using under = openDevice(context);
    for (const name of Object.keys(PROGRAMS) as (keyof typeof PROGRAMS)[]) {
      const usual = SIZES[name][under.workers];
      const size = { ...usual, instances: context.options.instances ?? usual.instances };
      const program = PROGRAMS[name](size);
      await inTurn(context, fleetMakers(under), {
        name: program.name,
        plan: { ...program, instances: size.instances },
        expected: "what TypeScript computes",
        maxSamples: 30,
        contend: (fleet, instances) =>
          programContender(PROGRAMS[name]({ ...size, instances }), instances, fleet),
      });
    }
  },
};

/** The case `wasm/call`. */
const call: BenchCase = {
  name: "wasm/call",
  summary: "an empty call of one instance of WebAssembly, and the making of many instances",
  limitMs: 120_000,
  async run(context) {
    using under = openDevice(context);
    const empty = PROGRAMS.mandelbrot({ instances: 1, work: 0 });
    const plan = { ...empty, instances: 1 };
    await inTurn(context, fleetMakers(under), {
      name: "a call of one instance that does nothing",
      plan,
      expected: "0",
      maxSamples: 3000,
      contend: (fleet) => programContender(empty, 1, fleet),
    });
    for (const instances of LAUNCHES)
      for (const maker of fleetMakers(under).filter(({ name }) => name !== "V8" && name !== "compiled"))
        await measureOpening(context, maker, { ...plan, instances });
  },
};

/** The case `wasm/coremark`. */
const coremark: BenchCase = {
  name: "wasm/coremark",
  summary: "CoreMark in many instances, beside V8 on all cores (wasm/coremark FILE)",
  limitMs: 300_000,
  async run(context) {
    using under = openDevice(context);
    const { tree: file, instances = COREMARK_INSTANCES[under.workers] } = context.options;
    if (file === undefined)
      throw new EverwarpError("EW_BAD_ARGUMENT", "wasm/coremark needs a file, as coremark-minimal.wasm", {
        remedy: "Name it after the case: everwarp bench wasm/coremark FILE.",
      });
    const binary = new Uint8Array(await readFile(file));
    await inTurn(context, fleetMakers(under), {
      name: `CoreMark, ${COREMARK_ITERATIONS} iterations`,
      plan: { binary, instances, pages: 1 },
      expected: "a score in each instance",
      maxSamples: 10,
      contend: (fleet, count) => coremarkContender(count, fleet),
      operations: COREMARK_ITERATIONS * COREMARK_OPS,
    });
  },
};

/** The cases of WebAssembly. */
export const WASM_CASES: readonly BenchCase[] = [programs, call, coremark];

/** Measures all makers in turn, on fleets that are all open. One that cannot be opened has a row without times. */
async function inTurn(
  context: BenchContext,
  makers: readonly FleetMaker[],
  { name: subject, plan, expected, maxSamples, contend, operations }: Subject,
): Promise<void> {
  const keyOf = (contender: string) => ({ case: context.caseName, subject, contender });
  const lanes: Lane[] = [];
  try {
    for (const { name, maxInstances, open } of makers) {
      try {
        assertTimeLeft(context);
        context.reporter.progress(`${context.caseName}: ${subject} with ${name}`);
        const instances = Math.min(plan.instances, maxInstances);
        const fleet = await open({ ...plan, instances });
        lanes.push({ name, fleet, instances, contender: await contend(fleet, instances), samplesUs: [] });
      } catch (error) {
        reportError(context, keyOf(name), error);
      }
    }
    await measureInTurn(
      lanes.map(({ contender }) => contender),
      lanes.map(({ samplesUs }) => samplesUs),
      limitsOf(context, { minSamples: 3, maxSamples, budgetMs: 12_000 }),
      context.signal,
    );
    for (const { name, fleet, instances, samplesUs } of lanes) {
      const rate = ((operations ?? 0) * instances) / summarize(samplesUs).p50Us / 1000;
      reportSamples(context, keyOf(name), samplesUs, {
        expected,
        requests: instances,
        facts: {
          instances,
          ...fleet.facts,
          ...(operations !== undefined && { "G operations/s": Number(rate.toPrecision(3)) }),
        },
      });
    }
  } catch (error) {
    for (const { name } of lanes) reportError(context, keyOf(name), error);
  } finally {
    for (const { fleet } of lanes) await fleet[Symbol.asyncDispose]();
  }
}

/** Measures how long instances take to be made, after the module was compiled once. */
async function measureOpening(
  context: BenchContext,
  { name, open }: FleetMaker,
  plan: FleetPlan,
): Promise<void> {
  const { instances } = plan;
  const key = {
    case: context.caseName,
    subject: `${instances} instances of one page, made`,
    contender: name,
  };
  try {
    assertTimeLeft(context);
    const samplesUs: number[] = [];
    const once = async (): Promise<number> => {
      const begin = performance.now();
      const fleet = await open(plan);
      const timeMs = performance.now() - begin;
      await fleet[Symbol.asyncDispose]();
      return timeMs;
    };
    await once();
    const { maxSamples } = limitsOf(context, { maxSamples: 7, budgetMs: Infinity });
    while (samplesUs.length < maxSamples) samplesUs.push((await once()) * 1000);
    reportSamples(context, key, samplesUs, { expected: "they are there", facts: { instances } });
  } catch (error) {
    reportError(context, key, error);
  }
}
