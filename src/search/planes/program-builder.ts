/** Builds the steps of a program: no step twice, and none that a simpler one can replace. */
import { ADVANCE_MAX, PLANE_COUNT, type PlaneStep } from "./plane-program.ts";

/** A stream, or one of the two that need no step. */
export type Stream = number;
/** No bit is set. */
export const NONE = -1;
/** Every bit is set. */
export const ALL = -2;

const BYTES = 256;

/** Planes in the order in which products of them are made. */
type BitGroups = number | readonly BitGroups[];
const BIT_GROUPS: BitGroups = [
  [
    [7, 6, 5],
    [4, 3],
  ],
  [[2, 1], 0],
];

/** See the head of this file. */
export class ProgramBuilder {
  readonly steps: PlaneStep[] = [];
  readonly #known = new Map<string, Stream>();

  and(left: Stream, right: Stream): Stream {
    if (left === NONE || right === NONE) return NONE;
    if (left === ALL || left === right) return right;
    if (right === ALL) return left;
    return this.#step({ kind: "and", ...inOrder(left, right) });
  }

  or(left: Stream, right: Stream): Stream {
    if (left === ALL || right === ALL) return ALL;
    if (left === NONE || left === right) return right;
    if (right === NONE) return left;
    return this.#step({ kind: "or", ...inOrder(left, right) });
  }

  xor(left: Stream, right: Stream): Stream {
    if (left === right) return NONE;
    if (left === NONE) return right;
    if (right === NONE) return left;
    if (left === ALL) return this.not(right);
    if (right === ALL) return this.not(left);
    return this.#step({ kind: "xor", ...inOrder(left, right) });
  }

  without(left: Stream, right: Stream): Stream {
    if (left === NONE || right === ALL || left === right) return NONE;
    if (right === NONE) return left;
    if (left === ALL) return this.not(right);
    return this.#step({ kind: "without", left, right });
  }

  not(of: Stream): Stream {
    if (of === NONE) return ALL;
    if (of === ALL) return NONE;
    return this.#step({ kind: "not", of });
  }

  choose(by: Stream, yes: Stream, no: Stream): Stream {
    if (yes === no) return yes;
    if (no === NONE) return this.and(by, yes);
    if (yes === NONE) return this.without(no, by);
    if (yes === ALL) return this.or(by, no);
    if (no === ALL) return this.not(this.without(by, yes));
    return this.#step({ kind: "choose", by, yes, no });
  }

  /** @param first what comes in at the first place of a text */
  advance(of: Stream, by: number, first: 0 | 1 = 0): Stream {
    if (by === 0 || of === NONE) return of;
    if (of === ALL) return ALL; // nobody asks what comes before the text
    if (by > ADVANCE_MAX) return this.advance(this.advance(of, ADVANCE_MAX), by - ADVANCE_MAX);
    return this.#step({ kind: "advance", of, by, first });
  }

  star(of: Stream, set: Stream, isRare = false): Stream {
    if (of === NONE || of === ALL || set === NONE) return of;
    if (set === ALL) throw new RangeError("no set has the line feed");
    return this.#step({ kind: "star", of, set, isRare });
  }

  /**
   * The places whose byte is in a set. The set is halved bit by bit, the highest first; equal halves need no bit, and
   * equal parts are made once. So it is a reduced ordered decision diagram (R. Bryant, 1986). Where all members have
   * the same bits in some planes, and the other planes take every value, those bits are the whole question.
   * @param members 256 entries, 1 for a member
   */
  set(members: Uint8Array): Stream {
    const bits = sharedBits(members);
    return bits === undefined ? this.#part(members, PLANE_COUNT - 1) : this.#product(bits, BIT_GROUPS);
  }

  /** The steps that some streams need, renumbered. @returns the steps, and the new numbers of the streams */
  finish(wanted: readonly Stream[]): { readonly steps: PlaneStep[]; readonly streams: Stream[] } {
    const isNeeded = new Set(wanted);
    for (let index = this.steps.length - 1; index >= 0; index--) {
      if (isNeeded.has(PLANE_COUNT + index))
        for (const operand of operandsOf(this.steps[index]!)) isNeeded.add(operand);
    }
    const steps: PlaneStep[] = [];
    const numbers = Array.from({ length: PLANE_COUNT }, (_, plane) => plane);
    for (const [index, step] of this.steps.entries()) {
      const count = PLANE_COUNT + steps.length;
      numbers.push(count);
      if (isNeeded.has(PLANE_COUNT + index)) steps.push(withOperands(step, numbers));
    }
    return { steps, streams: wanted.map((stream) => numbers[stream]!) };
  }

