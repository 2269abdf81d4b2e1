/**
 * What ripgrep says of binary files depends on where its buffer ends: of a NUL in the first buffer it says nothing, of
 * a later one what it had printed by then. An engine searches what comes before the NUL. So that its hits there can be
 * compared too, these parts are files of their own, which ripgrep searches as text.
 */
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import type { Corpus } from "../../search/index.ts";

const PIECE_BYTES = 1 << 20;

/** The parts of binary files that come before their first NUL. */
export class BinaryHeads {
  readonly folder = mkdtempSync(path.join(os.tmpdir(), "everwarp-heads-"));
  /** The binary files, by the path of their head. */
  readonly #files: string[] = [];
  readonly #isBinary: ReadonlySet<string>;

  constructor(corpus: Corpus) {
    const piece = Buffer.allocUnsafe(PIECE_BYTES);
    for (let file = 0; file < corpus.fileCount; file++) {
      const head = headOf(corpus.files.openPath(file), piece);
      if (head === undefined || corpus.files.explicit(file)) continue;
      writeFileSync(path.join(this.folder, String(this.#files.length)), head);
      this.#files.push(corpus.files.path(file));
    }
    this.#isBinary = new Set(this.#files);
  }

  get count(): number {
    return this.#files.length;
  }

  /** Is the file a binary one? */
  has(file: string): boolean {
    return this.#isBinary.has(file);
  }

  /** The binary file that a head was made of. */
  fileOf(headPath: string): string {
    return this.#files[Number(path.basename(headPath))] as string;
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** @returns what comes before the first NUL; undefined for a file that is text, or cannot be read */
function headOf(file: string | Buffer, piece: Buffer): Buffer | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(file, "r");
  } catch {
    return undefined; // both pass over it, and the comparison would show it if not
  }
  try {
    const head: Buffer[] = [];
    for (;;) {
      const length = readSync(descriptor, piece, 0, piece.length, null);
      if (length === 0 || (head.length === 0 && isUtf16(piece, length))) return undefined;
      const end = piece.subarray(0, length).indexOf(0);
      head.push(Buffer.from(piece.subarray(0, end === -1 ? length : end)));
      if (end !== -1) return Buffer.concat(head);
    }
  } finally {
    closeSync(descriptor);
  }
}

/** Such files are decoded, and have a NUL in most characters before. */
function isUtf16(piece: Buffer, length: number): boolean {
  if (length < 2) return false;
  const mark = piece.readUInt16LE(0);
  return mark === 0xfeff || mark === 0xfffe;
}
