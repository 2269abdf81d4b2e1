/**
 * Random kernels that keep all rules of `everwarp lint`, and faults for random places in them.
 *
 * A clean kernel has a poll loop. Its iteration takes the stop flag, shares it, and then works by random statements:
 * guarded stores, uniform and varying loops, barriers in uniform places, calls.
 */
import { kernelText } from "./lint-corpus.ts";

/** A source of random numbers (mulberry32). */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A whole number below `count`. */
  below(count: number): number {
    this.#state = (this.#state + 0x6d2b_79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % count;
  }

  one<T>(of: readonly T[]): T {
    return of[this.below(of.length)] as T;
  }
}

/** A fault: the rule it breaks, and where it may be planted. */
interface Fault {
  readonly rule: string;
  /** At the beginning of an iteration, or among the statements of the work. */
  readonly place: "first" | "work";
  make(dice: Dice): string;
}

const varying = (dice: Dice): string =>
  dice.one([
    `LANE < ${1 + dice.below(63)}u`,
    `STATE[LANE + ${dice.below(9)}u] == ${dice.below(9)}u`,
    `(gl_LocalInvocationID.x & ${1 << dice.below(5)}u) != 0u`,
    "atomicAdd(STATE[0], 1u) == 3u",
    `gl_SubgroupInvocationID > ${dice.below(4)}u`,
    `odd(LANE + ${dice.below(7)}u)`,
  ]);

const uniform = (dice: Dice): string =>
  dice.one([
    `limit > ${dice.below(99)}u`,
    `gl_WorkGroupID.x == ${dice.below(4)}u`,
    `sh_word == ${dice.below(9)}u`,
    `STATE[${100 + dice.below(9)}u] != 0u`,
    "odd(sh_word)",
    "gl_NumSubgroups > 1u && limit != 7u",
  ]);

const FAULTS: readonly Fault[] = [
  {
    rule: "early-exit",
    place: "work",
    make: (dice) => `if (${varying(dice)}) ${dice.one(["return", "break"])};`,
  },
  {
    rule: "divergent-barrier",
    place: "work",
    make: (dice) =>
      dice.one([
        `if (${varying(dice)}) barrier();`,
        `if (${varying(dice)}) { STATE[LANE] = 1u; meet(); }`,
        `for (uint d = LANE; d < limit; d += 64u) { STATE[d]++; barrier(); }`,
      ]),
  },
  {
    rule: "unbounded-loop",
    place: "work",
    make: (dice) =>
      dice.one([
        `while (STATE[${dice.below(9)}u] == ${dice.below(9)}u) STATE[LANE + 1u]++;`,
        "uint node = LANE; while (STATE[node] != 0u) node = STATE[node];",
        `for (uint u = 0u;; u++) if (STATE[u] == ${dice.below(9)}u) break;`,
      ]),
  },
  {
    rule: "stop-not-first",
    place: "first",
    make: (dice) =>
      dice.one([
        "STATE[LANE]++;",
        "barrier();",
        "if (LANE == 0u) sh_other = SLOTS[9];",
        "atomicAdd(STATE[1], 1u);",
      ]),
  },
  {
    rule: "single-lane-work",
    place: "work",
    make: (dice) =>
      `if (${dice.one(["LANE == 0u", "subgroupElect()", "gl_LocalInvocationID.x == 0u"])}) ` +
      `for (uint s = 0u; s < limit; s++) STATE[s + ${200 + dice.below(9)}u] += s; barrier();`,
  },
  {
    rule: "queue-read-not-broadcast",
    place: "first",
    make: (dice) => `if (CONTROL[${dice.below(4)}u] == ${dice.below(4)}u) STATE[LANE]++;`,
  },
  {
    rule: "spin-without-barrier",
    place: "work",
    make: (dice) =>
      dice.one([
        "while (sh_other == 0u) {}",
        `while (sh_many[${dice.below(64)}u] != 1u) { memoryBarrierShared(); }`,
        "if (LANE != 0u) while (sh_other == 0u) {}",
      ]),
  },
  {
    rule: "store-after-publish",
    place: "work",
    make: (dice) => {
      const first = "Vectors(completions).vectors[gl_WorkGroupID.x * completionVectors] = uvec4(1u);";
      const place = `gl_WorkGroupID.x * completionVectors + ${1 + dice.below(9)}u`;
      const rest = `Vectors(completions).vectors[${place}] = uvec4(2u);`;
      return `${first} ${dice.one(["", "barrier();"])} ${rest}`;
    },
  },
  {
    rule: "doorbell-polled-by-many",
    place: "work",
    make: (dice) =>
      `if (LANE == 0u) while (${dice.one(["CONTROL", "SLOTS"])}[${dice.below(9)}u] == 0u) {} barrier();`,
  },
  {
    rule: "counter-and-flag-share-a-line",
    place: "work",
    make: (dice) =>
      dice.one([
        `if (LANE == 0u) CONTROL[${dice.below(9)}u] = 1u;`,
        `atomicAdd(SLOTS[${dice.below(9)}u], 1u);`,
      ]),
  },
];

