/** A count of lines on the device. */
import { Deferred } from "../../engine/index.ts";
import type { LineCount } from "../backend/index.ts";
import type { PlaneProgram } from "../planes/index.ts";
import type { DeviceCorpus } from "./device-corpus.ts";
import { nextQueryNumber } from "./device-query.ts";

/** See the head of this file. */
export class PlaneQuery extends Deferred {
  readonly number = nextQueryNumber();
  readonly corpus: DeviceCorpus;
  readonly program: PlaneProgram;
  answer: LineCount | undefined;
  /** It waits for its launch, or was launched. */
  isQueued = false;

  constructor(corpus: DeviceCorpus, program: PlaneProgram) {
    super();
    this.corpus = corpus;
    this.program = program;
  }

  endWith(answer: LineCount): void {
    this.answer = answer;
    this.end();
  }
}
