/** Nothing undecided. */
import type { UndecidedLines } from "./backend.ts";

const NOTHING = new Uint32Array(0);

/** The undecided lines of an answer that decides everything. */
export const NO_LINES: UndecidedLines = { count: 0, file: NOTHING, line: NOTHING, offset: NOTHING };
