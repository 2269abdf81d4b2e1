/**
 * A pattern as a nondeterministic automaton over bytes (K. Thompson, 1968), read forwards or backwards.
 *
 * Invariants: the alternatives of a split stand in the order of preference; the edges of a state are apart. States are
 * numbers, and all they have lies in typed arrays, because there may be a million of them.
 */
import { ACCEPT, type ByteNode, byteNodeOf } from "../automaton/index.ts";
import { badPattern, type LookName } from "../matcher/index.ts";
import { canBeEmpty, type Node, type Ranges } from "./node.ts";

/** What a state does. */
export const STATE = { BYTES: 0, SPLIT: 1, LOOK: 2, SAVE: 3, MATCH: 4 } as const;

/** What a state takes in the regex crate, which ripgrep's limit counts. */
const STATE_BYTES = 32;
const EDGE_BYTES = 8;
const ALTERNATIVE_BYTES = 4;

/** An automaton. The words of state s are words[firsts[s] … firsts[s + 1]). */
export interface Program {
  readonly kinds: Uint8Array;
  readonly firsts: Int32Array;
  /**
   * BYTES: low | high << 8 and the next state, for each edge. SPLIT: the alternatives. LOOK: index into `looks`, next.
   * SAVE: slot, next.
   */
  readonly words: Int32Array;
  readonly looks: readonly LookName[];
  /** Where a match begins. */
  readonly start: number;
  /** Where a search begins that may pass over bytes first. */
  readonly searchStart: number;
}

/** How a pattern is compiled. */
export interface ProgramOptions {
  readonly isReversed: boolean;
  /** With states that save where groups begin and end. */
  readonly withGroups: boolean;
  readonly maxSizeBytes: number;
}

/** @throws EW_BAD_PATTERN where the automaton is larger than allowed */
export function compileProgram(node: Node, options: ProgramOptions): Program {
  return new Compiler(options).compile(node);
}

/** Numbers in a typed array that grows. */
class IntList {
  length = 0;
  #numbers = new Int32Array(1024);

  push(value: number): void {
    if (this.length === this.#numbers.length) {
      const larger = new Int32Array(this.length * 2);
      larger.set(this.#numbers);
      this.#numbers = larger;
    }
    this.#numbers[this.length++] = value;
  }

  get(index: number): number {
    return this.#numbers[index] as number;
  }

  set(index: number, value: number): void {
    this.#numbers[index] = value;
  }

  taken(): Int32Array {
    return this.#numbers.slice(0, this.length);
  }
}

class Compiler {
  readonly #options: ProgramOptions;
  readonly #kinds = new IntList();
  readonly #firsts = new IntList();
  readonly #words = new IntList();
  readonly #looks: LookName[] = [];
  #sizeBytes = 0;

  constructor(options: ProgramOptions) {
    this.#options = options;
  }

  compile(node: Node): Program {
    const match = this.#add(STATE.MATCH, []);
    const start = this.#node(node, match);
    const searchStart = this.#open(STATE.SPLIT, 2);
    const any = this.#bytes([[0, 0xff, searchStart]]);
    this.#close(searchStart, [start, any]);
    this.#firsts.push(this.#words.length);
    return {
      kinds: Uint8Array.from(this.#kinds.taken()),
      firsts: this.#firsts.taken(),
      words: this.#words.taken(),
      looks: this.#looks,
      start,
      searchStart,
    };
  }

  #grow(sizeBytes: number): void {
    const { maxSizeBytes } = this.#options;
    this.#sizeBytes += sizeBytes;
    if (this.#sizeBytes > maxSizeBytes)
      throw badPattern(`compiled regex exceeds size limit of ${maxSizeBytes}`);
  }

  #add(kind: number, words: readonly number[]): number {
    const state = this.#open(kind, words.length);
    this.#close(state, words);
    return state;
  }

  /** A state whose words are told later, because they lead on to what leads back. */
  #open(kind: number, wordCount: number): number {
    this.#grow(STATE_BYTES + (kind === STATE.SPLIT ? wordCount * ALTERNATIVE_BYTES : 0));
    this.#kinds.push(kind);
    this.#firsts.push(this.#words.length);
    for (let count = 0; count < wordCount; count++) this.#words.push(0);
    return this.#kinds.length - 1;
  }

