/** Traps for people. */
import type { WasmTrap } from "./options.ts";

/** The reason of a trap, and the function and the byte where they are known. */
export function trapText({ reason, functionName, index, offset }: Omit<WasmTrap, "instance">): string {
  const name = functionName ?? (index === undefined ? undefined : `function ${index}`);
  const place = name === undefined ? "" : `, in ${name}`;
  return `${reason}${place}${offset === undefined ? "" : `, at byte ${offset}`}`;
}
