/**
 * The steps of a program as words, for the kernel that reads them from memory (glsl/plane-program.glsl).
 *
 * A stream takes a slot from the step that makes it to the last one that reads it; then the slot is free for another.
 */
import { operandsOf, PLANE_COUNT, type PlaneProgram, type PlaneStep } from "../planes/index.ts";
import { PlaneCode } from "./planes.schema.ts";

const KINDS: Readonly<Record<PlaneStep["kind"], number>> = {
  and: PlaneCode.AND,
  or: PlaneCode.OR,
  xor: PlaneCode.XOR,
  without: PlaneCode.WITHOUT,
  not: PlaneCode.NOT,
  choose: PlaneCode.CHOOSE,
  advance: PlaneCode.ADVANCE,
  star: PlaneCode.STAR,
};

/** A step as the kernel does it. */
interface CodedStep {
  readonly kind: number;
  /** The stream that it makes. */
  readonly result: number;
  readonly operands: readonly number[];
  /** How far it moves its first operand, where it does. */
  readonly by: number;
  /** What its carry begins as; undefined where it has none. */
  readonly carry: 0 | 1 | undefined;
}

/** The words of a program; undefined where it needs more steps, slots or carries than there are. */
export function planeCode(program: PlaneProgram): Uint32Array<ArrayBuffer> | undefined {
  const { feeds, lines, doubts } = program;
  const results = [feeds, lines, ...(doubts === undefined ? [] : [doubts])];
  const steps = codedSteps(program.steps, results);
  const slots = slotsOf(steps, results);
  if (slots === undefined || steps.length > PlaneCode.STEPS) return undefined;
  const slot = (stream: number): number => slots.get(stream)!;
  let carryCount = 0;
  let firstCarries = 0;
  const words = steps.flatMap(({ kind, result, operands, by, carry: first }) => {
    const [one = 0, two = one, three = 0] = operands.map(slot);
    const carry = first === undefined ? 0 : carryCount++;
    if (first === 1) firstCarries |= 1 << carry;
    return [kind | (slot(result) << 8) | (one << 16) | (two << 24), three | (by << 8) | (carry << 16)];
  });
  if (carryCount > PlaneCode.CARRIES) return undefined;
  const doubtSlot = doubts === undefined ? PlaneCode.NO_SLOT : slot(doubts);
  const head = [steps.length, firstCarries, slot(feeds) | (slot(lines) << 8) | (doubtSlot << 16), 0];
  return Uint32Array.from([...head, ...words]);
}

/** The steps; an advance that only one "and" reads is one step with it. */
function codedSteps(steps: readonly PlaneStep[], results: readonly number[]): CodedStep[] {
  const useCount = new Map<number, number>();
  for (const stream of [...results, ...steps.flatMap(operandsOf)])
    useCount.set(stream, (useCount.get(stream) ?? 0) + 1);
  const joined = new Set<number>();
  const coded: CodedStep[] = [];
  for (const [index, step] of [...steps.entries()].toReversed()) {
    const result = PLANE_COUNT + index;
    if (joined.has(result)) continue;
    const moved = step.kind === "and" ? operandsOf(step).find((stream) => isMoved(stream)) : undefined;
    const advance = moved === undefined ? step : steps[moved - PLANE_COUNT]!;
    if (advance.kind === "advance" && step.kind === "and") {
      joined.add(moved!);
      const other = step.left === moved ? step.right : step.left;
      const { by, first: carry } = advance;
      coded.push({ kind: PlaneCode.FOLLOW, result, operands: [advance.of, other], by, carry });
      continue;
    }
    const by = step.kind === "advance" ? step.by : 0;
    const carry = step.kind === "advance" ? step.first : step.kind === "star" ? 0 : undefined;
    coded.push({ kind: KINDS[step.kind], result, operands: operandsOf(step), by, carry });
  }
  return coded.reverse();

  function isMoved(stream: number): boolean {
    return steps[stream - PLANE_COUNT]?.kind === "advance" && useCount.get(stream) === 1;
  }
}

/** The slot of each stream; undefined where there are too few. */
function slotsOf(steps: readonly CodedStep[], results: readonly number[]): Map<number, number> | undefined {
  const lastUse = new Map<number, number>();
  for (const [index, { operands }] of steps.entries())
    for (const stream of operands) lastUse.set(stream, index);
  for (const stream of results) lastUse.set(stream, Infinity);
  const slots = new Map<number, number>();
  const free = Array.from({ length: PlaneCode.SLOTS - PLANE_COUNT }, (_, at) => PlaneCode.SLOTS - 1 - at);
  for (let plane = 0; plane < PLANE_COUNT; plane++) {
    slots.set(plane, plane);
    if (!lastUse.has(plane)) free.push(plane);
  }
  for (const [index, { operands, result }] of steps.entries()) {
    // A step reads its operands before it writes: the result may take the slot of one of them.
    for (const stream of new Set(operands)) if (lastUse.get(stream) === index) free.push(slots.get(stream)!);
    const taken = free.pop();
    if (taken === undefined) return undefined;
    slots.set(result, taken);
    if (!lastUse.has(result)) free.push(taken);
  }
  return slots;
}
