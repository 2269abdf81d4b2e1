/** Views of the windows of a sink. */
import { requireDependency } from "../../base/index.ts";
import type { SinkWindow } from "./sink.ts";

type Koffi = { view(address: bigint, lengthBytes: number): ArrayBuffer };

let koffi: Koffi | undefined;

/** The window's memory as bytes. Loads the foreign-function library only for a window with an address. */
export function windowBytes({ memory, lengthBytes }: SinkWindow): Uint8Array {
  if (memory.kind === "shared") return new Uint8Array(memory.buffer, memory.byteOffset, lengthBytes);
  koffi ??= requireDependency("koffi") as Koffi;
  return new Uint8Array(koffi.view(memory.address, lengthBytes));
}
