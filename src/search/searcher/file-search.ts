/**
 * Searches whole files: opens them, decodes them, and chooses the cheapest way that gives ripgrep's lines.
 *
 *   in memory, no NUL (nearly always) ──▶ one pass over the bytes
 *   in memory, a NUL, one piece       ──▶ one pass that looks for the NUL in the lines it tells
 *   a NUL in a stream, stdin, huge    ──▶ through the stream buffer, whose borders decide what the NUL stops
 *   matches across lines              ──▶ the whole file as one text, whatever it is
 *
 * A file without a match costs one scan. The search for a NUL is made only when it matters.
 */
import { closeSync, fstatSync, openSync } from "node:fs";
import type { FoundFile, Matcher } from "../contracts.ts";
import {
  type CandidateList,
  type CandidateSource,
  ListedCandidates,
  MatcherCandidates,
} from "./candidates.ts";
import {
  type Decoding,
  decode,
  DecodingReader,
  decodingOf,
  LONGEST_MARK_BYTES,
  type BinaryMode,
  type ByteReader,
  DescriptorReader,
  LineBuffer,
  MemoryReader,
  openAtOnce,
  placeOf,
  readAll,
  readDescriptor,
  STREAM_BUFFER_BYTES,
} from "../content/index.ts";
import { LineSearch } from "./line-search.ts";
import type { LineFeedCounter, LineTeller } from "./line-teller.ts";
import type { SearcherOptions } from "./options.ts";
import type { Sink } from "./sink.ts";
import { MultilineSearch } from "./multiline-search.ts";

const FIRST_READ_BYTES = 1024 * 1024;
/** Step in which a huge file that counts as one piece is searched. */
const PIECE_STEP_BYTES = 16 * 1024 * 1024;

/**
 * Returns the same memory each time, with its content. For a larger size, it returns more memory with the
 * same content.
 */
export type ReadingBuffer = (sizeBytes: number) => Uint8Array;

function keptBuffer(): ReadingBuffer {
  let kept = Buffer.alloc(0);
  return (sizeBytes) => {
    if (kept.length < sizeBytes) {
      const larger = Buffer.allocUnsafeSlow(sizeBytes);
      kept.copy(larger);
      kept = larger;
    }
    return kept.subarray(0, sizeBytes);
  };
}

/** Searches one file after another, and tells a sink what it finds. */
export class FileSearch {
  private readonly options: SearcherOptions;
  private readonly sink: Sink;
  private readonly lines: LineSearch;
  /** Where a match may have several lines, whole files are searched. */
  private readonly texts: MultilineSearch | undefined;
  private readonly scanned: MatcherCandidates;
  private readonly listed = new ListedCandidates();
  private readonly stream: LineBuffer;
  private steps: LineBuffer | undefined;
  private readonly readingBuffer: ReadingBuffer;
  /** A file without a candidate prints and counts nothing, so it can be skipped at once. */
  private readonly silentWithoutCandidate: boolean;
  /** If a NUL ends a line, two parts of a line may match that did not match as one. */
  private readonly splittingMakesMatches: boolean;
  private readonly details: boolean;

  /**
   * @param details the sink shows something (statistics, a zero, a path) even for a file without a match
   * @param readingBuffer memory to read files into. A scanner may have memory that it scans faster
   * @param countLineFeeds counts line feeds faster than a loop
   */
  constructor(
    options: SearcherOptions,
    matcher: Matcher,
    sink: Sink,
    details: boolean,
    readingBuffer: ReadingBuffer = keptBuffer(),
    countLineFeeds?: LineFeedCounter,
  ) {
    this.options = options;
    this.readingBuffer = readingBuffer;
    this.sink = sink;
    this.scanned = new MatcherCandidates(matcher);
    this.lines = new LineSearch(options, matcher, this.scanned, sink, countLineFeeds);
    if (matcher.acrossLines === true)
      this.texts = new MultilineSearch(options, matcher, sink, countLineFeeds);
    this.stream = new LineBuffer(options.lineTerminator);
    this.silentWithoutCandidate =
      !details && !options.invertMatch && !options.passthru && options.lineTerminator === 10;
    this.splittingMakesMatches = matcher.plan.kind === "whole";
    this.details = details;
  }

  /** Limits the matches of each further file, as -m does. More than -m allows are never told. */
  limit(maxCount: number): void {
    this.teller.maxCount = Math.min(maxCount, this.options.maxCount);
  }

  /** Matches of the last file, as -m counts them. Of a file in which nothing matched, it is not defined. */
  get count(): number {
    return this.teller.count;
  }

  private get teller(): LineTeller {
    return this.texts ?? this.lines;
  }

  /** The place where a search of a stream stops is visible in the statistics. */
  private get bordersShow(): boolean {
    return this.details && this.lines.maxCount !== Infinity && this.options.afterContext > 0;
  }

