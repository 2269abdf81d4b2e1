/** Calls an export for rows of arguments, in batches of as many rows as there are instances. */
import { EverwarpError } from "../../base/index.ts";
import { WasmFleet, type WasmFleetOptions, type WasmModule, type WasmTrap } from "../../wasm/index.ts";
import { ColumnBuilder, parametersOf, rowJson, valueText } from "./values.ts";

/** A call of the command line. */
export interface Invocation {
  readonly module: WasmModule;
  readonly name: string;
  /** The arguments of each row. */
  readonly rows: readonly (readonly unknown[])[];
  /** How many rows are called at once. */
  readonly instances: number;
  /** Names a row in errors. */
  readonly rowName: (row: number) => string;
  readonly fleet: Omit<WasmFleetOptions, "instances">;
}

/** What a row gave. */
export interface RowResult {
  readonly row: number;
  readonly trap: WasmTrap | undefined;
  /** One text for each result. */
  readonly texts: readonly string[];
  readonly json: string;
}

/** Calls the export. Each batch begins with new instances. @throws EW_BAD_ARGUMENT, and what fleets throw */
export async function* invoke({
  module,
  name,
  rows,
  instances,
  rowName,
  fleet: options,
}: Invocation): AsyncGenerator<RowResult> {
  const params = parametersOf(typeOf(module, name));
  for (const [row, values] of rows.entries())
    if (values.length !== params.length)
      throw new EverwarpError("EW_BAD_ARGUMENT", `${rowName(row)} has ${values.length} arguments`, {
        remedy: `${name} takes ${params.length}: ${params.join(" ") || "none"}.`,
      });
  await using fleet = await WasmFleet.open(module, { ...options, instances });
  for (let first = 0; first < rows.length; first += instances) {
    if (first > 0) await fleet.reset();
    const batch = rows.slice(first, first + instances);
    const columns = params.map((type) => new ColumnBuilder(type, instances));
    for (let row = 0; row < instances; row++) {
      // The last batch may be short: its last row is called again in the instances that are left.
      const at = Math.min(row, batch.length - 1);
      for (const [place, column] of columns.entries())
        column.set(row, batch[at]![place], `argument ${place + 1} of ${rowName(first + at)}`);
    }
    const { results, traps } = await fleet.call(name, { args: columns.map(({ column }) => column) });
    const trapOf = new Map(traps.map((trap) => [trap.instance, trap]));
    for (let row = 0; row < batch.length; row++)
      yield {
        row: first + row,
        trap: trapOf.get(row),
        texts: results.map((column) => valueText(column, row)),
        json: rowJson(results, row),
      };
  }
}

function typeOf(module: WasmModule, name: string): string {
  const functions = module.exports.filter(({ kind }) => kind === "func");
  const found = functions.find((each) => each.name === name);
  if (found !== undefined) return found.type;
  throw new EverwarpError("EW_BAD_ARGUMENT", `the module exports no function ${JSON.stringify(name)}`, {
    remedy:
      functions.length === 0
        ? "It exports no functions at all."
        : `It exports ${functions
            .map((each) => each.name)
            .slice(0, 20)
            .join(", ")}.`,
  });
}
