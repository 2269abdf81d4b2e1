/**
 * What ripgrep prints for each query in each state of a tree.
 *
 * The parts of an answer that lie in the changing folder are taken in each state, and all others once. An answer that
 * was under way while the tree changed may have one file as it was before and another as it is after. So where no
 * state has the whole answer, each file must be as some state has it that the answer was under way in.
 */
import { EverwarpError } from "../../base/index.ts";
import { runProcess } from "../processes/index.ts";
import { CHANGING } from "./changing-folder.ts";

/** How a line of standard error begins in the answers of clients. */
export const TOLD = "standard error: ";

/** Whether an answer is right: as a state has it, or file by file as several states have it. */
export type Verdict = "one state" | "several states" | "wrong";

/** The lines of each file, sorted. Files that print nothing are not there. */
type LinesByFile = ReadonlyMap<string, string>;

interface Known {
  /** Of the files that never change, sorted. */
  readonly lasting: string;
  /** By state. */
  readonly changing: LinesByFile[];
}

/** See the head of this file. */
export class KnownAnswers {
  readonly #rg: string;
  readonly #tree: string;
  readonly #queries: readonly (readonly string[])[];
  readonly #known: Known[];
  /** Answers that were split already, by their text: most come again and again. */
  readonly #split = new Map<string, { lasting: string; changing: LinesByFile }>();

  /** Asks ripgrep for the whole tree. @param rg ripgrep's path */
  constructor(rg: string, tree: string, queries: readonly (readonly string[])[]) {
    this.#rg = rg;
    this.#tree = tree;
    this.#queries = queries;
    this.#known = queries.map((args) => ({ lasting: splitAnswer(this.#ask(args)).lasting, changing: [] }));
  }

  /** Asks ripgrep for the changing folder, as it is in a state. */
  learn(state: number): void {
    for (const [index, args] of this.#queries.entries()) {
      const words = args.includes(CHANGING) ? args : [...args, CHANGING];
      (this.#known[index] as Known).changing[state] = splitAnswer(this.#ask(words)).changing;
    }
  }

  /** Asks ripgrep for the whole tree in a state. @throws EW_BENCH_WRONG_RESULT where that is not what was learnt */
  verify(state: number): void {
    for (const [index, args] of this.#queries.entries())
      if (this.verdict(index, this.#ask(args), [state]) !== "one state")
        throw new EverwarpError("EW_BENCH_WRONG_RESULT", `rg ${args.join(" ")} is not what its parts are`);
  }

  /** @param states those that the answer was under way in, oldest first */
  verdict(query: number, output: string, states: readonly number[]): Verdict {
    const { lasting, changing: known } = this.#known[query] as Known;
    const answer = this.#splitOnce(output);
    if (answer.lasting !== lasting) return "wrong";
    const possible = states.map((state) => known[state] as LinesByFile);
    if (possible.some((each) => isSame(each, answer.changing))) return "one state";
    const files = new Set([...answer.changing.keys(), ...possible.flatMap((each) => [...each.keys()])]);
    const isRight = [...files].every((file) =>
      possible.some((each) => each.get(file) === answer.changing.get(file)),
    );
    return isRight ? "several states" : "wrong";
  }

  #splitOnce(output: string): { lasting: string; changing: LinesByFile } {
    let split = this.#split.get(output);
    if (split === undefined) {
      if (this.#split.size > 20_000) this.#split.clear();
      this.#split.set(output, (split = splitAnswer(output)));
    }
    return split;
  }

  #ask(args: readonly string[]): string {
    const { stdout } = runProcess([this.#rg, "--no-config", ...args], this.#tree);
    return stdout.toString("latin1");
  }
}

function isSame(a: LinesByFile, b: LinesByFile): boolean {
  return a.size === b.size && [...a].every(([file, lines]) => b.get(file) === lines);
}

/** Lines of files: `path`, or `path:` and the rest. The order of files is free. */
function splitAnswer(output: string): { lasting: string; changing: LinesByFile } {
  const lasting: string[] = [];
  const changing = new Map<string, string>();
  for (const line of output.split("\n")) {
    if (line.startsWith(TOLD)) continue;
    if (!line.startsWith(`${CHANGING}/`)) lasting.push(line);
    else {
      const file = line.split(":", 1)[0] as string;
      changing.set(file, `${changing.get(file) ?? ""}${line}\n`);
    }
  }
  return { lasting: lasting.toSorted().join("\n"), changing };
}
