/** Structs that the host hands to the driver, as a driver sees them: for tests that stand in the driver's place. */
import { koffi } from "../../src/vulkan/native/ffi.ts";
import { type Layout, readStruct, type RecordOf } from "../../src/vulkan/native/native-layout.ts";

/** A pointer, as it comes in a call to the driver. */
export type Address = bigint | ArrayBufferView | null;

/** The memory at an address. */
export function viewAt(address: Address, sizeBytes: number): DataView {
  return new DataView(koffi().view(address, sizeBytes));
}

/** The struct at an address. */
export function readAt<L extends Layout>(address: Address, of: L): RecordOf<L> {
  return readStruct(viewAt(address, of.sizeBytes), 0, of);
}
