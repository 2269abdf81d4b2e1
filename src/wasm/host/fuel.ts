/**
 * Writes bodies that count what they do, and stop when they have done too much.
 *
 * A global holds what is left. Each function takes its instructions from it when it is entered, and each loop when it
 * begins again; nested loops take their own. Below zero, the instance traps.
 */
import { type DecodedModule, type FunctionBody, opcodeNamed } from "../module/index.ts";
import { ByteWriter } from "./byte-writer.ts";

const LOOP = opcodeNamed("loop")!.code;

/** A part of the old code in the new one. Between two of them stands what was added. */
export interface Copy {
  /** Where it begins in the new code. */
  readonly to: number;
  /** Where it began in the old binary. */
  readonly from: number;
  readonly length: number;
}

/** What a module that was not changed has in the place of its copies. */
export const IDENTITY: readonly Copy[] = [{ to: 0, from: 0, length: Infinity }];

/** Writes bodies into a section of code, and remembers what went where. */
export class FuelWriter {
  /** The section so far, without the count before it. */
  readonly code = new ByteWriter();
  readonly copies: Copy[] = [];
  readonly #module: DecodedModule;
  readonly #global: number;

  /** @param global the index of the global that holds what is left */
  constructor(module: DecodedModule, global: number) {
    this.#module = module;
    this.#global = global;
  }

  /** Adds a body of the module. */
  body(body: FunctionBody): void {
    const { binary, code } = this.#module;
    const { own, loops } = this.#costs(body);
    const writer = new ByteWriter();
    const copies: Copy[] = [];
    let from = body.start;
    const copyUpTo = (end: number): void => {
      copies.push({ to: writer.length, from, length: end - from });
      writer.append(binary.subarray(from, end));
      from = end;
    };
    copyUpTo(code.offsets[body.first]!);
    this.#charge(writer, own);
    let loop = 0;
    for (let each = body.first; each <= body.last; each++) {
      if (code.opcodes[each] !== LOOP) continue;
      copyUpTo(code.offsets[each + 1]!);
      this.#charge(writer, loops[loop++]!);
    }
    copyUpTo(body.end);
    this.code.u32(writer.length);
    for (const copy of copies) this.copies.push({ ...copy, to: this.code.length + copy.to });
    this.code.append(writer.bytes);
  }

  /** How many instructions a function has outside of its loops, and each loop outside of those inside of it. */
  #costs(body: FunctionBody): { own: number; loops: number[] } {
    const { code } = this.#module;
    const loops: number[] = [];
    const open: { loop: number; end: number }[] = [];
    let own = 1;
    for (let each = body.first; each <= body.last; each++) {
      while (open.length > 0 && open.at(-1)!.end < each) open.pop();
      const inner = open.at(-1);
      if (inner === undefined) own++;
      else loops[inner.loop]!++;
      if (code.opcodes[each] !== LOOP) continue;
      open.push({ loop: loops.length, end: code.words[code.wordAt[each]! + 1]! });
      loops.push(1);
    }
    return { own, loops };
  }

  #charge(writer: ByteWriter, cost: number): void {
    const get = (): void => {
      writer.write(0x23); // global.get
      writer.u32(this.#global);
    };
    get();
    writer.write(0x42); // i64.const
    writer.s64(BigInt(cost));
    writer.write(0x7d, 0x24); // i64.sub, global.set
    writer.u32(this.#global);
    get();
    writer.write(0x42, 0, 0x53, 0x04, 0x40, 0x00, 0x0b); // i64.const 0, i64.lt_s, if, unreachable, end
  }
}
