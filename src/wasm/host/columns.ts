/** Columns of values: bytes in rows, read and written as the carriers of a call (carriers.ts). */
import { rowBytes, type ValueType } from "../module/index.ts";

/** A number in a carrier: i32 as a number, i64 as a bigint. */
export type Carrier = number | bigint;

/** Reads columns row by row. */
export class ColumnReader {
  readonly #columns: readonly { readonly view: DataView; readonly bytes: number }[];

  constructor(types: readonly ValueType[], columns: readonly Uint8Array[]) {
    this.#columns = types.map((type, index) => ({ view: viewOf(columns[index]!), bytes: rowBytes(type) }));
  }

  /** The carriers of all values of a row. */
  row(row: number): Carrier[] {
    const values: Carrier[] = [];
    for (const { view, bytes } of this.#columns) {
      if (bytes === 4) values.push(view.getInt32(row * 4, true));
      else values.push(view.getBigInt64(row * bytes, true));
      if (bytes === 16) values.push(view.getBigInt64(row * 16 + 8, true));
    }
    return values;
  }
}

/** Writes columns row by row. */
export class ColumnWriter {
  readonly columns: readonly Uint8Array<ArrayBuffer>[];
  readonly #columns: readonly { readonly view: DataView; readonly bytes: number }[];

  constructor(types: readonly ValueType[], rows: number) {
    this.columns = types.map((type) => new Uint8Array(rows * rowBytes(type)));
    this.#columns = types.map((type, index) => ({
      view: viewOf(this.columns[index]!),
      bytes: rowBytes(type),
    }));
  }

  /** @param carriers what a call by carriers gave: nothing, a value, or a list */
  row(row: number, carriers: unknown): void {
    const values = Array.isArray(carriers) ? (carriers as Carrier[]) : [carriers as Carrier];
    let next = 0;
    for (const { view, bytes } of this.#columns) {
      if (bytes === 4) view.setInt32(row * 4, values[next++] as number, true);
      else view.setBigInt64(row * bytes, values[next++] as bigint, true);
      if (bytes === 16) view.setBigInt64(row * 16 + 8, values[next++] as bigint, true);
    }
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
