/** Patterns as automata over bytes: tables that find every match of a line, leftmost-first. */
export { type AutomatonLimits, compileAutomaton } from "./compile-automaton.ts";
export { CONTEXT, type Context, contextOf, DEAD, QUIT } from "./line-automaton.ts";
