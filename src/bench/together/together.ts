/**
 * `together`: several users of one device, and how long each waits.
 *
 *   in one process   a search, a lookup of a hundred paths and a kernel that echoes a word:
 *                    each alone, then beside the others
 *   processes        two and four processes with a search engine each, one query a millisecond
 */
import path from "node:path";
import { fileURLToPath } from "node:url";
import { EverwarpError, type ErrorCode } from "../../base/index.ts";
import { Namespace } from "../../paths/index.ts";
import { openSession, ResidentKernel } from "../../residency/index.ts";
import { struct, u32 } from "../../schema/index.ts";
import { SearchEngine } from "../../search/index.ts";
import { runChild } from "../../threads/index.ts";
import {
  assertTimeLeft,
  type BenchCase,
  type BenchContext,
  limitsOf,
  reportError,
  reportSamples,
  deviceSelection,
} from "../context/index.ts";
import { skip, type Contender, expectResult, measure } from "../measure/index.ts";
import type { GeneratedCorpus } from "../corpora/index.ts";
import type { BesideAnswer, ChildJob } from "../programs/index.ts";

const CORPUS_BYTES = 64 << 20;
const PATHS = 100;
const ANSWER_TIMEOUT_MS = 10_000;
const PROCESS_COUNTS = [2, 4];
const CHILD_MS = 3_000;
const CHILD_TIMEOUT_MS = 60_000;
const ECHO = `#version 460
#include "kernel.glsl"
void perform(uint slot) {
  if (gl_LocalInvocationIndex == 0u) respond(slot, Response(requestAt(slot).value + 1u));
}`;

/** The case `together`. */
export const together: BenchCase = {
  name: "together",
  summary:
    "a search, lookups and a kernel on one device, each alone and beside the others; processes that share a card",
  limitMs: 60_000,
  async run(context) {
    try {
      if (context.options.device === "cpu") throw skip("the host has no card to share");
      const generated = await context.corpora.ofSize(CORPUS_BYTES);
      await inOneProcess(context, generated);
      for (const count of PROCESS_COUNTS) await inProcesses(context, generated, count);
    } catch (error) {
      reportError(context, { case: context.caseName, subject: "all", contender: "device" }, error);
    }
  },
};

/** Something that is asked, and that can be closed. */
interface Asked extends AsyncDisposable {
  readonly subject: string;
  readonly expected: string;
  readonly contender: Contender;
}

async function inOneProcess(context: BenchContext, generated: GeneratedCorpus): Promise<void> {
  const openers = [() => openSearch(context, generated), () => openLookup(context), () => openEcho(context)];
  for (const open of openers) {
    assertTimeLeft(context);
    await using asked = await open();
    await sample(context, asked.subject, "alone", asked.contender, asked.expected);
  }
  const all: Asked[] = [];
  try {
    for (const open of openers) all.push(await open());
    for (const { subject, contender, expected } of all)
      await sample(context, subject, "beside the others", contender, expected);
    const [search, lookup] = all as [Asked, Asked, Asked];
    await sample(context, "a search, then a lookup", "a pair", inTurn([search, lookup]), "both right", 1);
    await sample(context, "a search, a lookup, an echo", "all three", inTurn(all), "all right", 1);
  } finally {
    for (const asked of all.toReversed()) await asked[Symbol.asyncDispose]();
  }
}

function inTurn(all: readonly Asked[]): Contender {
  return {
    async run() {
      for (const { contender } of all) await contender.run();
    },
    check() {
      for (const { contender } of all) contender.check();
    },
  };
}

async function openSearch({ options }: BenchContext, generated: GeneratedCorpus): Promise<Asked> {
  const { strategy = "auto" } = options;
  const engine = await SearchEngine.open({
    corpus: generated.corpus,
    device: deviceSelection(options.device),
    strategy,
  });
  const query = { pattern: generated.rare.pattern, fixedStrings: true };
  let count = 0;
  return {
    subject: "search, 64 MiB, one hit",
    expected: "1 hit",
    contender: {
      run: () => void (count = engine.searchSync(query, { timeoutMs: ANSWER_TIMEOUT_MS }).count),
      check: () => expectResult("hits", count, generated.rare.hits),
    },
    [Symbol.asyncDispose]: () => engine.close(),
  };
}

