/** Places of an arena, filled through windows by the thread that reads files. */
import type { SinkWindow } from "./sink.ts";

/** What a thread asks of the main thread. */
export interface WindowSource {
  readonly chunkBytes: number;
  readonly maxPlaceBytes: number;
  /** Reserves a place and opens its first window. */
  reserve(lengthBytes: number): Promise<SinkWindow>;
  /** Opens the next window of a place. */
  open(segment: number, offsetBytes: number, lengthBytes: number): Promise<SinkWindow>;
  commit(window: SinkWindow, usedBytes: number): void;
  /** The window's memory as bytes. */
  bytes(window: SinkWindow): Uint8Array;
}

/** A place begins and ends at a multiple of this. */
export const ALIGNMENT_BYTES = 16;
const LINE_FEED = 10;

/** Length of a place for so much content: at least one byte more, up to the next multiple of 16. */
export const paddedLength = (contentBytes: number): number =>
  Math.floor(contentBytes / ALIGNMENT_BYTES + 1) * ALIGNMENT_BYTES;

/** Fills a place of its own through as many windows as the sink gives. */
export class PlaceWriter {
  readonly #source: WindowSource;
  readonly #lengthBytes: number;
  #position: { segment: number; offsetBytes: number } | undefined;
  #window: SinkWindow | undefined;
  #bytes: Uint8Array = new Uint8Array(0);
  #inWindow = 0;
  #written = 0;

  constructor(source: WindowSource, lengthBytes: number) {
    this.#source = source;
    this.#lengthBytes = lengthBytes;
  }

  async write(content: Uint8Array, length: number): Promise<void> {
    for (let done = 0; done < length;) {
      const room = await this.#room();
      const piece = Math.min(room, length - done);
      this.#bytes.set(content.subarray(done, done + piece), this.#inWindow);
      this.#inWindow += piece;
      this.#written += piece;
      done += piece;
    }
  }

  /** Pads with line feeds up to the next multiple of 16. @returns where the content begins */
  async finish(): Promise<{ segment: number; offsetBytes: number }> {
    const padding = paddedLength(this.#written) - this.#written;
    await this.write(new Uint8Array(padding).fill(LINE_FEED), padding);
    this.#source.commit(this.#window!, this.#inWindow);
    return this.#position!;
  }

  async #room(): Promise<number> {
    if (this.#window && this.#inWindow < this.#bytes.length) return this.#bytes.length - this.#inWindow;
    if (this.#window) this.#source.commit(this.#window, this.#inWindow);
    this.#window = this.#position
      ? await this.#source.open(
          this.#position.segment,
          this.#position.offsetBytes + this.#written,
          this.#lengthBytes - this.#written,
        )
      : await this.#source.reserve(this.#lengthBytes);
    this.#position ??= { segment: this.#window.segment, offsetBytes: this.#window.offsetBytes };
    this.#bytes = this.#source.bytes(this.#window);
    this.#inWindow = 0;
    return this.#bytes.length;
  }
}
