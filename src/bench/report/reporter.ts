/**
 * Collects rows and shows each at once. So an interrupted run has lost nothing.
 *
 * Standard output has the table, or with --json the document at the end. Standard error has the progress.
 * With --record, the document is on disk after every row.
 */
import path from "node:path";
import { unwritable, writeBytesAtomicallySync, makeFolderSync } from "../../storage/index.ts";
import { type BenchDocument, DOCUMENT_VERSION, type Row, type Summary } from "./document.ts";
import { caseHeading, rowLine, summaryLine } from "./table.ts";

/** Where rows go. */
export interface ReporterOptions {
  readonly argv: readonly string[];
  readonly isJson: boolean;
  /** Folder for raw.json. */
  readonly recordFolder: string | undefined;
  readonly machine: object;
}

/** Where a benchmark writes. */
export interface ReporterOutput {
  writeOut(bytes: Uint8Array): void;
  writeError(text: string): void;
}

/** Reports the rows of a run. */
export class Reporter {
  readonly rows: Row[] = [];
  readonly #options: ReporterOptions;
  readonly #environment: ReporterOutput;
  readonly #startedAt = new Date();
  readonly #notes: Record<string, string> = {};
  readonly #summaries: Summary[] = [];
  #lastCase = "";

  constructor(options: ReporterOptions, environment: ReporterOutput) {
    this.#options = options;
    this.#environment = environment;
    if (options.recordFolder === undefined) return;
    try {
      makeFolderSync(options.recordFolder, 0o777);
    } catch (cause) {
      throw unwritable("the folder for records", options.recordFolder, cause);
    }
  }

  /** Shows what is being done. */
  progress(text: string): void {
    this.#environment.writeError(`everwarp bench: ${text}\n`);
  }

  /**
   * Adds a row.
   * @param isDraft a row with more samples will replace this one. Until then it is kept and not shown
   */
  add(row: Row, isDraft = false): void {
    const before = this.rows.findIndex(
      ({ case: caseName, subject, contender }) =>
        caseName === row.case && subject === row.subject && contender === row.contender,
    );
    if (before === -1) this.rows.push(row);
    else this.rows[before] = row;
    this.#record(false);
    if (isDraft) return;
    if (this.#options.isJson) {
      if (row.state !== "measured")
        this.progress(`${row.case}, ${row.subject}, ${row.contender}: ${row.state}: ${row.reason}`);
      return;
    }
    this.#show(row.case, rowLine(row));
  }

  /** Says what the times of a case are. It is shown over its rows, so it comes before them. */
  note(caseName: string, text: string): void {
    this.#notes[caseName] = text;
  }

  /** Adds what the rows of a contender say together. It is shown below its rows, so it comes after them. */
  summarize(summary: Summary): void {
    this.#summaries.push(summary);
    this.#record(false);
    if (!this.#options.isJson) this.#show(summary.case, summaryLine(summary));
  }

  #show(caseName: string, line: string): void {
    const heading =
      caseName === this.#lastCase ? "" : caseHeading(caseName, this.#lastCase === "", this.#notes[caseName]);
    this.#lastCase = caseName;
    this.#environment.writeOut(Buffer.from(heading + line));
  }

  /** @param isComplete every requested case has run */
  finish(isComplete: boolean): void {
    this.#record(isComplete);
    if (this.#options.isJson) this.#environment.writeOut(Buffer.from(this.#text(isComplete)));
  }

  get hasFailures(): boolean {
    return this.rows.some(({ state }) => state === "failed");
  }

  #text(isComplete: boolean): string {
    const document: BenchDocument = {
      format: "everwarp-bench",
      version: DOCUMENT_VERSION,
      isComplete,
      startedAt: this.#startedAt.toISOString(),
      elapsedMs: Date.now() - this.#startedAt.getTime(),
      // Records are published, so they do not say where a folder is on this machine.
      arguments: this.#options.argv.map((word) => (path.isAbsolute(word) ? path.basename(word) : word)),
      environment: this.#options.machine,
      rows: this.rows,
      ...(Object.keys(this.#notes).length === 0 ? {} : { notes: this.#notes }),
      ...(this.#summaries.length === 0 ? {} : { summaries: this.#summaries }),
    };
    return `${JSON.stringify(document, undefined, 1)}\n`;
  }

  #record(isComplete: boolean): void {
    const { recordFolder } = this.#options;
    if (recordFolder === undefined) return;
    const file = path.join(recordFolder, "raw.json");
    try {
      writeBytesAtomicallySync(file, Buffer.from(this.#text(isComplete)), { place: "named" });
    } catch (cause) {
      throw unwritable("the record", file, cause);
    }
  }
}
