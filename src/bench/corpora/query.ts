/** A query of a benchmark. */
export interface Query {
  /** Plain text, or a pattern where `isRegex`. */
  readonly pattern: string;
  readonly ignoreCase: boolean;
  readonly isRegex?: boolean;
  /** Largest number of hits. */
  readonly maxHits?: number;
}
