/** The host's signature kernel, bound to one linear memory. */
import { type CompiledModule, type LinearMemory, WebAssemblyRuntime } from "../../threads/index.ts";
import { SIGN_WASM_BASE64 } from "./generated/sign-wasm.ts";
import { WORD_COLUMN_BYTES } from "./signature.ts";

/** Bytes of memory that a call uses, the words that it gives included. */
export const SIGNATURE_SCRATCH_BYTES = 36 * 1024;

type Sign = (begin: number, end: number, scratch: number, rowMask: number) => void;

let compiled: CompiledModule | undefined;

/** Makes the signatures of text that lies in a memory. */
export class SignatureKernel {
  readonly #sign: Sign;
  readonly #memory: LinearMemory;

  constructor(memory: LinearMemory) {
    compiled ??= new WebAssemblyRuntime.Module(Buffer.from(SIGN_WASM_BASE64, "base64"));
    const { exports } = new WebAssemblyRuntime.Instance(compiled, { env: { memory } });
    this.#sign = (exports as { sign: Sign }).sign;
    this.#memory = memory;
  }

  /**
   * Makes the signatures of 32 blocks. Reads up to 16 bytes behind `end`.
   * @param begin where the first block begins
   * @param end where the text ends
   * @param scratch address of `SIGNATURE_SCRATCH_BYTES` that nobody else uses, a multiple of 16
   * @param rowMask `ALL_ROWS`, or less for tests
   * @returns one word a row, in the scratch; bit b is block b
   */
  sign(begin: number, end: number, scratch: number, rowMask: number): Uint32Array {
    this.#sign(begin, end, scratch, rowMask);
    return new Uint32Array(this.#memory.buffer, scratch, WORD_COLUMN_BYTES / 4);
  }
}
