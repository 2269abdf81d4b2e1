/**
 * Matchers of earlier searches, for programs that stay: to compile a regex takes longer than most searches.
 *
 * Invariant: a matcher serves one search at a time, as it remembers the line that it was asked about last.
 */
import type { Matcher } from "../contracts.ts";
import type { FileSearcherArgs } from "./file-searcher/index.ts";

/** Matchers that are kept. A large one takes some hundred kilobytes. */
const MATCHERS_MAX = 64;

/** See the head of this file. */
export class MatcherPool {
  /** By what they were made of, those that were given back last at the end. */
  #idle: { readonly key: string; readonly matcher: Matcher }[] = [];

  /** A matcher of earlier searches, for this one alone. @returns undefined where there is none */
  take(args: FileSearcherArgs): Matcher | undefined {
    const key = keyOf(args);
    const index = this.#idle.findLastIndex((each) => each.key === key);
    return index === -1 ? undefined : this.#idle.splice(index, 1)[0]?.matcher;
  }

  /** The search has ended. @param args what the matcher was made of */
  giveBack(args: FileSearcherArgs, matcher: Matcher): void {
    this.#idle.push({ key: keyOf(args), matcher });
    if (this.#idle.length > MATCHERS_MAX) this.#idle.shift();
  }

  clear(): void {
    this.#idle = [];
  }
}

/** All that `openMatcher` looks at. */
function keyOf({ matcher, lineConditions, printer, searcher }: FileSearcherArgs): string {
  return JSON.stringify([matcher, lineConditions, printer.replacement?.toString(), searcher.lineTerminator]);
}