  #close(state: number, words: readonly number[]): void {
    const first = this.#firsts.get(state);
    for (const [index, word] of words.entries()) this.#words.set(first + index, word);
  }

  #split(alternatives: readonly number[]): number {
    return this.#add(STATE.SPLIT, alternatives);
  }

  #bytes(edges: readonly (readonly [low: number, high: number, next: number])[]): number {
    this.#grow(edges.length > 1 ? edges.length * EDGE_BYTES : 0);
    return this.#add(
      STATE.BYTES,
      edges.flatMap(([low, high, next]) => [low | (high << 8), next]),
    );
  }

  /** The states of a node, which lead to `next`. */
  #node(node: Node, next: number): number {
    const { isReversed } = this.#options;
    switch (node.kind) {
      case "empty":
        return next;
      case "literal":
        return (isReversed ? node.bytes : node.bytes.toReversed()).reduce(
          (to, byte) => this.#bytes([[byte, byte, to]]),
          next,
        );
      case "byte":
        return this.#bytes(node.ranges.map(([low, high]) => [low, high, next]));
      case "class":
        return this.#character(graphOf(node.ranges, isReversed), next);
      case "look":
        return this.#add(STATE.LOOK, [this.#looks.push(node.name) - 1, next]);
      case "concat":
        return (isReversed ? node.subs : node.subs.toReversed()).reduce(
          (to, sub) => this.#node(sub, to),
          next,
        );
      case "alternation":
        return this.#split(node.subs.map((sub) => this.#node(sub, next)));
      case "repetition":
        return this.#repetition(node, next);
      case "capture": {
        if (!this.#options.withGroups) return this.#node(node.sub, next);
        const end = this.#add(STATE.SAVE, [node.index * 2 + 1, next]);
        return this.#add(STATE.SAVE, [node.index * 2, this.#node(node.sub, end)]);
      }
    }
  }

  #repetition({ min, max, greedy, sub }: Node & { kind: "repetition" }, next: number): number {
    const either = (more: number, done: number): number[] => (greedy ? [more, done] : [done, more]);
    let to = next;
    let left = min;
    if (max === undefined) {
      const again = this.#open(STATE.SPLIT, 2);
      const once = this.#node(sub, again);
      this.#close(again, either(once, next));
      to = again;
      if (min > 0) {
        to = once;
        left--;
      } else if (canBeEmpty(sub)) {
        // As (?:sub+)?: else an empty round would be preferred where the regex crate does not prefer it.
        to = this.#split(either(once, next));
      }
    } else {
      for (let times = max; times > min; times--) to = this.#split(either(this.#node(sub, to), next));
    }
    for (; left > 0; left--) to = this.#node(sub, to);
    return to;
  }

  /** The states of one character, which are many and often the same. */
  #character({ nodes, edgeCount }: CharacterGraph, next: number): number {
    this.#grow(nodes.length * STATE_BYTES + edgeCount * EDGE_BYTES);
    const base = this.#kinds.length;
    for (const edges of nodes) {
      this.#kinds.push(STATE.BYTES);
      this.#firsts.push(this.#words.length);
      for (let at = 0; at < edges.length; at += 2) {
        const to = edges[at + 1] as number;
        this.#words.push(edges[at] as number);
        this.#words.push(to < 0 ? next : base + to);
      }
    }
    return this.#kinds.length - 1;
  }
}

/** The bytes of a character as states that need only be numbered. The last one is where it begins. */
interface CharacterGraph {
  /** For each edge: low | high << 8, and the index of the node that it leads to, −1 for the end of the character. */
  readonly nodes: readonly Int32Array[];
  readonly edgeCount: number;
}

const knownGraphs = new WeakMap<object, { forward?: CharacterGraph; reverse?: CharacterGraph }>();

function graphOf(ranges: Ranges, isReversed: boolean): CharacterGraph {
  let known = knownGraphs.get(ranges);
  if (known === undefined) knownGraphs.set(ranges, (known = {}));
  return (known[isReversed ? "reverse" : "forward"] ??= numbered(byteNodeOf(ranges, isReversed)));
}

function numbered(root: ByteNode): CharacterGraph {
  const nodes: Int32Array[] = [];
  const indexes = new Map<ByteNode, number>();
  const indexOf = (node: ByteNode): number => {
    let index = indexes.get(node);
    if (index === undefined) {
      const words = node.edges.flatMap(({ low, high, node: to }) => [
        low | (high << 8),
        to === ACCEPT ? -1 : indexOf(to),
      ]);
      index = nodes.push(Int32Array.from(words)) - 1;
      indexes.set(node, index);
    }
    return index;
  };
  indexOf(root);
  return { nodes, edgeCount: nodes.reduce((sum, { length }) => sum + length / 2, 0) };
}

/** The state that `byte` leads to from a state of bytes, or −1. */
export function nextState({ firsts, words }: Program, state: number, byte: number): number {
  const end = firsts[state + 1] as number;
  for (let at = firsts[state] as number; at < end; at += 2) {
    const edge = words[at] as number;
    if (byte >= (edge & 0xff) && byte <= edge >>> 8) return words[at + 1] as number;
  }
  return -1;
}
