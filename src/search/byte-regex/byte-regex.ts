/** A compiled pattern: finds the leftmost match, and what its groups captured. What is not asked for is not made. */
import { GroupFinder } from "./group-finder.ts";
import { LazyDfa } from "./lazy-dfa.ts";
import type { Node } from "./node.ts";
import type { Parsed } from "./parse.ts";
import { compileProgram, type Program } from "./program.ts";

/** What a pattern may take, as in ripgrep. */
export interface RegexSizes {
  /** The compiled pattern. */
  readonly maxSizeBytes: number;
  /** The states of each automaton that is made from it. */
  readonly maxStatesBytes: number;
}

/** One compiled pattern. */
export class ByteRegex {
  matchStart = 0;
  matchEnd = 0;
  readonly #parsed: Pick<Parsed, "groupCount"> & { readonly node: Node };
  readonly #sizes: RegexSizes;
  readonly #forward: LazyDfa;
  #reverse: LazyDfa | undefined;
  #groups: GroupFinder | undefined;

  /** @throws EW_BAD_PATTERN where the pattern takes more than it may */
  constructor(parsed: Pick<Parsed, "groupCount"> & { readonly node: Node }, sizes: RegexSizes) {
    this.#parsed = parsed;
    this.#sizes = sizes;
    this.#forward = new LazyDfa(this.#program(false, false), false, sizes.maxStatesBytes);
  }

  /** Finds the leftmost match that begins at or after `at`, in the text bytes[start, end). */
  find(bytes: Uint8Array, start: number, end: number, at: number): boolean {
    const matchEnd = this.#forward.findEnd(bytes, start, end, at, false);
    if (matchEnd < 0) return false;
    this.#reverse ??= new LazyDfa(this.#program(true, false), true, this.#sizes.maxStatesBytes);
    this.matchStart = this.#reverse.findStart(bytes, start, end, matchEnd, at);
    this.matchEnd = matchEnd;
    return true;
  }

  /** A place at which a match in the text bytes[start, end) is known to exist, or −1. It is not behind its end. */
  findAny(bytes: Uint8Array, start: number, end: number): number {
    return this.#forward.findEnd(bytes, start, end, start, true);
  }

  /** Start and end of each group of the match that was found last, −1 for a group without a part in it. */
  groups(bytes: Uint8Array, start: number, end: number): Int32Array {
    this.#groups ??= new GroupFinder(this.#program(false, true), this.#parsed.groupCount);
    return this.#groups.find(bytes, start, end, this.matchStart, this.matchEnd);
  }

  #program(isReversed: boolean, withGroups: boolean): Program {
    return compileProgram(this.#parsed.node, {
      isReversed,
      withGroups,
      maxSizeBytes: this.#sizes.maxSizeBytes,
    });
  }
}
