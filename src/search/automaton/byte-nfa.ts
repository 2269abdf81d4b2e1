/**
 * A pattern as a nondeterministic automaton over bytes (K. Thompson, 1968), read forwards or backwards.
 *
 * Invariants: alternatives of a `split` stand in the order of preference; nothing consumes a line feed.
 */
import { canBeEmpty, type Hir, type LookName } from "../matcher/index.ts";
import { isKnownLook, REVERSED_LOOKS } from "./look.ts";
import { ACCEPT, type ByteNode, byteNodeOf } from "./utf8-nodes.ts";

/** One state. `next` and `alternatives` are indexes. */
export type NfaState =
  | { kind: "bytes"; edges: { low: number; high: number; next: number }[] }
  | { kind: "split"; alternatives: number[] }
  | { kind: "look"; name: LookName; next: number }
  /** The pattern has matched. */
  | { kind: "match" }
  /** The pattern may have matched, if some bytes beyond ASCII are what it asks for. */
  | { kind: "unknown" };

/** A pattern as states. */
export interface ByteNfa {
  readonly states: readonly NfaState[];
  readonly start: number;
}

/** How a pattern is turned into states. */
export interface NfaOptions {
  /** Bytes are read from the end of the line to its start. */
  readonly isReversed: boolean;
  /** Of characters beyond ASCII that a class has, it is only said that they may match: much smaller automata. */
  readonly isAsciiOnly: boolean;
  readonly maxStates: number;
  /** The code points of a class. */
  readonly rangesOf: (hir: Hir & { kind: "class" }) => readonly (readonly [number, number])[];
}

/** Classes that were turned into graphs, by their ranges: some take milliseconds. */
const knownNodes = new WeakMap<object, { forward?: ByteNode; reverse?: ByteNode }>();

const LAST_ASCII = 0x7f;

/** @returns undefined where the pattern has an assertion that one byte on each side does not decide, or is too large */
export function compileNfa(hir: Hir, options: NfaOptions): ByteNfa | undefined {
  try {
    return new NfaCompiler(options).compile(hir);
  } catch (error) {
    if (error === TOO_MUCH) return undefined;
    throw error;
  }
}

const TOO_MUCH = Symbol("the pattern is no automaton of this kind");

class NfaCompiler {
  readonly #states: NfaState[] = [];
  readonly #options: NfaOptions;
  /** States that some character beyond ASCII leads on from, and where to. */
  readonly #highEdges: { at: number; next: number }[] = [];

  constructor(options: NfaOptions) {
    this.#options = options;
  }

