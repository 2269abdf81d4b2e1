/** What a tool is. */
import type { z } from "zod";
import type { CommandRunner } from "../command/index.ts";
import type { Roots } from "../roots/index.ts";

/** What every call of a tool is given. */
export interface Session {
  readonly roots: Roots;
  readonly commands: CommandRunner;
}

/** A tool of the server. */
export interface Tool<Schema extends z.ZodObject = z.ZodObject> {
  readonly name: string;
  /** A few words for people. */
  readonly title: string;
  /** What a model reads to decide whether to call it. */
  readonly description: string;
  readonly input: Schema;
  /**
   * Answers a call.
   * @param input what the schema made of the arguments
   * @throws EverwarpError, whose message tells the model what to do next
   */
  answer(input: z.output<Schema>, session: Session, signal: AbortSignal): Promise<string>;
}
