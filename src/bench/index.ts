/** The door of bench: what other folders may use. */
export { CASES } from "./cases.ts";
export type { BenchCase, BenchOptions } from "./context.ts";
export type { UnmeasuredRow } from "./document.ts";
export { type GeneratedCorpora, generatedCorpora } from "./generated-corpus.ts";
export { type Machine, describeMachine } from "./machine.ts";
export { answerChild } from "./programs-child.ts";
export { Reporter } from "./reporter.ts";
export { QUERY_KINDS } from "./search-tree.ts";
