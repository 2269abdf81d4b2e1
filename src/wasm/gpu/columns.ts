/**
 * Columns of values as the fleet has them, and as slots of the register form.
 *
 * A column of the fleet has 4, 8 or 16 bytes a row. In slots, an i32 or f32 has zeros above its bits, and a vector has
 * two columns, the low half first.
 */
import { rowBytes, type ValueType } from "../module/index.ts";
import { slotCount, slotsOf } from "../translate/index.ts";

/** Columns of the fleet as columns of slots, one behind the other. */
export function toSlots(
  types: readonly ValueType[],
  columns: readonly Uint8Array[],
  instances: number,
): BigUint64Array {
  const slots = new BigUint64Array(slotCount(types) * instances);
  let at = 0;
  for (const [index, type] of types.entries()) {
    const column = columns[index]!;
    const view = new DataView(column.buffer, column.byteOffset, column.byteLength);
    const bytes = rowBytes(type);
    for (let row = 0; row < instances; row++) {
      if (bytes === 4) slots[at + row] = BigInt(view.getUint32(row * 4, true));
      else slots[at + row] = view.getBigUint64(row * bytes, true);
      if (bytes === 16) slots[at + instances + row] = view.getBigUint64(row * 16 + 8, true);
    }
    at += slotsOf(type) * instances;
  }
  return slots;
}

/** Columns of slots as columns of the fleet. @param isGood whether a row has values; the others become zeros */
export function fromSlots(
  types: readonly ValueType[],
  slots: BigUint64Array,
  instances: number,
  isGood: (row: number) => boolean,
): Uint8Array[] {
  let at = 0;
  return types.map((type) => {
    const bytes = rowBytes(type);
    const column = new Uint8Array(instances * bytes);
    const view = new DataView(column.buffer);
    for (let row = 0; row < instances; row++) {
      if (!isGood(row)) continue;
      if (bytes === 4) view.setUint32(row * 4, Number(slots[at + row]!), true);
      else view.setBigUint64(row * bytes, slots[at + row]!, true);
      if (bytes === 16) view.setBigUint64(row * 16 + 8, slots[at + instances + row]!, true);
    }
    at += slotsOf(type) * instances;
    return column;
  });
}
