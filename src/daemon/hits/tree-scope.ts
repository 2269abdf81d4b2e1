/** Which files of which tree are searched, and what there is of them. */
import type {
  CorpusOptions,
  SearchEngine,
  SearchEngineInfo,
  SearchEngineStats,
  TextHits,
  TreeOptions,
  WalkOptions,
} from "../../search/index.ts";

/** Which files are searched. */
export interface TreeScope {
  /** Files and folders; none is the working directory. */
  readonly paths: readonly string[];
  readonly walk: WalkOptions & { readonly cwd: string };
  readonly allText: NonNullable<CorpusOptions["allText"]>;
}

/** What a tree has. */
export interface TreeState {
  readonly files: number;
  /** Bytes of their texts, as far as they are in memory. */
  readonly contentBytes: number;
  /** Paths that could not be walked, in ripgrep's words. */
  readonly walkErrors: readonly string[];
}

/** What is told of a tree and the engine that holds it. */
export interface TreeReport {
  readonly info: SearchEngineInfo;
  /** Of the engine, but for the numbers of files and of bytes, which are the tree's. */
  readonly stats: SearchEngineStats;
  readonly walkErrors: readonly string[];
}

/** What is told behind the hits of a search. */
export type HitsReport = Pick<TextHits, "truncated" | "skippedFiles" | "roundTripUs" | "verifyUs">;

/** A tree, and the engine that holds it. */
export function treeReport(
  engine: Pick<SearchEngine, "info" | "stats">,
  { files, contentBytes, walkErrors }: TreeState,
): TreeReport {
  return { info: engine.info, stats: { ...engine.stats(), files, contentBytes }, walkErrors };
}

/**
 * The files that `Corpus.list` would list.
 * @param cwd absolute
 * @param environment the variables that say where git keeps its settings
 */
export function treeScope(
  paths: readonly string[],
  { allText = false, ...walk }: TreeOptions,
  cwd: string,
  environment: Readonly<Record<string, string | undefined>>,
): TreeScope {
  const { HOME, XDG_CONFIG_HOME } = environment;
  return { paths, walk: { ...walk, cwd, environment: { HOME, XDG_CONFIG_HOME } }, allText };
}