/** The rules that faults can be planted of. */
export const PLANTED_RULES: readonly string[] = FAULTS.map(({ rule }) => rule);

/** A random kernel that keeps all rules; with a rule, one that breaks it in one random place. */
export function randomKernel(dice: Dice, rule?: string): string {
  const fault = FAULTS.find((each) => each.rule === rule);
  const work = Array.from({ length: 1 + dice.below(5) }, (_, index) => uniformStatement(dice, 2, `${index}`));
  if (fault?.place === "work") work.splice(dice.below(work.length + 1), 0, fault.make(dice));
  const first = fault?.place === "first" ? fault.make(dice) : "";
  return kernelText(`
bool odd(uint value) { return (value & 1u) != 0u; }
void meet() { barrier(); }
void add(uint place, uint amount) { if (place < limit) STATE[place] += amount; }
void main() {
  for (;;) {
    ${first}
    if (LANE == 0u) { sh_stop = CONTROL[0]; sh_word = SLOTS[0]; }
    barrier();
    if (sh_stop != 0u) break;
    ${work.join("\n    ")}
    barrier();
  }
  if (LANE == 0u) STATE[99] = 1u;
}`);
}

/** A statement that all threads come to: it may have barriers. */
function uniformStatement(dice: Dice, depth: number, name: string): string {
  const inner = (): string =>
    depth === 0 ? varyingStatement(dice, 1, name) : uniformStatement(dice, depth - 1, `${name}n`);
  switch (dice.below(8)) {
    case 0:
      return "barrier();";
    case 1:
      return `if (${uniform(dice)}) { ${inner()} }`;
    case 2:
      return `for (uint i${name} = 0u; i${name} < limit; i${name} += 64u) { ${inner()} barrier(); }`;
    case 3:
      return `sh_many[LANE] = STATE[LANE]; barrier();
        STATE[LANE + 64u] = sh_many[63u - LANE]; ${dice.one(["barrier();", "meet();"])}`;
    case 4:
      return "Vectors(completions).vectors[gl_WorkGroupID.x * completionVectors + 1u] = uvec4(2u);";
    case 5:
      return `if (${uniform(dice)}) { ${inner()} } else { ${inner()} }`;
    default:
      return varyingStatement(dice, depth, name);
  }
}

/** A statement that each thread takes in its own way. */
function varyingStatement(dice: Dice, depth: number, name: string): string {
  const inner = (): string =>
    depth === 0 ? `STATE[LANE + ${dice.below(99)}u] += 1u;` : varyingStatement(dice, depth - 1, `${name}v`);
  switch (dice.below(6)) {
    case 0:
      return `if (${varying(dice)}) { ${inner()} }`;
    case 1:
      return `for (uint j${name} = LANE; j${name} < limit; j${name} += 64u) { ${inner()} }`;
    case 2:
      return `add(LANE + ${dice.below(50)}u, ${dice.below(9)}u);`;
    case 3:
      return `uint b${name} = STATE[LANE]; while (b${name} != 0u) { b${name} &= b${name} - 1u; ${inner()} }`;
    case 4:
      return `if (LANE == 0u) { STATE[${dice.below(99)}u] = sh_word; }`;
    default:
      return `atomicAdd(STATE[${dice.below(99)}u], subgroupAdd(LANE));`;
  }
}
