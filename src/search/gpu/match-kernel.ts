/**
 * The kernel that finds the matches of automata. It is launched when it is first asked, so that searches for literals
 * alone pay nothing for it.
 *
 *     query ──▶ queue ──▶ (launch) ──▶ tables in a slot ──▶ kernel ──▶ records
 */
import type { DeviceSession, ResidentLoop, StrategyName } from "../../residency/index.ts";
import type { LineAutomaton } from "../contracts.ts";
import type { DeviceCorpus } from "./device-corpus.ts";
import { KernelGround, type KernelLaunch } from "./kernel-ground.ts";
import type { KernelTurns } from "./kernel-turns.ts";
import { type MatchGround, MatchQuery } from "./match-query.ts";
import type { MatchShape } from "./match-shape.ts";
import type { PackedTables } from "./match-tables.ts";
import { RequestQueue, type RequestTaker } from "./request-queue.ts";
import type { ScanShape } from "./scan-shape.ts";
import { TABLE_MEMORY_BYTES, type TableSlot, tablesFor, TableSlots } from "./table-slots.ts";

/**
 * Strategies of which a launch stays, so that nothing else gets room on the device. Two adaptive kernels that were both
 * idle kept each other waiting for a lease, 20 ms, at every request.
 */
const STAYING: readonly StrategyName[] = ["leased", "continuous", "persistent", "adaptive"];

/** Does a launch of this strategy stay on the device? */
export const staysOnDevice = (strategy: StrategyName): boolean => STAYING.includes(strategy);

/** See the head of this file. */
export class MatchKernel implements MatchGround {
  readonly shape: MatchShape;
  readonly queue = new RequestQueue("match kernel");
  readonly #session: DeviceSession;
  readonly #scanShape: ScanShape;
  readonly #tables = new WeakMap<LineAutomaton, PackedTables>();
  #ground: KernelGround | undefined;
  #taker: RequestTaker | undefined;
  #slots: TableSlots | undefined;

  constructor(session: DeviceSession, shape: ScanShape) {
    this.#session = session;
    this.#scanShape = shape;
    this.shape = shape.match;
  }

  /** Undefined before `launch`. */
  get loop(): ResidentLoop | undefined {
    return this.#taker?.kernel;
  }

  takeSlot(tables: PackedTables): TableSlot | undefined {
    return this.#slots?.take(tables);
  }

  /** A query for the queue. @throws EW_REQUEST_TOO_LARGE */
  query(corpus: DeviceCorpus, automaton: LineAutomaton, maxHits: number): MatchQuery {
    let tables = this.#tables.get(automaton);
    if (tables === undefined) {
      tables = tablesFor(automaton, this.shape.tableWords);
      this.#tables.set(automaton, tables);
    }
    return new MatchQuery(corpus, tables, maxHits, this);
  }

  /**
   * Starts the kernel beside the one that scans. Nothing may run on the device's compute queue.
   * @throws EW_OUT_OF_DEVICE_MEMORY, EW_NO_ROOM, EW_DEVICE_LOST; nothing is taken then
   */
  async launch(
    scan: { readonly kernel: ResidentLoop; readonly turns: KernelTurns | undefined },
    launch: Omit<KernelLaunch, "strategy" | "queue" | "requestsPerBatch">,
  ): Promise<void> {
    const { strategyName } = scan.kernel;
    const stays = scan.turns !== undefined;
    const ground = new KernelGround(this.#session, this.#scanShape);
    try {
      const pipeline = await ground.acquire("match");
      const memory = ground.createBuffer({
        role: "upload",
        sizeBytes: TABLE_MEMORY_BYTES,
        label: "automata",
      });
      const taker = await ground.launch(pipeline, {
        ...launch,
        requestsPerBatch: this.shape.requestsPerBatch,
        // Where the other kernel stays, this one never does: they take turns.
        ...(stays ? { strategy: "batch", queue: this.#session.device.queue } : { strategy: strategyName }),
      });
      this.#slots = new TableSlots(memory);
      this.#ground = ground;
      this.#taker = taker;
      scan.turns?.admit(this.queue);
      this.queue.attach(taker);
    } catch (error) {
      ground.giveBack();
      throw error;
    }
  }

  /** Stops the kernel and frees what it took. */
  async close(): Promise<void> {
    try {
      await this.loop?.[Symbol.asyncDispose]();
    } finally {
      this.#ground?.giveBack();
    }
  }
}
