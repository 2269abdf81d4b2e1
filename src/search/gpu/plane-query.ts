/** A program over bit planes on its way to the device: a count of lines, or their places. */
import { Deferred } from "../../engine/index.ts";
import type { LineCount } from "../backend/index.ts";
import type { PlaneProgram } from "../planes/index.ts";
import type { DeviceCorpus } from "./device-corpus.ts";
import { nextQueryNumber } from "./device-query.ts";
import type { FoundLines } from "./found-lines.ts";

/** What is asked of a program. */
export type PlaneWish = "count" | "places";

/** What a program tells. */
export interface PlaneAnswer extends LineCount {
  /** All lines that match, where their places were asked for. */
  readonly places: FoundLines | undefined;
}

/** See the head of this file. */
export class PlaneQuery extends Deferred {
  readonly number = nextQueryNumber();
  readonly corpus: DeviceCorpus;
  readonly program: PlaneProgram;
  readonly wish: PlaneWish;
  answer: PlaneAnswer | undefined;
  /** It waits for its launch, or was launched. */
  isQueued = false;

  constructor(corpus: DeviceCorpus, program: PlaneProgram, wish: PlaneWish) {
    super();
    this.corpus = corpus;
    this.program = program;
    this.wish = wish;
  }

  endWith(answer: PlaneAnswer): void {
    this.answer = answer;
    this.end();
  }
}
