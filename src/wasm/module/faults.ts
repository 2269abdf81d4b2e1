/** The errors of modules that mean nothing, or that ask for more than WebAssembly 2.0. */
import { EverwarpError } from "../../base/index.ts";

/** A module that is malformed or invalid. @param offset the byte of the binary that says so */
export function invalid(offset: number, reason: string): EverwarpError {
  return new EverwarpError("EW_WASM_INVALID", `${reason}, ${placeOf(offset)}`, {
    remedy: "Build the module again, and check that the file is complete.",
  });
}

/** A module that needs something beyond WebAssembly 2.0. @param what as in "needs …" */
export function unsupported(offset: number, what: string): EverwarpError {
  return new EverwarpError("EW_WASM_UNSUPPORTED", `the module needs ${what}, ${placeOf(offset)}`, {
    remedy: "Build it for WebAssembly 2.0, without this feature.",
  });
}

/** A module that is larger than engines allow. The limits are those of the WebAssembly JavaScript interface. */
export function tooLarge(offset: number, what: string, count: number, most: number): EverwarpError {
  return invalid(offset, `${what}: ${count}, and at most ${most} are allowed`);
}

function placeOf(offset: number): string {
  return `at byte ${offset} (0x${offset.toString(16)})`;
}
