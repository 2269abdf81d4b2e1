/**
 * A program as GLSL: the file that kernels/planes.comp includes as "plane-program.glsl". What a step carries from one
 * word to the next is a member of a struct. glsl/planes.glsl has the functions.
 */
import { PLANE_COUNT, type PlaneProgram, type PlaneStep } from "./plane-program.ts";

/** The text for a program. */
export function programGlsl(program: PlaneProgram): string {
  const carries: string[] = [];
  const carry = (first: string): string => `carries.c${carries.push(first) - 1}`;
  const lines = program.steps.flatMap((step, index) => stepLines(step, name(PLANE_COUNT + index), carry));
  const doubts = program.doubts === undefined ? "Words(0u)" : name(program.doubts);
  return [
    "struct PlaneCarries {",
    ...(carries.length === 0 ? ["  uint none;"] : carries.map((_, index) => `  uint c${index};`)),
    "};",
    "",
    "void beginPlanes() {}",
    "",
    "PlaneCarries planeCarries() {",
    `  return PlaneCarries(${carries.length === 0 ? "0u" : carries.join(", ")});`,
    "}",
    "",
    "PlaneLines planeLines(Words planes[8], inout PlaneCarries carries) {",
    ...Array.from({ length: PLANE_COUNT }, (_, plane) => `  Words ${name(plane)} = planes[${plane}];`),
    ...lines.map((line) => `  ${line}`),
    `  return PlaneLines(${name(program.feeds)}, ${name(program.lines)}, ${doubts});`,
    "}",
    "",
  ].join("\n");
}

const name = (stream: number): string => (stream < PLANE_COUNT ? `b${stream}` : `s${stream - PLANE_COUNT}`);

const OPERATORS = { and: "&", or: "|", xor: "^" } as const;

function stepLines(step: PlaneStep, result: string, carry: (first: string) => string): string[] {
  const assign = (value: string): string[] => [`Words ${result} = ${value};`];
  switch (step.kind) {
    case "and":
    case "or":
    case "xor":
      return assign(`${name(step.left)} ${OPERATORS[step.kind]} ${name(step.right)}`);
    case "without":
      return assign(`${name(step.left)} & ~${name(step.right)}`);
    case "not":
      return assign(`~${name(step.of)}`);
    case "choose": {
      const [by, yes, no] = [step.by, step.yes, step.no].map(name);
      return assign(`${by} & ${yes} | ~${by} & ${no}`);
    }
    case "advance": {
      const before = carry(step.first === 1 ? "0x80000000u" : "0u");
      return assign(`planeAdvance(${name(step.of)}, ${step.by}u, ${before})`);
    }
    case "star": {
      const [of, set, before] = [name(step.of), name(step.set), carry("0u")];
      const star = `planeStar(${of}, ${set}, ${before})`;
      if (!step.isRare) return assign(star);
      return [...assign(of), `if ((anyBit(${of} & ${set}) | ${before}) != 0u) ${result} = ${star};`];
    }
  }
}
