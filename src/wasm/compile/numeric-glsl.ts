/** Numeric operations as expressions of GLSL. The kernels' files (numeric.glsl, compiled.glsl) have the functions. */
import { Operation as Op } from "../form/index.ts";

/** An operand, as a number of 32 bits and as one of 64. */
export interface Value {
  readonly short: string;
  readonly long: string;
}

/** An expression: its text, and what it is. */
export interface Expression {
  readonly text: string;
  readonly type: "bool" | "short" | "long";
  /** It may set `trap`. */
  readonly traps?: boolean;
}

const short = (text: string): Expression => ({ text, type: "short" });
const long = (text: string): Expression => ({ text, type: "long" });
const bool = (text: string): Expression => ({ text, type: "bool" });

const COMPARISONS = ["==", "!=", "<", "<", ">", ">", "<=", "<=", ">=", ">="] as const;
/** clz, ctz, popcnt, add, sub, mul, div_s, div_u, rem_s, rem_u, and, or, xor, shl, shr_s, shr_u, rotl, rotr */
const INTEGER_OPERATORS: Readonly<Record<number, string>> = {
  3: "+",
  4: "-",
  5: "*",
  10: "&",
  11: "|",
  12: "^",
  13: "<<",
  15: ">>",
};
const [CLZ, CTZ, POPCNT, DIV_S, REM_U, SHL, SHR_S, SHR_U, ROTL, ROTR] = [0, 1, 2, 6, 9, 13, 14, 15, 16, 17];
/** sqrt, add, sub, mul, div, counted from abs */
const FLOAT_FUNCTIONS: Readonly<Record<number, string>> = {
  6: "root",
  7: "sum",
  8: "difference",
  9: "product",
  10: "quotient",
};

/** The expression of a numeric operation. */
export function numericExpression(operation: number, a: Value, b: Value): Expression {
  if (operation >= Op.I32_WRAP) return conversion(operation, a);
  if (operation >= Op.F64_ABS) return floatOperation(operation - Op.F64_ABS, a, b);
  if (operation >= Op.F32_ABS) return smallFloatOperation(operation - Op.F32_ABS, a, b);
  if (operation >= Op.I64_CLZ) return longInteger(operation - Op.I64_CLZ, a, b);
  if (operation >= Op.I32_CLZ) return shortInteger(operation - Op.I32_CLZ, a, b);
  if (operation >= Op.F64_EQ) return bool(`compareFloats(${operation - Op.F64_EQ}u, ${a.long}, ${b.long})`);
  if (operation >= Op.F32_EQ)
    return bool(`compareFloats(${operation - Op.F32_EQ}u, promote(${a.short}), promote(${b.short}))`);
  const isLong = operation >= Op.I64_EQZ;
  return comparison(operation - (isLong ? Op.I64_EQZ : Op.I32_EQZ), isLong, a, b);
}

/** eqz, eq, ne, lt_s, lt_u, gt_s, gt_u, le_s, le_u, ge_s, ge_u */
function comparison(index: number, isLong: boolean, a: Value, b: Value): Expression {
  if (index === 0) return bool(isLong ? `${a.long} == 0ul` : `${a.short} == 0u`);
  const isSigned = index >= 3 && index % 2 === 1;
  const side = (value: Value): string => {
    if (!isSigned) return isLong ? value.long : value.short;
    return isLong ? `int64_t(${value.long})` : `int(${value.short})`;
  };
  return bool(`${side(a)} ${COMPARISONS[index - 1]!} ${side(b)}`);
}

function shortInteger(index: number, a: Value, b: Value): Expression {
  const by = `(${b.short} & 31u)`;
  if (index >= DIV_S && index <= REM_U)
    return { ...short(`divideShort(${index - DIV_S}u, ${a.short}, ${b.short})`), traps: true };
  switch (index) {
    case CLZ:
      return short(`uint(31 - findMSB(${a.short}))`);
    case CTZ:
      return short(`trailingZerosShort(${a.short})`);
    case POPCNT:
      return short(`uint(bitCount(${a.short}))`);
    case SHL:
    case SHR_U:
      return short(`${a.short} ${INTEGER_OPERATORS[index]!} ${by}`);
    case SHR_S:
      return short(`uint(int(${a.short}) >> int${by})`);
    case ROTL:
      return short(`rotateShort(${a.short}, ${b.short})`);
    case ROTR:
      return short(`rotateShort(${a.short}, 0u - ${b.short})`);
    default:
      return short(`${a.short} ${INTEGER_OPERATORS[index]!} ${b.short}`);
  }
}

