/** Asks resident trees, ripgrep and the ordinary search the same thing. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { EverwarpError } from "../../src/base/index.ts";
import { readArguments, runSearch } from "../../src/cli/commands/search.ts";
import { ResidentSearch } from "../../src/cli/serving/index.ts";
import type { CommandContext } from "../../src/cli/terminal/index.ts";
import { exitCodeOf } from "../../src/cli/terminal/index.ts";
import type { PlannedSearch, ResidentTrees, SearchContext } from "../../src/daemon/index.ts";
import { type Outcome, runRipgrep } from "./cli.ts";

/** A client in a directory, and what it has read so far. */
export class Client {
  readonly context: CommandContext & SearchContext & { readonly cwd: string };
  #out: Buffer[] = [];
  #errors = "";

  constructor(cwd: string, stdoutFile?: CommandContext["stdoutFile"]) {
    this.context = {
      cwd,
      env: { HOME: "/nonexistent", XDG_CONFIG_HOME: "/nonexistent" },
      stdoutIsTerminal: false,
      stderrIsTerminal: false,
      stdinIsReadable: false,
      stdoutFile,
      messagesLost: false,
      pause: () => undefined,
      writeOut: (bytes) => void this.#out.push(Buffer.from(bytes)),
      writeError: (text) => void (this.#errors += text),
    };
  }

  /** As the daemon answers; −1 for what it leaves to its client. */
  async resident(
    trees: ResidentTrees,
    args: readonly string[],
    signal = new AbortController().signal,
  ): Promise<Outcome> {
    const { cwd, env } = this.context;
    const service = new ResidentSearch(trees, readArguments);
    let plan: PlannedSearch | undefined;
    try {
      plan = service.plan({
        clientVersion: "",
        cwd,
        argv: args,
        env: { ...env } as Record<string, string>,
        facts: this.context,
      });
    } catch (error) {
      if (error instanceof EverwarpError) return this.ordinary(args); // the client tells it
      throw error;
    }
    return this.#outcome((await plan?.search(this.context, signal)) ?? -1);
  }

  async ordinary(args: readonly string[]): Promise<Outcome> {
    const openEngine = async (): Promise<undefined> => undefined;
    return this.#outcome(await exitCodeOf(this.context, () => runSearch(args, this.context, { openEngine })));
  }

  #outcome(code: number): Outcome {
    const outcome = { code, stdout: Buffer.concat(this.#out), stderr: this.#errors };
    this.#out = [];
    this.#errors = "";
    return outcome;
  }
}

/** What is different between memory and the disk, in words; undefined for nothing. */
export async function residentDifference(
  trees: ResidentTrees,
  cwd: string,
  args: readonly string[],
): Promise<string | undefined> {
  const client = new Client(cwd);
  const resident = await client.resident(trees, args);
  const ordinary = await client.ordinary(args);
  const ripgrep = runRipgrep(cwd, args);
  const lines = (text: string): string => text.split("\n").toSorted().join("\n");
  const told = (outcome: Outcome): string =>
    `${outcome.code}\n${outcome.stdout.toString("latin1")}\n${lines(outcome.stderr)}`;
  if (told(resident) !== told(ordinary))
    return `${args.join(" ")}\n--- resident\n${told(resident)}\n--- ordinary\n${told(ordinary)}`;
  if (resident.code === ripgrep.code && resident.stdout.equals(ripgrep.stdout)) return undefined;
  return `${args.join(" ")}\n--- resident\n${told(resident)}\n--- ripgrep\n${told(ripgrep)}`;
}

/** Expects of memory what the disk gives, file by file. */
export async function expectSame(trees: ResidentTrees, cwd: string, ...args: string[]): Promise<void> {
  expect(await residentDifference(trees, cwd, [...args, "--sort", "path"])).toBeUndefined();
}

/** Makes files with a needle and some more bytes each. */
export function fill(root: string, count: number, bytes: number): void {
  mkdirSync(root, { recursive: true });
  for (let index = 0; index < count; index++)
    writeFileSync(join(root, `${index}.txt`), `needle ${index}\n${"x".repeat(bytes)}\n`);
}
