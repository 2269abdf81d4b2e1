/** The lookup kernel in WebAssembly, on one table's memory. There is one instance per thread. */
import { type LinearMemory, WebAssemblyRuntime } from "../../threads/index.ts";
import { LOOKUP_WASM_BASE64 } from "./generated/lookup-wasm.ts";

/** Bytes of a thread's stack: rests of paths, levels, and 8,192 remembered directories. */
export const STACK_BYTES = 2048 + 8192 * 128;
/** Bytes that the kernel may read past the last path. */
export const SLACK_BYTES = 64;

/** See the kernel, `assembly/lookup.ts`. Addresses are unsigned, which WebAssembly accepts in any form. */
export type LookupProgram = (
  bytes: number,
  base: number,
  limit: number,
  offsets: number,
  count: number,
  results: number,
  directory: number,
  follow: number,
  stack: number,
) => void;

/** Compiles the kernel for a table's memory. */
export function openLookupProgram(memory: LinearMemory): LookupProgram {
  const module = new WebAssemblyRuntime.Module(Buffer.from(LOOKUP_WASM_BASE64, "base64"));
  const instance = new WebAssemblyRuntime.Instance(module, { env: { memory } });
  return (instance.exports as { lookup: LookupProgram }).lookup;
}
