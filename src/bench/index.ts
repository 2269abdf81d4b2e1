/** The benchmarks of `everwarp bench`: each measures a system through its public classes and checks every answer. */
export { CASES } from "./cases.ts";
export type { BenchCase, BenchOptions } from "./context/index.ts";
export { type UnmeasuredRow, type Machine, describeMachine, Reporter } from "./report/index.ts";
export { type GeneratedCorpora, generatedCorpora } from "./corpora/index.ts";
export { answerChild } from "./programs/index.ts";
export { QUERY_KINDS } from "./search/index.ts";
