/**
 * A compiled program as GLSL: the file that kernels/compiled.comp includes as "wasm-program.glsl".
 *
 * No function calls itself, so each has its registers in variables of their own, whoever calls it. A call sets the
 * variables of the function that is called and goes on with its first block.
 */
import type { Program } from "../store/index.ts";
import { slotCount } from "../translate/index.ts";
import {
  assignRegister,
  type CompiledFunction,
  type CompiledUnit,
  indented,
  leadersOf,
  RegionWriter,
  runLines,
} from "./function-glsl.ts";
import { globalName, memorySizeName } from "./registers.ts";

const define = (head: string, body: readonly string[]): string[] => [`${head} {`, ...indented(body), "}", ""];

/**
 * The text of a program.
 * @param longest the most instructions that run from one look at the fuel to the next
 */
export function programGlsl(unit: CompiledUnit, longest: number): string {
  const { program, functions } = unit;
  const all = [...functions.values()];
  const regions = all.flatMap((each) => new RegionWriter(each, unit).lines());
  const returns = all.flatMap((each) => returnLines(each, unit));
  const run = all.flatMap((each) => {
    const { start, end } = each.variables.code;
    return [`if (next - ${start}u < ${end - start}u) {`, ...indented(runLines(each)), "}"];
  });
  return [
    ...variableLines(program, all),
    "// Goes on with a block, unless the budget may end before the next look.",
    ...define("void look(uint at)", ["resume = at;", `next = budget >= ${longest} ? at : PARKED;`]),
    ...returns,
    ...regions,
    ...define("void beginProgram()", beginLines(program)),
    ...define("bool loadFrame()", loadLines(all)),
    ...define("void runProgram()", [
      "// Each round runs something.",
      "for (uint round = 0u; round < launch.quantum && next != PARKED; round++) {",
      ...indented(run),
      "}",
    ]),
    ...define("void saveFrames()", saveLines(all, unit)),
    ...define("void endProgram()", endLines(program, all)),
  ].join("\n");
}

function variableLines(
  { globalSlots, memoryCells }: Program,
  functions: readonly CompiledFunction[],
): string[] {
  const lines: string[] = [];
  for (let slot = 0; slot < globalSlots; slot++) lines.push(`uint64_t ${globalName(slot)};`);
  for (const memory of memoryCells.keys()) lines.push(`uint64_t ${memorySizeName(memory)};`);
  for (const { variables } of functions) {
    lines.push(`uint ${variables.base}, ${variables.callerBase}, ${variables.returnTo};`);
    for (const register of registersOf(variables))
      lines.push(`${variables.isLong(register) ? "uint64_t" : "uint"} ${variables.register(register)};`);
  }
  return [...lines, ""];
}

const registersOf = ({ used }: CompiledFunction["variables"]): number[] =>
  [...used].toSorted((a, b) => a - b);

/** For each function, the one that returns from it: to a caller that is known, or to one whose frame lies in memory. */
function returnLines({ variables }: CompiledFunction, { functions, targets }: CompiledUnit): string[] {
  const { number, type } = variables.code;
  const count = slotCount(type.results);
  const slots = Array.from({ length: count }, (_, slot) => slot);
  const ways = [...functions.values()].flatMap(({ variables: caller }) =>
    caller.code.instructions.flatMap((instruction, index) => {
      const { b } = instruction;
      const at = caller.code.start + index + 1;
      if (!targets.of(instruction).includes(number)) return [];
      const moves = slots.map((slot) => assignRegister([caller, b.value + slot], [variables, slot]));
      return [
        `if (${variables.returnTo} == ${at}u) {`,
        ...indented([...moves, "depth--;", `look(${at}u);`, "return;"]),
        "}",
      ];
    }),
  );
  const stores = slots.map(
    (slot) => `writeSlot(${variables.base} + ${slot}u, ${variables.registerValue(slot).long});`,
  );
  return define(`void leave${number}()`, [...ways, ...stores, `leaveFunction(${variables.base});`]);
}

function beginLines({ globalSlots, memoryCells }: Program): string[] {
  const lines = memoryCells.map((_, memory) => `${memorySizeName(memory)} = memoryBytes(${memory}u);`);
  for (let slot = 0; slot < globalSlots; slot++) lines.push(`${globalName(slot)} = readSlot(${slot}u);`);
  return lines;
}

function loadLines(functions: readonly CompiledFunction[]): string[] {
  const leaders = functions.flatMap(({ graph }) => leadersOf(graph));
  const loads = functions.flatMap(({ variables }) => {
    const { start, end } = variables.code;
    const registers = registersOf(variables).map((register) =>
      variables.assign(register, { text: `readSlot(base + ${register}u)`, type: "long" }),
    );
    const body = [`${variables.base} = base;`, `${variables.returnTo} = PARKED;`, ...registers];
    return [`if (resume - ${start}u < ${end - start}u) {`, ...indented(body), "}"];
  });
  return [
    "switch (resume) {",
    ...indented([...leaders.map((leader) => `case ${leader}u:`), "  break;", "default:", "  return false;"]),
    "}",
    ...loads,
    "next = resume;",
    "isInMemory = false;",
    "return true;",
  ];
}

function saveLines(functions: readonly CompiledFunction[], { targets }: CompiledUnit): string[] {
  const saves = functions.flatMap(({ variables }) => {
    const { start, end, instructions } = variables.code;
    const isCaller = instructions.some((each) => targets.of(each).length > 0);
    const registers = registersOf(variables).map((register) => {
      const slot = `${variables.base} + ${register}u`;
      const write = `writeSlot(${slot}, ${variables.registerValue(register).long});`;
      return isCaller ? `if (${slot} < limit) ${write}` : write;
    });
    const body = [
      ...registers,
      `if (limit == PARKED) base = ${variables.base};`,
      `limit = ${variables.base};`,
      `at = ${variables.returnTo};`,
      "if (at != PARKED) {",
      "  level--;",
      `  writeFrame(level, at, ${variables.callerBase});`,
      "}",
    ];
    return [`if (at - ${start}u < ${end - start}u) {`, ...indented(body), "}"];
  });
  return [
    "// Where the innermost function goes on, and then where each of its callers does.",
    "uint at = resume;",
    "// A function's registers end where those begin of what it called.",
    "uint limit = PARKED;",
    "uint level = depth;",
    ...saves,
  ];
}

function endLines({ globalSlots }: Program, functions: readonly CompiledFunction[]): string[] {
  const written = new Set(
    functions.flatMap(({ variables }) =>
      variables.code.instructions.flatMap(({ isGlobal, target }) => (isGlobal ? [target] : [])),
    ),
  );
  return Array.from({ length: globalSlots }, (_, slot) => slot)
    .filter((slot) => written.has(slot))
    .map((slot) => `writeSlot(${slot}u, ${globalName(slot)});`);
}
