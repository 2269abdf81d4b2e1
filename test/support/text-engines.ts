/** Engines over a tree, each of which must find the same: one of this process that loads anew, and a daemon's. */
import { packageVersion } from "../../src/base/version.ts";
import { readArguments } from "../../src/cli/commands/search.ts";
import { ResidentSearch } from "../../src/cli/serving/index.ts";
import { connect, type ConnectOptions, Corpus, SearchEngine, type TextEngine } from "../../src/index.ts";
import { DaemonServer, ResidentTrees, runtimeFolder } from "../../src/daemon/index.ts";
import type { TextHits } from "../../src/search/index.ts";

/** Opens an engine that has just loaded a tree. */
export async function loadedEngine({
  paths = [],
  ...options
}: Omit<ConnectOptions, "daemon">): Promise<SearchEngine> {
  const corpus = await Corpus.list(paths, options);
  return SearchEngine.open({ corpus, device: "cpu", threads: 2, index: false });
}

/** A daemon in this process, at the place that its environment names. */
export async function servedTrees(
  trees: readonly string[],
  version = packageVersion(),
): Promise<AsyncDisposable> {
  const resident = await ResidentTrees.open({ device: "cpu", threads: 2 });
  const service = new ResidentSearch(resident, readArguments);
  const server = await DaemonServer.open({
    at: runtimeFolder(process.env),
    version,
    trees,
    service,
    onFault: (error) => {
      throw error;
    },
  });
  return { [Symbol.asyncDispose]: () => server.close() };
}

/** How each engine comes to a tree. Only the first has to be opened again when the tree has changed. */
export const TEXT_ENGINES: Readonly<Record<string, (options: ConnectOptions) => Promise<TextEngine>>> = {
  "an engine of this process": loadedEngine,
  "a daemon's": connect,
};

/** All that hits say, in their order. */
export function toldHits(hits: TextHits): unknown[] {
  return Array.from({ length: hits.count }, (_, index) => [
    hits.path(index),
    hits.line[index],
    hits.column[index],
    hits.offset[index],
    hits.length[index],
    lineOf(hits, index),
  ]);
}

function lineOf(hits: TextHits, index: number): string {
  try {
    return hits.lineText(index);
  } catch (error) {
    return `${(error as { code?: string }).code}`;
  }
}
