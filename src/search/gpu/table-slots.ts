/**
 * Where the match kernel finds the tables of automata: slots of upload memory, filled when an automaton is first asked
 * for.
 *
 *     │ slot 0: tables 12 │ slot 1: tables 9 │ … │ slot 7 │        number: of what lies in a slot, never used twice
 *
 * Invariants: a slot is written only while no request in flight uses it; what was used longest ago goes first.
 */
import { EverwarpError } from "../../base/index.ts";
import { type SplitAddress, splitAddress } from "../../engine/index.ts";
import { drainWriteCombining } from "../../residency/index.ts";
import type { DeviceBuffer } from "../../vulkan/index.ts";
import type { LineAutomaton } from "../contracts.ts";
import { type PackedTables, packTables } from "./match-tables.ts";

const SLOT_COUNT = 8;
const SLOT_BYTES = 2 << 20;
/** Size of the whole memory. */
export const TABLE_MEMORY_BYTES = SLOT_COUNT * SLOT_BYTES;

/** Tables that the kernel can read. Give it back with `release`. */
export interface TableSlot {
  readonly number: number;
  readonly address: SplitAddress;
  readonly sharedWords: number;
  release(): void;
}

interface Slot {
  readonly address: SplitAddress;
  readonly words: Uint32Array;
  tables: PackedTables | undefined;
  number: number;
  users: number;
  usedAt: number;
}

/** The tables of an automaton for a kernel with so many words of shared memory. @throws EW_REQUEST_TOO_LARGE */
export function tablesFor(automaton: LineAutomaton, tableWords: number): PackedTables {
  const tables = packTables(automaton, tableWords);
  if (tables !== undefined && tables.words.byteLength <= SLOT_BYTES) return tables;
  const { forward, reverse } = automaton;
  throw new EverwarpError(
    "EW_REQUEST_TOO_LARGE",
    `an automaton of ${forward.stateCount} and ${reverse.stateCount} states does not fit a slot of ${SLOT_BYTES} bytes`,
    { remedy: "Search for it on the host, or look for its literals." },
  );
}

/** See the head of this file. */
export class TableSlots {
  readonly #slots: readonly Slot[];
  #lastNumber = 0;
  #clock = 0;

  /** @param buffer upload memory of `TABLE_MEMORY_BYTES` */
  constructor(buffer: DeviceBuffer) {
    this.#slots = Array.from({ length: SLOT_COUNT }, (_, index) => ({
      address: splitAddress(buffer.address + BigInt(index * SLOT_BYTES)),
      words: new Uint32Array(buffer.host, index * SLOT_BYTES, SLOT_BYTES / 4),
      tables: undefined,
      number: 0,
      users: 0,
      usedAt: 0,
    }));
  }

  /** A slot with these tables; undefined while all slots are in use by others. */
  take(tables: PackedTables): TableSlot | undefined {
    const slot = this.#slots.find((each) => each.tables === tables) ?? this.#fill(tables);
    if (slot === undefined) return undefined;
    slot.users++;
    slot.usedAt = ++this.#clock;
    const { number, address } = slot;
    return { number, address, sharedWords: tables.sharedWords, release: () => void slot.users-- };
  }

  #fill(tables: PackedTables): Slot | undefined {
    let oldest: Slot | undefined;
    for (const slot of this.#slots) {
      if (slot.users === 0 && slot.usedAt < (oldest?.usedAt ?? Infinity)) oldest = slot;
    }
    if (oldest === undefined) return undefined;
    oldest.words.set(tables.words);
    drainWriteCombining(); // before a request names the slot
    oldest.tables = tables;
    oldest.number = ++this.#lastNumber;
    return oldest;
  }
}