async function openLookup({ options }: BenchContext): Promise<Asked> {
  const { strategy = "auto" } = options;
  const names = await Namespace.open({ device: deviceSelection(options.device), strategy });
  const inodes: number[] = [];
  const paths: string[] = [];
  for (let file = 0; file < PATHS; file++) {
    const folder = `/folder-${file % 10}`;
    if (file < 10) await names.addDirectory(folder);
    paths.push(`${folder}/file-${file}.c`);
    inodes.push(await names.addFile(`${folder}/file-${file}.c`));
  }
  let found: Awaited<ReturnType<Namespace["lookupBatch"]>> = [];
  return {
    subject: `lookup of ${PATHS} paths`,
    expected: "each path's inode",
    contender: {
      async run() {
        found = await names.lookupBatch(paths);
      },
      check() {
        for (let file = 0; file < PATHS; file++)
          expectResult(paths[file] as string, found[file], inodes[file]);
      },
    },
    [Symbol.asyncDispose]: () => names.close(),
  };
}

async function openEcho({ options }: BenchContext): Promise<Asked> {
  const { strategy = "auto" } = options;
  // On the device that the systems share, as in a program that gives its own device to all.
  const session = await openSession({
    select: deviceSelection(options.device),
    sharesSoftware: strategy === "adaptive",
  });
  const kernel = await ResidentKernel.open({
    device: session.device,
    source: { text: ECHO },
    request: struct("Request", { value: u32 }),
    response: struct("Response", { value: u32 }),
    label: "echo",
    strategy,
  });
  let asked = 0;
  let answered = 0;
  return {
    subject: "echo of one word",
    expected: "the word plus one",
    contender: {
      run: () =>
        void (answered = kernel.callSync({ value: ++asked }, { timeoutMs: ANSWER_TIMEOUT_MS }).value),
      check: () => expectResult("the echo", answered, asked + 1),
    },
    async [Symbol.asyncDispose]() {
      await kernel[Symbol.asyncDispose]();
      session.end();
    },
  };
}

async function sample(
  context: BenchContext,
  subject: string,
  contender: string,
  what: Contender,
  expected: string,
  requests?: number,
): Promise<void> {
  const samplesUs: number[] = [];
  await measure(what, samplesUs, limitsOf(context, { maxSamples: 20_000, budgetMs: 1_000 }), context.signal);
  const key = { case: context.caseName, subject, contender };
  reportSamples(context, key, samplesUs, { expected, ...(requests === undefined ? {} : { requests }) });
}

async function inProcesses(context: BenchContext, generated: GeneratedCorpus, count: number): Promise<void> {
  assertTimeLeft(context);
  const bundle = fileURLToPath(import.meta.url);
  if (!bundle.endsWith(".cjs")) throw skip("only the built command line can start itself: npm run build");
  const { device, strategy = "auto" } = context.options;
  const job: ChildJob = {
    kind: "beside",
    device: deviceSelection(device),
    strategy,
    folder: path.dirname(generated.corpus.files.path(0)),
    pattern: generated.rare.pattern,
    runMs: CHILD_MS,
  };
  const answers = await Promise.all(
    Array.from({ length: count }, async () => {
      const args = [bundle, "bench", "--child", JSON.stringify(job)];
      const text = await runChild(process.execPath, args, CHILD_TIMEOUT_MS);
      const answer = JSON.parse(text) as
        | { found: BesideAnswer }
        | { failure: { code: ErrorCode; message: string } };
      if ("failure" in answer) throw new EverwarpError(answer.failure.code, answer.failure.message);
      return answer.found;
    }),
  );
  for (const [index, { samplesUs, openMs, wrongCount }] of answers.entries()) {
    expectResult("wrong answers", wrongCount, 0);
    reportSamples(
      context,
      {
        case: context.caseName,
        subject: `${count} processes, a query a millisecond`,
        contender: `process ${index + 1}`,
      },
      samplesUs,
      {
        expected: "1 hit",
        facts: {
          "opened in, ms": Math.round(openMs),
          "longest, ms": (Math.max(...samplesUs) / 1000).toFixed(1),
        },
      },
    );
  }
}
