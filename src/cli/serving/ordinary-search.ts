/**
 * A service without memory: each search reads its files anew, as `everwarp search` does in a process of its own.
 *
 * Invariant: one search runs at a time, because the process has one working directory and one HOME. Another one that
 * comes meanwhile is not answered, and its client searches by itself.
 */
import type { SearchContext, SearchService } from "../../daemon/index.ts";
import { runGrep } from "../../search/index.ts";
import { toGrepOptions } from "../flags/index.ts";
import { exitCodeOf } from "../terminal/index.ts";
import type { ArgumentReader } from "./search-scope.ts";

/** Variables that the walk reads from the process. */
const VARIABLES_OF_WALK = ["HOME", "XDG_CONFIG_HOME"];

/** Searches one after another. */
export class OrdinarySearch implements SearchService {
  readonly #readArguments: ArgumentReader;
  readonly #trees: string[] = [];
  #isRunning = false;

  constructor(readArguments: ArgumentReader) {
    this.#readArguments = readArguments;
  }

  async search(argv: readonly string[], context: SearchContext): Promise<number | undefined> {
    if (this.#isRunning) return undefined;
    this.#isRunning = true;
    const leave = enter(context);
    try {
      return await exitCodeOf(context, async () => {
        const options = toGrepOptions(this.#readArguments(argv, context), context);
        // On threads, the whole process waits for a search.
        return await runGrep({ ...options, workerThreads: 1 }, context);
      });
    } finally {
      leave();
      this.#isRunning = false;
    }
  }

  hold(tree: string): void {
    this.#trees.push(tree);
  }

  stats(): object {
    return { kind: "ordinary", trees: this.#trees.length };
  }

  async close(): Promise<void> {}
}

/** Takes the working directory and the variables of a client. @returns takes back those of the process */
function enter({ cwd, env }: SearchContext): () => void {
  const before = process.cwd();
  const saved = VARIABLES_OF_WALK.map((name) => [name, process.env[name]] as const);
  process.chdir(cwd);
  for (const name of VARIABLES_OF_WALK) setVariable(name, env[name]);
  return () => {
    process.chdir(before);
    for (const [name, value] of saved) setVariable(name, value);
  };
}

function setVariable(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name];
  else process.env[name] = value;
}
