/**
 * A lookup kernel without a device: requests lie in a real work queue, and are answered when the test says so, or at
 * once. It resolves nothing: a path's inode is the number behind its last slash, and what is none is ENOENT.
 */
import { EverwarpError } from "../../src/base/errors.ts";
import { ERRNO } from "../../src/paths/table/linux.ts";
import { type LookupKernel, RequestSender } from "../../src/paths/gpu/request-sender.ts";
import { RequestDriver } from "../../src/paths/gpu/request-driver.ts";
import { RequestQueue } from "../../src/paths/gpu/request-queue.ts";
import { ResultReader } from "../../src/paths/gpu/result-reader.ts";
import type { LookupShape } from "../../src/paths/gpu/lookup-shape.ts";
import { PathRequest } from "../../src/paths/table/table.schema.ts";
import { Seal } from "../../src/residency/queue/seal.schema.ts";
import { sealMix } from "../../src/residency/queue/seal.ts";
import { type Ticket, WorkQueue } from "../../src/residency/queue/work-queue.ts";

const SLOTS = 16;
const SLOT_WORDS = 64;

interface Request {
  readonly ticket: Ticket;
  readonly paths: string[];
  readonly resultsAt: number;
  readonly isInline: boolean;
  readonly isWrite: boolean;
}

export class AnsweringKernel implements LookupKernel {
  readonly shape: LookupShape = {
    workgroupSize: 64,
    residentWorkgroupCount: 1,
    boundedWorkgroupCount: 1,
    requestsPerBatch: 1,
    chunkPaths: 2048,
    chunkBytes: 1 << 16,
    inputBytes: 1 << 18,
    resultCount: 1 << 14,
    togetherPathsMax: 1,
    isInStep: true,
    guessCount: 1,
  };
  /** Paths of every request so far. */
  readonly sizes: number[] = [];
  readonly waiting: Request[] = [];
  readonly driver: RequestDriver;
  /** Answer as soon as somebody looks. */
  isQuick = true;
  /** Looks at which the device is lost; each look counts down. */
  looksUntilLoss = Infinity;
  readonly mayBeAlone = false;
  readonly #completions = new Uint32Array(SLOTS * 4);
  readonly #queue = new WorkQueue(new Uint32Array(SLOTS * SLOT_WORDS), this.#completions);
  readonly #inputs = new ArrayBuffer(this.shape.inputBytes + 64);
  readonly #results = new Int32Array(this.shape.resultCount * 2);
  #loss: EverwarpError | undefined;

  /** @param stallMs how long the driver waits for any answer */
  constructor(stallMs?: number) {
    const table = { cover: () => undefined, pageCount: 1 };
    const inputs = { address: 0n, host: this.#inputs };
    const sender = new RequestSender(this, this.shape, table, new Uint32Array(64), inputs);
    this.driver = new RequestDriver(
      this,
      new RequestQueue(this, sender, new ResultReader(this.#results), undefined),
      stallMs,
    );
  }

  get isFull(): boolean {
    return this.#queue.isFull;
  }

  submit(payload: Uint32Array, wordCount?: number): Ticket {
    if (this.#loss !== undefined) throw this.#loss;
    const operation = payload[PathRequest.OPERATION];
    const count = payload[PathRequest.COUNT];
    const isInline = (operation & PathRequest.IS_INLINE) !== 0;
    const isWrite = (operation & PathRequest.WRITE) !== 0;
    let paths: string[] = [];
    if (isInline) {
      const words = payload.slice(PathRequest.INLINE);
      paths = [Buffer.from(words.buffer, 0, payload[PathRequest.TEXT_BYTES]).toString()];
    } else if (!isWrite) {
      const offsets = new Uint32Array(this.#inputs, payload[PathRequest.OFFSETS], count + 1);
      const from = payload[PathRequest.BYTES] - payload[PathRequest.OFFSETS_BASE];
      paths = Array.from({ length: count }, (_, index) =>
        Buffer.from(this.#inputs, from + offsets[index], offsets[index + 1] - offsets[index]).toString(),
      );
    }
    const ticket = this.#queue.submit(payload, wordCount);
    this.waiting.push({ ticket, paths, resultsAt: payload[PathRequest.RESULTS_AT], isInline, isWrite });
    if (!isWrite) this.sizes.push(count);
    return ticket;
  }

  poll(): number {
    if (--this.looksUntilLoss <= 0) this.lose();
    if (this.isQuick && this.#loss === undefined) this.answer();
    return this.#queue.checkAll();
  }

  assertRunning(): void {
    // It is, or every request was told of its loss.
  }

  /** Answers so many requests, the oldest first. */
  answer(count = Infinity): void {
    for (const { ticket, paths, resultsAt, isInline, isWrite } of this.waiting.splice(0, count)) {
      const inodes = paths.map(inodeOf);
      if (!isInline && !isWrite) {
        for (const [index, inode] of inodes.entries()) {
          this.#results[(resultsAt + index) * 2] = inode;
          this.#results[(resultsAt + index) * 2 + 1] = ticket.sequence + Math.imul(inode, Seal.MIX_X);
        }
      }
      const result = isInline ? inodes[0]! >>> 0 : 0;
      const at = (ticket.sequence % SLOTS) * 4;
      this.#completions.set(
        [result, 0, ticket.sequence, ticket.sequence + sealMix(result, 0, ticket.sequence)],
        at,
      );
    }
  }

  /** From now on nothing is answered. */
  lose(): void {
    if (this.#loss !== undefined) return;
    this.#loss = new EverwarpError("EW_DEVICE_LOST", "the test took it away", { remedy: "None." });
    this.waiting.length = 0;
    this.#queue.failAll(this.#loss);
  }
}

/** What the kernel finds. */
export function inodeOf(path: string): number {
  const inode = Number(path.slice(path.lastIndexOf("/") + 1));
  return Number.isInteger(inode) && inode > 0 ? inode : -ERRNO.ENOENT;
}
