/** What each kind of plan asks of a backend. */
import type { Literal, Plan } from "../contracts.ts";

/**
 * What a request does with a corpus. `scan` finds every occurrence of literals, `match` the matches of an automaton in
 * every line, `lines` the lines for which a program over bit planes tells.
 */
export type Operation = "scan" | "match" | "lines";

const OPERATIONS: Readonly<Record<Plan["kind"], Operation | undefined>> = {
  literals: "scan",
  filter: "scan",
  automaton: "match",
  lines: "lines",
  whole: undefined,
  nothing: undefined,
};

/** The operation of a plan; undefined where a backend has nothing to look for. */
export function operationOf(plan: Plan): Operation | undefined {
  return OPERATIONS[plan.kind];
}

const NO_LITERALS: readonly Literal[] = [];

/** What a scan looks for: the literals of a plan, none where the plan has none. */
export function literalsOf(plan: Plan): readonly Literal[] {
  return plan.kind === "literals" || plan.kind === "filter" ? plan.literals : NO_LITERALS;
}

/** The plan that finds every occurrence of literals. */
export function scanPlan(literals: readonly Literal[]): Plan {
  return { kind: "literals", literals: [...literals], foldExceptions: [] };
}