  compile(hir: Hir): ByteNfa {
    const match = this.#add({ kind: "match" });
    const start = this.#node(hir, match);
    if (this.#highEdges.length > 0) this.#addDoubt();
    return { states: this.#states, start };
  }

  /**
   * Adds a second copy of all states, for what goes on behind a character beyond ASCII that may match or not. Of such
   * a character nothing is known but that its bytes have the high bit. So a run of them stands for any number of
   * characters. Where the copy reaches its match, nobody knows. Where it does not, there was none.
   */
  #addDoubt(): void {
    const certainCount = this.#states.length;
    const inDoubt = (index: number): number => index + certainCount;
    for (const state of this.#states.slice()) {
      if (state.kind === "match") this.#add({ kind: "unknown" });
      else if (state.kind === "split")
        this.#add({ kind: "split", alternatives: state.alternatives.map(inDoubt) });
      else if (state.kind === "look") this.#add({ ...state, next: inDoubt(state.next) });
      else if (state.kind === "bytes")
        this.#bytes(state.edges.map((edge) => ({ ...edge, next: inDoubt(edge.next) })));
    }
    const runs = new Map<number, number>();
    for (const { at, next } of this.#highEdges) {
      let run = runs.get(next);
      if (run === undefined) {
        const alternatives = [inDoubt(next)];
        run = this.#add({ kind: "split", alternatives });
        alternatives.push(this.#bytes([{ low: LAST_ASCII + 1, high: 0xff, next: run }]));
        runs.set(next, run);
      }
      for (const index of [at, inDoubt(at)]) {
        const state = this.#states[index] as NfaState & { kind: "bytes" };
        state.edges.push({ low: LAST_ASCII + 1, high: 0xff, next: run });
      }
    }
  }

  #add(state: NfaState): number {
    if (this.#states.length >= this.#options.maxStates) throw TOO_MUCH;
    return this.#states.push(state) - 1;
  }

  /** The states of a node, which lead to `next`. */
  #node(hir: Hir, next: number): number {
    switch (hir.kind) {
      case "empty":
        return next;
      case "literal": {
        const bytes = this.#options.isReversed ? hir.bytes : hir.bytes.toReversed();
        return bytes.reduce((to, byte) => this.#bytes([{ low: byte, high: byte, next: to }]), next);
      }
      case "class":
        return this.#class(hir, next);
      case "look": {
        const name = this.#options.isReversed ? (REVERSED_LOOKS[hir.name] ?? hir.name) : hir.name;
        if (!isKnownLook(name)) throw TOO_MUCH;
        return this.#add({ kind: "look", name, next });
      }
      case "concat": {
        const subs = this.#options.isReversed ? hir.subs : hir.subs.toReversed();
        return subs.reduce((to, sub) => this.#node(sub, to), next);
      }
      case "alternation":
        return this.#add({ kind: "split", alternatives: hir.subs.map((sub) => this.#node(sub, next)) });
      case "repetition":
        return this.#repetition(hir, next);
    }
  }

  #repetition(hir: Hir & { kind: "repetition" }, next: number): number {
    const { min, max, greedy, sub } = hir;
    const either = (more: number, done: number): number[] => (greedy ? [more, done] : [done, more]);
    let to = next;
    let left = min;
    if (max === undefined) {
      const again = { kind: "split" as const, alternatives: [] as number[] };
      const at = this.#add(again);
      const once = this.#node(sub, at);
      again.alternatives = either(once, next);
      if (min > 0) {
        to = once;
        left--;
      } else if (canBeEmpty(sub)) {
        // As (?:sub+)?: else an empty round would be preferred where the regex crate does not prefer it.
        to = this.#add({ kind: "split", alternatives: either(once, next) });
      } else to = at;
    } else {
      for (let times = max; times > min; times--) {
        to = this.#add({ kind: "split", alternatives: either(this.#node(sub, to), next) });
      }
    }
    for (; left > 0; left--) to = this.#node(sub, to);
    return to;
  }

  #class(hir: Hir & { kind: "class" }, next: number): number {
    const { isAsciiOnly } = this.#options;
    const ranges = this.#options.rangesOf(hir);
    if (!isAsciiOnly) return this.#byteNode(this.#nodeOf(ranges), next, new Map());
    const edges = ranges
      .filter(([low]) => low <= LAST_ASCII)
      .map(([low, high]) => ({ low, high: Math.min(high, LAST_ASCII), next }));
    const at = this.#bytes(edges);
    if (ranges.some(([, high]) => high > LAST_ASCII)) this.#highEdges.push({ at, next });
    return at;
  }

  #nodeOf(ranges: readonly (readonly [number, number])[]): ByteNode {
    const { isReversed } = this.#options;
    let known = knownNodes.get(ranges);
    if (known === undefined) knownNodes.set(ranges, (known = {}));
    return (known[isReversed ? "reverse" : "forward"] ??= byteNodeOf(ranges, isReversed));
  }

  #byteNode(node: ByteNode, next: number, made: Map<ByteNode, number>): number {
    const before = made.get(node);
    if (before !== undefined) return before;
    const edges = node.edges.map((edge) => ({
      low: edge.low,
      high: edge.high,
      next: edge.node === ACCEPT ? next : this.#byteNode(edge.node, next, made),
    }));
    const at = this.#bytes(edges);
    made.set(node, at);
    return at;
  }

  #bytes(edges: { low: number; high: number; next: number }[]): number {
    return this.#add({ kind: "bytes", edges });
  }
}