  /** Opens and searches a file. @throws a system error when it cannot be opened or read */
  searchFile(file: FoundFile): void {
    const path = placeOf(file, this.options.directory);
    // A pipe that is named is waited for. A file that was found may have been replaced by one.
    const descriptor = file.explicit ? openSync(path, "r") : openAtOnce(path);
    try {
      this.searchDescriptor(descriptor, file.explicit);
    } finally {
      closeSync(descriptor);
    }
  }

  /** Searches standard input, which is always a stream. */
  searchStdin(): void {
    this.searchStream(new DescriptorReader(0, Buffer.alloc(0)), this.options.binaryExplicit);
  }

  /** Searches what a reader gives, as a stream. */
  searchReader(reader: ByteReader, explicit: boolean): void {
    this.searchStream(reader, explicit ? this.options.binaryExplicit : this.options.binaryImplicit);
  }

  private searchDescriptor(descriptor: number, explicit: boolean): void {
    const { windowBytes } = this.options;
    let memory = this.memoryOf(Math.min(FIRST_READ_BYTES, windowBytes + 1));
    let filled = 0;
    for (;;) {
      // The beginning is searched first: in a file that the user did not name, a NUL there ends the search.
      const wanted =
        filled < STREAM_BUFFER_BYTES ? Math.min(STREAM_BUFFER_BYTES, memory.length) : memory.length;
      const count = readDescriptor(descriptor, memory, filled, wanted - filled);
      if (count === 0) break;
      filled += count;
      if (filled === STREAM_BUFFER_BYTES && !explicit && this.beginsBinary(memory, filled)) return;
      if (filled < memory.length) continue;
      if (filled > windowBytes) {
        const binary = explicit ? this.options.binaryExplicit : this.options.binaryImplicit;
        return this.searchStream(new DescriptorReader(descriptor, memory.subarray(0, filled)), binary);
      }
      // The buffer has the size that the file says. If the file is longer, the size is doubled.
      const sizeBytes = fstatSync(descriptor).size;
      const larger = sizeBytes > filled ? sizeBytes + 1 : filled * 2;
      memory = this.memoryOf(Math.min(larger, windowBytes + 1));
    }
    this.searchBytes(memory.subarray(0, filled), explicit);
  }

  /** The reading buffer, with its content so far. */
  private memoryOf(sizeBytes: number): Buffer {
    const { buffer, byteOffset, byteLength } = this.readingBuffer(sizeBytes);
    return Buffer.from(buffer, byteOffset, byteLength);
  }

  /** Reports a file that a stream would stop reading at its beginning. @returns false for any other file */
  private beginsBinary(bytes: Buffer, length: number): boolean {
    if (this.options.binaryImplicit !== "quit" || this.options.asOnePiece) return false;
    const { skipBytes, label } = decodingOf(bytes, length, this.options.encoding);
    if (label !== undefined) return false;
    const nul = bytes.subarray(skipBytes, length).indexOf(0);
    if (nul === -1) return false;
    this.sink.begin("quit");
    this.sink.binaryData(nul);
    this.sink.finish(0, nul);
    return true;
  }

  /**
   * Searches a file that is in memory. `bytes` is not changed.
   * @param hits offsets in `bytes` that an engine found
   */
  searchBytes(bytes: Buffer, explicit: boolean, hits?: CandidateList): void {
    const { options, sink } = this;
    const binary = explicit ? options.binaryExplicit : options.binaryImplicit;
    sink.begin(binary);
    const { skipBytes, label } = decodingOf(bytes, bytes.length, options.encoding);
    let text = bytes;
    let start = skipBytes;
    let candidates: CandidateSource = this.scanned;
    if (label !== undefined) {
      text = decode(bytes.subarray(skipBytes), label);
      start = 0;
    } else if (hits !== undefined) {
      this.listed.use(hits);
      candidates = this.listed;
    }
    if (this.texts !== undefined) return this.searchWhole(this.texts, text, start, binary);
    this.scanned.forget();
    const end = text.length;
    if (this.silentWithoutCandidate && !(this.splittingMakesMatches && binary === "convert")) {
      if (
        candidates === this.scanned ? this.scanned.peek(text, start, end) === -1 : hits?.from === hits?.to
      ) {
        sink.finish(end - start, -1);
        this.stream.noteText(text, start, end);
        return;
      }
    }
    if (options.asOnePiece && skipBytes === 0 && label === undefined)
      this.searchPiece(text, candidates, binary);
    else if (
      (binary !== "none" && text.indexOf(0, start) !== -1) ||
      (this.bordersShow && end - start > STREAM_BUFFER_BYTES)
    ) {
      this.scanned.forget();
      this.searchThroughBuffer(new MemoryReader(text, start), this.stream, binary, "none");
    } else this.searchText(text, start, candidates);
  }

