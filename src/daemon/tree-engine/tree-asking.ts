/** The border between an engine over a tree and whoever holds the tree. Types only. */
import type { TextQuery } from "../../search/index.ts";
import type { HitBatch, HitsReport, TreeReport } from "../hits/index.ts";

/**
 * Asks whoever holds a tree. Every answer is about the tree as it is when it is asked for. A signal calls a question
 * off, whatever is thrown then.
 */
export interface TreeAsking {
  /** The folder that relative paths refer to, absolute. */
  readonly directory: string;
  /** Files are text to their ends, whatever they contain. */
  readonly allText: boolean;
  /** Loads the tree, and tells what there is of it. */
  load(signal: AbortSignal): Promise<TreeReport>;
  /** What there is of the tree. */
  state(signal: AbortSignal): Promise<TreeReport>;
  /** Hits in batches, and what is told behind them. */
  hits(query: TextQuery, signal: AbortSignal): AsyncGenerator<HitBatch, HitsReport, undefined>;
  count(query: TextQuery, signal: AbortSignal): Promise<number>;
  /**
   * Calls back whenever something in the tree may have changed, until the signal. Resolves when it has begun to
   * listen. When nobody can tell any more, it calls `onEnd`.
   */
  changes(onChange: () => void, onEnd: (error: unknown) => void, signal: AbortSignal): Promise<void>;
}
