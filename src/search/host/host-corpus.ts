/** A corpus in the host's shared memory, as the main thread holds it. */
import { EverwarpError } from "../../base/index.ts";
import type { LinearMemory } from "../../threads/index.ts";
import type { LoadedCorpus } from "../backend/index.ts";
import type { Corpus, Placement } from "../corpus/index.ts";
import { releaseSegments } from "./host-sink.ts";
import { SegmentSignatures, type SignatureMemory } from "./segment-signatures.ts";
import { WORD_COLUMN_BYTES } from "../signature/index.ts";
import { ScanKernel } from "../scanner/index.ts";

/** See `LoadedCorpus`. Made by `HostBackend.load`. */
export class HostCorpus implements LoadedCorpus {
  readonly id: number;
  readonly corpus: Corpus;
  readonly placement: Placement;
  /** Given up on unload, so that the memory can go. */
  #kernels: ScanKernel[] | undefined;
  #signatures: readonly SignatureMemory[] | undefined;
  readonly #unload: (corpus: HostCorpus) => Promise<void>;

  constructor(
    id: number,
    corpus: Corpus,
    placement: Placement,
    segments: readonly LinearMemory[],
    signatures: readonly SignatureMemory[] | undefined,
    unload: (corpus: HostCorpus) => Promise<void>,
  ) {
    this.id = id;
    this.corpus = corpus;
    this.placement = placement;
    this.#kernels = segments.map((memory) => new ScanKernel(memory));
    this.#signatures = signatures;
    this.#unload = unload;
  }

  /** This thread's, one per segment. @throws EW_CORPUS_UNKNOWN after unload */
  get kernels(): readonly ScanKernel[] {
    if (this.#kernels) return this.#kernels;
    throw new EverwarpError("EW_CORPUS_UNKNOWN", "the corpus was unloaded, its bytes are gone", {
      remedy: "Ask for lines, columns and contents before unload() and close().",
    });
  }

  bytes(file: number): Uint8Array | undefined {
    const { segment, start, length } = this.placement;
    const { memory } = this.kernels[segment[file]!] ?? {};
    return new Uint8Array(
      memory?.buffer ?? new ArrayBuffer(0),
      memory ? start[file]! : 0,
      memory ? length[file]! : 0,
    );
  }

  get signatureBytes(): number {
    return (this.#signatures ?? []).reduce((sum, { wordCount }) => sum + wordCount * WORD_COLUMN_BYTES, 0);
  }

  /** Are all signatures made? Threads make them behind the load. False where the corpus has none. */
  get isSigned(): boolean {
    return this.#signatures?.every((memory) => new SegmentSignatures(memory).isComplete) ?? false;
  }

  get sharedSegments(): readonly SharedArrayBuffer[] {
    return this.kernels.map(({ memory }) => memory.buffer);
  }

  unload(): Promise<void> {
    return this.#unload(this);
  }

  /** For the engine: no thread reads the memory any more. */
  release(): void {
    releaseSegments(this.kernels.map(({ memory }) => memory));
    releaseSegments((this.#signatures ?? []).map(({ memory }) => memory));
    this.#signatures = undefined;
    this.#kernels = undefined;
  }
}
