/** A query of a benchmark. */
export interface Query {
  /** Plain text, or a pattern where `isRegex`; several where one of them is to match. */
  readonly pattern: string | readonly string[];
  readonly ignoreCase: boolean;
  readonly isRegex?: boolean;
  /** Hits are whole words. */
  readonly isWord?: boolean;
  /** Hits are whole lines. */
  readonly isLine?: boolean;
  /** Largest number of hits. */
  readonly maxHits?: number;
}
