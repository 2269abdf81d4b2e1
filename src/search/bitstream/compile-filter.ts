/**
 * From a shape of bytes to operations on streams of bits.
 *
 * A stream has one bit for each place of a text. A *cursor* stream tells before which bytes the rest of a shape may go
 * on. A cursor that is told as `ends` is one place behind its bits: those tell of the last byte so far. This is the
 * method of Parabix (R. Cameron and others, "Bitwise Data Parallelism in Regular Expression Matching", 2014).
 */
import type { ByteFilter, FilterStep } from "../contracts.ts";
import { type Hir, isWordByte } from "../matcher/index.ts";
import { type ByteSet, type Shape, type ShapeLook, shapeOf } from "./byte-shape.ts";

/** More of them cost more than the automaton. */
const STEPS_MAX = 120;
const SETS_MAX = 16;

const LINE_FEED = 10;

/** Where a shape may go on. */
type Cursor =
  /** Everywhere. */
  | "everywhere"
  /** Nowhere. */
  | "nowhere"
  /** At the bits of a stream, or behind them. */
  | { readonly stream: number; readonly isBehind: boolean };

/**
 * Makes the filter of a pattern: in each line with a match it finds at least one place.
 * @returns undefined where it would find one in almost every line, or cost too much
 */
export function compileFilter(hir: Hir): ByteFilter | undefined {
  const compiler = new FilterCompiler();
  const cursor = compiler.walk(shapeOf(hir), "everywhere");
  if (typeof cursor === "string" || compiler.isTooLarge) return undefined;
  return {
    sets: compiler.sets,
    steps: compiler.steps,
    result: cursor.stream,
    seesLineStart: compiler.seesLineStart,
  };
}

class FilterCompiler {
  readonly sets: ByteSet[] = [];
  readonly steps: FilterStep[] = [];
  seesLineStart = false;
  readonly #known = new Map<string, number>();

  get isTooLarge(): boolean {
    return this.steps.length > STEPS_MAX || this.sets.length > SETS_MAX;
  }

  /** @returns where the rest goes on behind the shape */
  walk(shape: Shape, from: Cursor): Cursor {
    if (from === "nowhere" || this.isTooLarge) return from;
    switch (shape.kind) {
      case "run":
        return this.#run(this.#set(shape.set), shape.count, from);
      case "star":
        if (typeof from === "string") return from;
        return this.#at(this.#step({ kind: "star", of: this.#placed(from), set: this.#set(shape.set) }));
      case "look":
        return this.#at(this.#and(from, this.#look(shape.look)));
      case "sequence":
        return shape.parts.reduce((cursor: Cursor, part) => this.walk(part, cursor), from);
      case "choice":
        return shape.parts
          .map((part) => this.walk(part, from))
          .reduce((one, other) => this.#or(one, other), "nowhere");
    }
  }

  #run(set: number, count: number, from: Cursor): Cursor {
    const ends = this.#ends(set, count);
    if (typeof from === "string") return { stream: ends, isBehind: true };
    const last = this.#advance(this.#placed(from), count - 1);
    return { stream: this.#step({ kind: "and", left: last, right: ends }), isBehind: true };
  }

  /** Where a run of so many bytes of a set ends. By doubling. */
  #ends(set: number, count: number): number {
    let stream = set;
    for (let length = 1; length < count;) {
      const by = Math.min(length, count - length);
      stream = this.#step({ kind: "and", left: stream, right: this.#advance(stream, by) });
      length += by;
    }
    return stream;
  }

  #look(look: ShapeLook): number {
    const feeds = this.#set(Uint8Array.from({ length: 256 }, (_, byte) => (byte === LINE_FEED ? 1 : 0)));
    if (look === "lineEnd") return feeds;
    if (look === "lineStart") {
      this.seesLineStart = true;
      return this.#step({ kind: "advance", of: feeds, by: 1, first: 1 });
    }
    const words = this.#set(Uint8Array.from({ length: 256 }, (_, byte) => (isWordByte(byte) ? 1 : 0)));
    // Beside a byte beyond ASCII, there may be one.
    const high = this.#set(Uint8Array.from({ length: 256 }, (_, byte) => (byte >= 0x80 ? 1 : 0)));
    const borders = this.#step({ kind: "xor", left: words, right: this.#advance(words, 1) });
    const unknown = this.#step({ kind: "or", left: high, right: this.#advance(high, 1) });
    return this.#step({ kind: "or", left: borders, right: unknown });
  }

  #or(one: Cursor, other: Cursor): Cursor {
    if (one === "everywhere" || other === "everywhere") return "everywhere";
    if (one === "nowhere") return other;
    if (other === "nowhere") return one;
    if (one.isBehind && other.isBehind) {
      return { stream: this.#step({ kind: "or", left: one.stream, right: other.stream }), isBehind: true };
    }
    return this.#at(this.#step({ kind: "or", left: this.#placed(one), right: this.#placed(other) }));
  }

  #and(cursor: Cursor, stream: number): number {
    if (typeof cursor === "string") return stream;
    return this.#step({ kind: "and", left: this.#placed(cursor), right: stream });
  }

  #at(stream: number): Cursor {
    return { stream, isBehind: false };
  }

  #placed(cursor: Exclude<Cursor, string>): number {
    return cursor.isBehind ? this.#advance(cursor.stream, 1) : cursor.stream;
  }

  #advance(of: number, by: number): number {
    return by === 0 ? of : this.#step({ kind: "advance", of, by, first: 0 });
  }

  #set(set: ByteSet): number {
    const key = set.join("");
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const stream = this.#step({ kind: "set", set: this.sets.push(set) - 1 });
    this.#known.set(key, stream);
    return stream;
  }

  /** The stream of a step; the same for the same step. */
  #step(step: FilterStep): number {
    const key = JSON.stringify(step);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const stream = this.steps.push(step) - 1;
    this.#known.set(key, stream);
    return stream;
  }
}
