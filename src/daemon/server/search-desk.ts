/**
 * Decides what is answered here, and has it answered.
 *
 * Guarantee: a search that is not answered here was declined before any byte of its output was sent. The one exception
 * is a fault of the service itself, and `failed` tells it.
 */
import { existsSync } from "node:fs";
import { EverwarpError } from "../../base/index.ts";
import { inDirectory } from "../../search/index.ts";
import {
  type Decline,
  decodeQuestion,
  decodeRequest,
  FRAME,
  type Frame,
  isOfThisVersion,
  type Question,
  type SearchRequest,
} from "../protocol/index.ts";
import type { Answer } from "./answer.ts";
import type { NamedTrees } from "./named-trees.ts";
import { answerQuestion } from "./question-answer.ts";
import type { PlannedSearch, SearchContext, SearchService } from "./search-service.ts";

/** So many searches run at a time. A client that does not read its answer has one of them. */
const RUNNING_MAX = 128;

/** What is needed to decide. */
export interface DeskOptions {
  /** The version of the package. Clients of another one are declined. */
  readonly version: string;
  readonly service: SearchService;
}

/** Something to be answered. */
interface Work {
  /** It is about these, absolute. */
  readonly paths: readonly string[];
  readonly namesTrees: boolean;
  /** It has no end of its own. */
  readonly isEndless: boolean;
  /** @returns the exit code; undefined where this cannot be answered here */
  answer(answer: Answer, signal: AbortSignal): Promise<number | undefined>;
  /** How a client is told of an error. */
  fail(answer: Answer, error: unknown): void;
}

const NOT_HELD: Decline = { reason: "notHeld", text: "" };
const BUSY: Decline = { reason: "busy", text: "the daemon answers as many as it can" };

/** Answers searches and questions. */
export class SearchDesk {
  readonly counts = { answered: 0, declined: 0, cancelled: 0, failed: 0 };
  readonly #options: DeskOptions;
  readonly #trees: NamedTrees;
  readonly #running = new Map<AbortController, Work>();

  constructor(options: DeskOptions, trees: NamedTrees) {
    this.#options = options;
    this.#trees = trees;
  }

  /** What is being answered now. */
  get running(): number {
    return this.#running.size;
  }

  /** Calls off what would never end by itself. */
  cancelEndless(): void {
    for (const [cancel, { isEndless }] of this.#running) if (isEndless) cancel.abort();
  }

  /** Calls off all that runs. */
  cancelAll(): void {
    for (const each of this.#running.keys()) each.abort();
  }

  /**
   * Answers one search or question, or declines it.
   * @param isGone aborted when the client is gone
   * @throws EW_DAEMON_PROTOCOL for what is no request
   */
  async answer(frame: Frame, answer: Answer, isGone: AbortSignal): Promise<void> {
    const work = this.#read(frame);
    if ("reason" in work) {
      this.counts.declined++;
      return answer.decline(work);
    }
    const cancel = new AbortController();
    const onGone = (): void => cancel.abort();
    isGone.addEventListener("abort", onGone);
    this.#running.set(cancel, work);
    try {
      answer.accept();
      await this.#run(work, answer, cancel.signal);
    } finally {
      this.#running.delete(cancel);
      isGone.removeEventListener("abort", onGone);
    }
  }

  #read({ kind, payload }: Frame): Work | Decline {
    const { version } = this.#options;
    if (!isOfThisVersion(payload)) return otherVersion(version, "another protocol");
    const asked = kind === FRAME.search ? decodeRequest(payload) : decodeQuestion(payload);
    if (asked === undefined) return NOT_HELD;
    if (asked.clientVersion !== version) return otherVersion(version, asked.clientVersion);
    if (this.#running.size >= RUNNING_MAX) return BUSY;
    const work = "argv" in asked ? this.#planned(asked) : this.#asked(asked);
    if (work === undefined) return NOT_HELD;
    if (work.namesTrees) this.#nameTreesOf(work.paths);
    return this.#trees.hold(work.paths) ? work : NOT_HELD;
  }

  #planned(request: SearchRequest): Work | undefined {
    let planned: PlannedSearch | undefined;
    try {
      planned = this.#options.service.plan(request);
    } catch (error) {
      // The client finds the same error in its own arguments, and tells it.
      if (error instanceof EverwarpError) return undefined;
      throw error;
    }
    if (planned === undefined) return undefined;
    const { paths, namesTrees } = planned;
    return {
      paths,
      namesTrees,
      isEndless: false,
      answer: (answer, signal) => planned.search(contextOf(request, answer), signal),
      fail: (answer, error) =>
        answer.decline({ reason: "failed", text: error instanceof Error ? error.message : String(error) }),
    };
  }

  #asked(question: Question): Work {
    const { cwd, paths, namesTrees, kind } = question;
    return {
      paths: paths.length === 0 ? [cwd] : paths.map((path) => inDirectory(cwd, path)),
      namesTrees,
      isEndless: kind === "changes",
      answer: (answer, signal) => answerQuestion(question, this.#options.service.trees, answer, signal),
      fail: (answer, error) => answer.fail(error),
    };
  }

  #nameTreesOf(paths: readonly string[]): void {
    for (const path of paths) {
      const tree = existsSync(path) ? this.#trees.add(path) : undefined;
      if (tree !== undefined) this.#options.service.hold(tree);
    }
  }

  async #run(work: Work, answer: Answer, signal: AbortSignal): Promise<void> {
    try {
      const code = await work.answer(answer, signal);
      if (answer.isOver || signal.aborted) return this.#cancelled(answer);
      if (code === undefined) {
        this.counts.declined++;
        answer.decline(answer.hasOutput ? { reason: "failed", text: "the search ended early" } : NOT_HELD);
      } else {
        this.counts.answered++;
        answer.exit(code);
      }
    } catch (error) {
      if (answer.isOver || signal.aborted) return this.#cancelled(answer);
      this.counts.failed++;
      work.fail(answer, error);
    }
  }

  /** The client is gone, or the daemon ends. */
  #cancelled(answer: Answer): void {
    this.counts.cancelled++;
    answer.decline({ reason: answer.hasOutput ? "failed" : "ending", text: "the daemon ended" });
  }
}

function otherVersion(version: string, clientVersion: string): Decline {
  return {
    reason: "otherVersion",
    text:
      `the daemon is of version ${version}, and this is ${clientVersion}; searching without it. ` +
      "everwarp serve --stop ends the daemon.",
  };
}

function contextOf({ cwd, env, facts }: SearchRequest, answer: Answer): SearchContext {
  return {
    ...facts,
    cwd,
    env,
    messagesLost: false,
    writeOut: (bytes) => answer.writeOut(bytes),
    writeError: (text) => answer.writeError(text),
    pause: () => answer.pause(),
  };
}
