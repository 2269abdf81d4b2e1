/** Reads a corpus into the memory of a backend. */
import type { Backend, LoadOptions } from "../backend/index.ts";
import { type Corpus, worthyThreads } from "../corpus/index.ts";
import { EngineCorpus } from "./engine-corpus.ts";

/**
 * Reads a corpus into the memory of a backend.
 * @param threads loader threads at most; default: as many as pay
 * @param uses what the corpus will be asked for
 * @param copy the corpus as the host's threads hold it already
 * @throws as `Backend.load`
 */
export async function loadCorpus(
  backend: Backend,
  corpus: Corpus,
  threads: number | undefined,
  { automata = true, index = true, ...limits }: Omit<LoadOptions, "threads" | "from"> = {},
  copy?: EngineCorpus,
): Promise<EngineCorpus> {
  // A limit on threads is a limit on loading too, but few files are still read on this thread.
  const loadThreads = threads === undefined ? undefined : Math.min(threads, worthyThreads(corpus.files));
  const loaded = await backend.load(corpus, {
    ...limits,
    automata,
    index,
    ...(loadThreads === undefined ? {} : { threads: loadThreads }),
    ...(copy === undefined ? {} : { from: copy.loaded }),
  });
  return new EngineCorpus(corpus, backend, loaded, index, copy);
}