function longInteger(index: number, a: Value, b: Value): Expression {
  const by = `(${b.short} & 63u)`;
  if (index >= DIV_S && index <= REM_U)
    return { ...long(`divideIntegers(${index - DIV_S}u, true, ${a.long}, ${b.long}, trap)`), traps: true };
  switch (index) {
    case CLZ:
      return long(`uint64_t(leadingZeros(${a.long}))`);
    case CTZ:
      return long(`uint64_t(trailingZeros(true, ${a.long}))`);
    case POPCNT:
      return long(`uint64_t(countOnes(${a.long}))`);
    case SHL:
    case SHR_U:
      return long(`${a.long} ${INTEGER_OPERATORS[index]!} ${by}`);
    case SHR_S:
      return long(`uint64_t(int64_t(${a.long}) >> ${by})`);
    case ROTL:
      return long(`rotatedLeft(true, ${a.long}, ${b.short})`);
    case ROTR:
      return long(`rotatedLeft(true, ${a.long}, 0u - ${b.short})`);
    default:
      return long(`${a.long} ${INTEGER_OPERATORS[index]!} ${b.long}`);
  }
}

function floatOperation(index: number, a: Value, b: Value): Expression {
  const name = FLOAT_FUNCTIONS[index];
  if (name === undefined) return long(`floatOperation(${index}u, true, ${a.long}, ${b.long})`);
  return long(name === "root" ? `root(${a.long})` : `${name}(${a.long}, ${b.long})`);
}

function smallFloatOperation(index: number, a: Value, b: Value): Expression {
  const name = FLOAT_FUNCTIONS[index];
  if (name === undefined) return short(`uint(floatOperation(${index}u, false, ${a.long}, ${b.long}))`);
  const x = `promote(${a.short})`;
  return short(`demote(${name === "root" ? `root(${x})` : `${name}(${x}, promote(${b.short}))`})`);
}

const isEven = (index: number): boolean => index % 2 === 0;

function conversion(operation: number, a: Value): Expression {
  if (operation >= Op.I32_TRUNC_SAT_F32_S) {
    const index = operation - Op.I32_TRUNC_SAT_F32_S;
    return truncation((index & 2) === 0, index >= 4, { isSigned: isEven(index), saturates: true }, a);
  }
  if (operation >= Op.I32_EXTEND8) return extension(operation - Op.I32_EXTEND8, a);
  if (operation === Op.F64_PROMOTE) return long(`canonical64(promote(${a.short}))`);
  if (operation === Op.F32_DEMOTE) return short(`demote(${a.long})`);
  if (operation >= Op.F32_CONVERT_I32_S) {
    const isDouble = operation >= Op.F64_CONVERT_I32_S;
    const index = operation - (isDouble ? Op.F64_CONVERT_I32_S : Op.F32_CONVERT_I32_S);
    const text = `convertInteger(${a.long}, ${index >= 2}, ${isEven(index)}, ${isDouble})`;
    return isDouble ? long(text) : short(`uint(${text})`);
  }
  if (operation === Op.I32_WRAP) return short(a.short);
  if (operation === Op.I64_EXTEND_S) return long(`uint64_t(int64_t(int(${a.short})))`);
  if (operation === Op.I64_EXTEND_S + 1) return long(a.long);
  const isLong = operation >= Op.I64_TRUNC_F32_S;
  const index = operation - (isLong ? Op.I64_TRUNC_F32_S : Op.I32_TRUNC_F32_S);
  return truncation(index < 2, isLong, { isSigned: isEven(index), saturates: false }, a);
}

function truncation(
  isSmall: boolean,
  isLong: boolean,
  { isSigned, saturates }: { isSigned: boolean; saturates: boolean },
  a: Value,
): Expression {
  const from = isSmall ? `promote(${a.short})` : a.long;
  const text = `truncate(${from}, ${isLong}, ${isSigned}, ${saturates}, trap)`;
  return { ...(isLong ? long(text) : short(`uint(${text})`)), traps: !saturates };
}

/** i32.extend8_s, i32.extend16_s, i64.extend8_s, i64.extend16_s, i64.extend32_s */
function extension(index: number, a: Value): Expression {
  if (index < 2) {
    const unused = index === 0 ? 24 : 16;
    return short(`uint(int(${a.short} << ${unused}) >> ${unused})`);
  }
  const unused = [56, 48, 32][index - 2]!;
  return long(`uint64_t(int64_t(${a.long} << ${unused}) >> ${unused})`);
}
