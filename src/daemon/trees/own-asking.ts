/** Asks trees of this process, as a client asks those of a daemon. */
import { resolve } from "node:path";
import { currentDirectory, hearAbort } from "../../base/index.ts";
import type { TextQuery, TreeOptions } from "../../search/index.ts";
import {
  type HitBatch,
  type HitsReport,
  treeReport,
  type TreeReport,
  type TreeScope,
  treeScope,
} from "../hits/index.ts";
import { type TreeAsking, TreeEngine } from "../tree-engine/index.ts";
import type { ResidentTrees } from "./resident-trees.ts";

/**
 * An engine over a tree that this process holds: what `connect` gives, without a daemon. The trees stay open when the
 * engine is closed.
 * @throws EW_BAD_FLAG_VALUE for a glob or a type that does not parse, EW_CLOSED
 */
export function openOwnTree(
  trees: ResidentTrees,
  { paths, cwd, ...options }: TreeOptions & { readonly paths: readonly string[] },
): Promise<TreeEngine> {
  const directory = resolve(currentDirectory() ?? "/", cwd ?? "");
  return TreeEngine.open(new OwnAsking(trees, treeScope(paths, options, directory, process.env)));
}

class OwnAsking implements TreeAsking {
  readonly #trees: ResidentTrees;
  readonly #scope: TreeScope;

  constructor(trees: ResidentTrees, scope: TreeScope) {
    this.#trees = trees;
    this.#scope = scope;
  }

  get directory(): string {
    return this.#scope.walk.cwd;
  }

  get allText(): boolean {
    return this.#scope.allText;
  }

  async load(): Promise<TreeReport> {
    return treeReport(this.#trees.engine, await this.#trees.finder.load(this.#scope));
  }

  async state(): Promise<TreeReport> {
    return treeReport(this.#trees.engine, this.#trees.finder.state(this.#scope));
  }

  async *hits(query: TextQuery, signal: AbortSignal): AsyncGenerator<HitBatch, HitsReport, undefined> {
    const { parts } = await this.#trees.finder.find(this.#scope, query, signal);
    yield parts;
    return parts;
  }

  async count(query: TextQuery, signal: AbortSignal): Promise<number> {
    return this.#trees.finder.count(this.#scope, query, signal);
  }

  async changes(onChange: () => void, _onEnd: (error: unknown) => void, signal: AbortSignal): Promise<void> {
    const end = this.#trees.watch(this.#scope, onChange);
    if (signal.aborted) end();
    else hearAbort(signal, end);
  }
}
