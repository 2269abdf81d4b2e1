/** Values of scripts, read and compared bit by bit. */
import type { SpecValue } from "./engine.ts";
import type { ScriptValue } from "./script.ts";

const LANE_BITS: Readonly<Record<string, number>> = { i8: 8, i16: 16, i32: 32, i64: 64, f32: 32, f64: 64 };

/** A value that a script gives. */
export function valueOf({ type, value, lane_type }: ScriptValue): SpecValue {
  if (type === "funcref" || type === "externref")
    return { type, reference: value === "null" || value === undefined ? null : Number(value) };
  if (type === "v128") {
    const bits = LANE_BITS[lane_type!]!;
    const lanes = value as readonly string[];
    const all = lanes.reduceRight(
      (sum, lane) => (sum << BigInt(bits)) | BigInt.asUintN(bits, BigInt(lane)),
      0n,
    );
    return { type, bits: all };
  }
  const width = LANE_BITS[type]!;
  return { type: type as "i32", bits: BigInt.asUintN(width, BigInt(value as string)) };
}

/** Whether a value is what a script expects. */
export function isExpected(found: SpecValue | undefined, expected: ScriptValue): boolean {
  if (found?.type !== expected.type) return false;
  if ("reference" in found) {
    if (expected.value === undefined) return found.reference !== null;
    const wanted = expected.value === "null" ? null : Number(expected.value);
    return found.reference === wanted;
  }
  if (expected.type !== "v128") return isNumber(found.bits, expected.type, expected.value as string);
  const width = LANE_BITS[expected.lane_type!]!;
  return (expected.value as readonly string[]).every((lane, index) =>
    isNumber(BigInt.asUintN(width, found.bits >> BigInt(index * width)), expected.lane_type!, lane),
  );
}

function isNumber(bits: bigint, type: string, expected: string): boolean {
  if (!expected.startsWith("nan:")) return bits === BigInt.asUintN(LANE_BITS[type]!, BigInt(expected));
  const [sign, quiet] =
    type === "f32" ? [0x8000_0000n, 0x7fc0_0000n] : [0x8000_0000_0000_0000n, 0x7ff8_0000_0000_0000n];
  return expected === "nan:canonical" ? (bits & ~sign) === quiet : (bits & quiet) === quiet;
}

/** A value for people. */
export function valueText(value: SpecValue | undefined): string {
  if (value === undefined) return "nothing";
  if ("reference" in value) return `${value.type} ${value.reference}`;
  return `${value.type} 0x${value.bits.toString(16)}`;
}
