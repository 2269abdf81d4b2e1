/** What a benchmark looks for in a corpus. */
export interface Query {
  /** Plain text, or a pattern where `isRegex`. */
  readonly pattern: string;
  readonly ignoreCase: boolean;
  readonly isRegex?: boolean;
  /** So many hits are enough. */
  readonly maxHits?: number;
}
