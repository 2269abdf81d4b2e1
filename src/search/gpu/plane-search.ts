/**
 * Counts of lines by bit planes, as a device backend offers them. What they need is made when lines are counted for the
 * first time, so that searches for hits alone pay nothing for it.
 */
import type { DeviceSession } from "../../residency/index.ts";
import { NO_LINES } from "../backend/index.ts";
import { FoundLines } from "./found-lines.ts";
import type { PlaneProgram } from "../planes/index.ts";
import type { DeviceCorpus } from "./device-corpus.ts";
import { KernelGround } from "./kernel-ground.ts";
import { PlaneLauncher } from "./plane-launcher.ts";
import { type PlaneAnswer, PlaneQuery } from "./plane-query.ts";
import { PlaneQueue } from "./plane-queue.ts";
import { planeShape, type PlaneTrial } from "./plane-shape.ts";
import { PlaneHitsTicket, PlaneTicket } from "./plane-ticket.ts";
import type { ScanShape } from "./scan-shape.ts";

const NOTHING: PlaneAnswer = {
  lines: 0,
  doubts: { file: new Uint32Array(0), end: new Uint32Array(0) },
  tier: "interpreted",
  places: new FoundLines(NO_LINES),
};

/** Runs something with the kernels stopped, and no query running. */
export type Change = (body: () => Promise<void>) => Promise<void>;

/** See the head of this file. */
export class PlaneSearch {
  readonly queue: PlaneQueue;
  readonly #launcher: PlaneLauncher;
  readonly #ground: KernelGround;
  readonly #change: Change;
  readonly #begin: (queue: PlaneQueue) => void;
  readonly #isSoftware: boolean;
  #hasBegun = false;

  constructor(
    session: DeviceSession,
    shape: ScanShape,
    options: {
      readonly change: Change;
      /** Called with the queue before its first query. */
      readonly begin: (queue: PlaneQueue) => void;
      readonly stallMs: number;
      readonly trial: PlaneTrial | undefined;
    },
  ) {
    this.#change = options.change;
    this.#begin = options.begin;
    this.#isSoftware = session.device.info.type === "cpu";
    this.#ground = new KernelGround(session, shape);
    this.#launcher = new PlaneLauncher(
      session,
      this.#ground,
      planeShape(session.device.info, session.profile, options.trial),
    );
    this.queue = new PlaneQueue(this.#launcher, options.stallMs);
    this.#launcher.onPays = (program) => this.#compileSoon(program);
  }

  /** Is everything there, so that a count needs no turn of the event loop? */
  isReady(corpus: DeviceCorpus, program: PlaneProgram): boolean {
    return corpus.segments.length === 0 || this.#launcher.isReady(program, corpus);
  }

  /** Counts the lines that a program tells. */
  count(corpus: DeviceCorpus, program: PlaneProgram): PlaneTicket {
    return new PlaneTicket(this.queue, this.#ask(new PlaneQuery(corpus, program, "count")));
  }

  /** Asks for the lines that a program tells. */
  lines(corpus: DeviceCorpus, program: PlaneProgram): PlaneHitsTicket {
    return new PlaneHitsTicket(this.queue, this.#ask(new PlaneQuery(corpus, program, "places")));
  }

  #ask(query: PlaneQuery): PlaneQuery {
    const { corpus, program } = query;
    if (!this.#hasBegun) this.#begin(this.queue);
    this.#hasBegun = true;
    if (corpus.segments.length === 0) query.endWith(NOTHING);
    else if (this.#launcher.isReady(program, corpus)) this.queue.add(query);
    else {
      this.#change(() => this.#launcher.prepare(program, corpus)).then(
        () => this.queue.add(query),
        (error: unknown) => query.end(error),
      );
    }
    return query;
  }

  /** Gives up what a corpus has. Nothing may be in flight. */
  forget(corpus: DeviceCorpus): void {
    this.#launcher.forget(corpus);
  }

  /** Nothing of it may run any more. */
  giveBack(): void {
    this.#launcher.dispose();
    this.#ground.giveBack();
  }

  /**
   * Compiles behind the answer that is on its way. Kernels run meanwhile; a software driver makes no pipeline while a
   * kernel stays, so there they are stopped. After a failure the program goes on as it did: the launcher keeps it.
   */
  #compileSoon(program: PlaneProgram): void {
    setImmediate(() => void this.#compile(program).catch(() => undefined));
  }

  async #compile(program: PlaneProgram): Promise<void> {
    const compile = () => this.#launcher.compile(program);
    await (this.#isSoftware ? this.#change(compile) : compile());
  }
}
