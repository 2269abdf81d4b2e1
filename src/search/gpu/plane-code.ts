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

/** The words of a program; undefined where it needs more steps, slots or carries than there are. */
export function planeCode(program: PlaneProgram): Uint32Array<ArrayBuffer> | undefined {
  const { steps, feeds, lines, doubts } = program;
  if (steps.length > PlaneCode.STEPS) return undefined;
  const results = [feeds, lines, ...(doubts === undefined ? [] : [doubts])];
  const slots = slotsOf(steps, results);
  if (slots === undefined) return undefined;
  const slot = (stream: number): number => slots[stream]!;
  let carryCount = 0;
  let firstCarries = 0;
  const words = steps.flatMap((step, index) => {
    const [one = 0, two = one, three = 0] = operandsOf(step).map(slot);
    const by = step.kind === "advance" ? step.by : 0;
    const carry = step.kind === "advance" || step.kind === "star" ? carryCount++ : 0;
    if (step.kind === "advance" && step.first === 1) firstCarries |= 1 << carry;
    return [
      KINDS[step.kind] | (slot(PLANE_COUNT + index) << 8) | (one << 16) | (two << 24),
      three | (by << 8) | (carry << 16),
    ];
  });
  if (carryCount > PlaneCode.CARRIES) return undefined;
  const doubtSlot = doubts === undefined ? PlaneCode.NO_SLOT : slot(doubts);
  const head = [steps.length, firstCarries, slot(feeds) | (slot(lines) << 8) | (doubtSlot << 16), 0];
  return Uint32Array.from([...head, ...words]);
}

/** The slot of each stream; undefined where there are too few. */
function slotsOf(steps: readonly PlaneStep[], results: readonly number[]): number[] | undefined {
  const lastUse = new Map<number, number>();
  for (const [index, step] of steps.entries())
    for (const stream of operandsOf(step)) lastUse.set(stream, index);
  for (const stream of results) lastUse.set(stream, Infinity);
  const slots = Array.from({ length: PLANE_COUNT }, (_, plane) => plane);
  const free = Array.from({ length: PlaneCode.SLOTS - PLANE_COUNT }, (_, at) => PlaneCode.SLOTS - 1 - at);
  for (let plane = 0; plane < PLANE_COUNT; plane++) if (!lastUse.has(plane)) free.push(plane);
  for (const [index, step] of steps.entries()) {
    // A step reads its operands before it writes: the result may take the slot of one of them.
    for (const stream of new Set(operandsOf(step)))
      if (lastUse.get(stream) === index) free.push(slots[stream]!);
    const taken = free.pop();
    if (taken === undefined) return undefined;
    slots.push(taken);
    if (!lastUse.has(PLANE_COUNT + index)) free.push(taken);
  }
  return slots;
}
