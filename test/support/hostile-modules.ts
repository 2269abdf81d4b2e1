/**
 * SPIR-V modules that are well formed, and made to take a reader's time or memory: each has one thing in great numbers.
 */
import {
  nestedLoops,
  branches,
  nestedBarriers,
  doublingConditions,
  exitsOfALoop,
  ladder,
  switches,
  calls,
  manyArguments,
  returnedValues,
} from "./hostile-branches.ts";
import {
  sharedVariables,
  valuesThatGoBack,
  members,
  copies,
  longArithmetic,
  phisOfPhis,
  unusedFunctions,
  wideValues,
  types,
  composites,
  debugInformation,
} from "./hostile-values.ts";
import { Op, type Shape } from "./spirv-assembly.ts";

/** Every shape by what it has many of, and how many make a module of some megabytes or a reader's longest way. */
export const HOSTILE_SHAPES: readonly (readonly [what: string, shape: Shape, count: number])[] = [
  ["loops in loops", nestedLoops, 20_000],
  ["conditional barriers", branches((to, end) => (to.barrier(), to.op(Op.Branch, end))), 20_000],
  ["barriers in branches in branches", nestedBarriers, 10_000],
  ["conditions of a && a", doublingConditions, 1_000],
  ["returns", branches((to) => to.op(Op.Return)), 60_000],
  ["ways out of a loop and back", exitsOfALoop, 20_000],
  ["steps of a ladder", ladder, 100_000],
  ["cases of switches", switches(0), 100_000],
  ["phis of many cases", switches(100), 30_000],
  ["calls in calls", calls(1), 5_000],
  ["calls that double", calls(2), 60],
  ["calls with many arguments", manyArguments, 50],
  ["returned values", returnedValues, 50_000],
  ["shared variables", sharedVariables, 60_000],
  ["values that go back", valuesThatGoBack, 50_000],
  ["members", members, 60_000],
  ["copies of a pointer", copies, 100_000],
  ["sums of sums", longArithmetic(Op.IAdd), 200_000],
  ["copies of a value", longArithmetic(Op.CopyObject), 200_000],
  ["phis of phis", phisOfPhis, 1_500],
  ["functions that nobody calls", unusedFunctions, 30_000],
  ["values with many parts", wideValues, 50],
  ["types of types", types, 100_000],
  ["constants of constants", composites, 50],
  ["names and lines", debugInformation, 20],
];