  /**
   * Searches text without a NUL as one piece. A last line without a terminator is searched alone, as a stream
   * does it.
   */
  private searchText(text: Buffer, start: number, candidates: CandidateSource): void {
    const { lines } = this;
    const end = text.length;
    lines.reset(candidates, start, -start, "none");
    const wholeLinesEnd =
      end === start ? end : Math.max(start, text.lastIndexOf(this.options.lineTerminator) + 1);
    const more = wholeLinesEnd === start || lines.search(text, wholeLinesEnd);
    if (more && wholeLinesEnd < end) {
      lines.roll(text, wholeLinesEnd);
      lines.search(text, end);
    }
    this.sink.finish(lines.position + lines.origin, -1);
    this.stream.noteText(text, start, lines.position);
  }

  private searchPiece(text: Buffer, candidates: CandidateSource, binary: BinaryMode): void {
    const { lines } = this;
    lines.reset(candidates, 0, 0, binary);
    if (!lines.detectBinary(text, 0, Math.min(text.length, STREAM_BUFFER_BYTES)))
      while (lines.position < text.length && lines.search(text, text.length));
    this.finishPiece(lines);
  }

  private searchWhole(texts: MultilineSearch, text: Buffer, start: number, binary: BinaryMode): void {
    texts.search(text, start, binary);
    this.finishPiece(texts);
  }

  private finishPiece(lines: LineTeller): void {
    const searchedBytes = lines.origin + lines.position;
    const nul = lines.binaryOffset;
    this.sink.finish(nul !== -1 && nul < searchedBytes ? nul : searchedBytes, nul);
  }

  /** Searches the bytes of a reader, of any length. */
  private searchStream(source: ByteReader, binary: BinaryMode): void {
    this.sink.begin(binary);
    if (this.texts !== undefined) {
      const bytes = readAll(source);
      const { skipBytes, label } = decodingOf(bytes, bytes.length, this.options.encoding);
      if (label === undefined) this.searchWhole(this.texts, bytes, skipBytes, binary);
      else this.searchWhole(this.texts, decode(bytes.subarray(skipBytes), label), 0, binary);
      return;
    }
    this.scanned.forget();
    const head = Buffer.allocUnsafe(LONGEST_MARK_BYTES);
    let length = 0;
    while (length < LONGEST_MARK_BYTES) {
      const count = source.read(head, length, LONGEST_MARK_BYTES - length);
      if (count === 0) break;
      length += count;
    }
    const decoding: Decoding = decodingOf(head, length, this.options.encoding);
    let reader: ByteReader = new ChainedReader(head.subarray(decoding.skipBytes, length), source);
    if (decoding.label !== undefined) reader = new DecodingReader(reader, decoding.label);
    const onePiece = this.options.asOnePiece && decoding.skipBytes === 0 && decoding.label === undefined;
    if (onePiece && source instanceof DescriptorReader && source.isFile) {
      this.steps ??= new LineBuffer(this.options.lineTerminator, PIECE_STEP_BYTES);
      this.searchThroughBuffer(reader, this.steps, "none", binary);
    } else this.searchThroughBuffer(reader, this.stream, binary, "none");
  }

  /**
   * @param inStream what a NUL does in the stream buffer
   * @param inLines how printed lines are searched for a NUL (in a piece that is too large for memory)
   */
  private searchThroughBuffer(
    reader: ByteReader,
    buffer: LineBuffer,
    inStream: BinaryMode,
    inLines: BinaryMode,
  ): void {
    const { lines, sink } = this;
    buffer.reset();
    lines.reset(this.scanned, 0, 0, inLines);
    let searchedBytes = -1;
    for (let first = true; ; first = false) {
      const knownBinary = buffer.binaryOffset !== -1;
      const lengthBefore = buffer.searchEnd;
      const keepFrom = lines.roll(buffer.bytes, lengthBefore);
      lines.shift(keepFrom);
      this.scanned.forget();
      const more = buffer.fill(reader, keepFrom, inStream);
      if (!knownBinary && buffer.binaryOffset !== -1) sink.binaryData(buffer.binaryOffset);
      if (!more || (inStream === "quit" && buffer.binaryOffset !== -1)) break;
      if (first && lines.detectBinary(buffer.bytes, 0, Math.min(buffer.filled, STREAM_BUFFER_BYTES))) break;
      if (keepFrom === 0 && lengthBefore === buffer.searchEnd) {
        // Only lines that are kept as context are left, and no new bytes came.
        searchedBytes = lines.origin + lengthBefore;
        break;
      }
      if (!lines.search(buffer.bytes, buffer.searchEnd)) {
        searchedBytes = lines.origin + lines.position;
        break;
      }
    }
    if (inLines !== "none") this.finishPiece(lines);
    else sink.finish(searchedBytes === -1 ? lines.origin : searchedBytes, buffer.binaryOffset);
  }
}

/** Gives some bytes, then the bytes of a reader. */
class ChainedReader implements ByteReader {
  private readonly head: MemoryReader;
  private readonly tail: ByteReader;

  constructor(head: Buffer, tail: ByteReader) {
    this.head = new MemoryReader(head, 0);
    this.tail = tail;
  }

  read(target: Buffer, at: number, length: number): number {
    return this.head.read(target, at, length) || this.tail.read(target, at, length);
  }
}