  /** The places with some bits, group by group: letters have most of their groups in common. */
  #product(bits: ReadonlyMap<number, boolean>, groups: BitGroups): Stream {
    const { are, areNot } = this.#factors(bits, groups);
    return this.without(are, areNot);
  }

  /** Places with some bits are those of one stream that are not in another one. */
  #factors(bits: ReadonlyMap<number, boolean>, groups: BitGroups): { are: Stream; areNot: Stream } {
    if (typeof groups === "number") {
      const bit = bits.get(groups);
      return { are: bit === true ? groups : ALL, areNot: bit === false ? groups : NONE };
    }
    let [are, areNot] = [ALL, NONE];
    for (const group of groups) {
      const factors = this.#factors(bits, group);
      // A part that has to be there takes its exceptions with it, so that others find the two together.
      const isWhole = factors.are !== ALL && typeof group !== "number";
      are = this.and(are, isWhole ? this.without(factors.are, factors.areNot) : factors.are);
      if (!isWhole) areNot = this.or(areNot, factors.areNot);
    }
    return { are, areNot };
  }

  #part(members: Uint8Array, plane: number): Stream {
    if (members.every((member) => member === 0)) return NONE;
    if (members.every((member) => member === 1)) return ALL;
    const key = `${plane} ${members.join("")}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const half = members.length / 2;
    const no = this.#part(members.subarray(0, half), plane - 1);
    const yes = this.#part(members.subarray(half), plane - 1);
    const isOpposite =
      no >= 0 && yes >= 0 && members.subarray(0, half).every((one, at) => one !== members[half + at]);
    const stream = isOpposite ? this.xor(plane, no) : this.choose(plane, yes, no);
    this.#known.set(key, stream);
    return stream;
  }

  /** The stream of a step; the same for the same step. */
  #step(step: PlaneStep): Stream {
    const key = JSON.stringify(step);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const stream = PLANE_COUNT + this.steps.push(step) - 1;
    this.#known.set(key, stream);
    return stream;
  }
}

/** The streams that a step reads. */
export function operandsOf(step: PlaneStep): Stream[] {
  switch (step.kind) {
    case "not":
    case "advance":
      return [step.of];
    case "star":
      return [step.of, step.set];
    case "choose":
      return [step.by, step.yes, step.no];
    default:
      return [step.left, step.right];
  }
}

function withOperands(step: PlaneStep, numbers: readonly Stream[]): PlaneStep {
  const of = (stream: Stream): Stream => numbers[stream]!;
  switch (step.kind) {
    case "not":
    case "advance":
      return { ...step, of: of(step.of) };
    case "star":
      return { ...step, of: of(step.of), set: of(step.set) };
    case "choose":
      return { ...step, by: of(step.by), yes: of(step.yes), no: of(step.no) };
    default:
      return { ...step, left: of(step.left), right: of(step.right) };
  }
}

const inOrder = (one: Stream, other: Stream): { left: Stream; right: Stream } => ({
  left: Math.min(one, other),
  right: Math.max(one, other),
});

/** The bits, by plane, that are all that a set asks for; undefined where it asks for more. */
function sharedBits(members: Uint8Array): ReadonlyMap<number, boolean> | undefined {
  let [all, some, count] = [BYTES - 1, 0, 0];
  for (const [byte, member] of members.entries()) {
    if (member === 0) continue;
    all &= byte;
    some |= byte;
    count++;
  }
  const bits = new Map<number, boolean>();
  for (let plane = 0; plane < PLANE_COUNT; plane++) {
    const isSet = (all >> plane) & 1;
    if (isSet === ((some >> plane) & 1)) bits.set(plane, isSet === 1);
  }
  return count === 2 ** (PLANE_COUNT - bits.size) ? bits : undefined;
}

/** The set of the bytes that satisfy a test. */
export function setOf(has: (byte: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: BYTES }, (_, byte) => (has(byte) ? 1 : 0));
}
