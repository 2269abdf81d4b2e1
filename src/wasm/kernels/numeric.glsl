// numeric.glsl: every numeric instruction of WebAssembly, from the bits of its operands to the bits of its result.
//
// in   an operation (OP_…), the operands; `b` is not read by operations with one
// out  the result, or a reason in `trap`, which is left alone otherwise
// reference: src/wasm/reference/numeric.ts

#include "generated/wasm-operation.glsl"
#include "integer.glsl"
#include "float.glsl"

// A float as a whole number of 32 or 64 bits, signed or not. `saturates`: too large becomes the largest, NaN zero.
uint64_t truncate(uint64_t bits, bool isLong, bool isSigned, bool saturates, inout uint trap) {
  if (isNaN64(bits)) {
    if (!saturates) trap = TRAP_INVALID_CONVERSION;
    return 0ul;
  }
  // The limits as f64: -2^63 itself is within, -2^31 - 1 is not, and nothing lies between them and the next number.
  double value = trunc(toDouble(bits));
  double low = isSigned ? (isLong ? -9223372036854775808.0LF : -2147483648.0LF) : 0.0LF;
  double high = isLong ? (isSigned ? 9223372036854775808.0LF : 18446744073709551616.0LF)
                       : (isSigned ? 2147483648.0LF : 4294967296.0LF);
  uint64_t lowest = isSigned ? (isLong ? 0x8000000000000000ul : 0x80000000ul) : 0ul;
  uint64_t highest = (isLong ? 0xfffffffffffffffful : 0xfffffffful) >> (isSigned ? 1u : 0u);
  if (value < low || value >= high) {
    if (!saturates) trap = TRAP_INTEGER_OVERFLOW;
    return value < low ? lowest : highest;
  }
  if (isSigned) return narrowed(isLong, uint64_t(int64_t(value)));
  return uint64_t(abs(value)); // -0 is 0
}

// A whole number as a float: the bits of an f64, or of an f32 rounded once.
uint64_t convertInteger(uint64_t value, bool isLong, bool isSigned, bool isDouble) {
  int64_t signedValue = int64_t(signExtended(isLong, value));
  if (isDouble || !isLong) {
    double exact = isSigned ? double(signedValue) : double(value);
    return isDouble ? fromDouble(exact) : uint64_t(demote(fromDouble(exact)));
  }
  return uint64_t(floatBitsToUint(isSigned ? float(signedValue) : float(value)));
}

uint64_t convertOperation(uint op, uint64_t a, inout uint trap) {
  if (op >= OP_I32_TRUNC_SAT_F32_S) {
    uint index = op - OP_I32_TRUNC_SAT_F32_S;
    uint64_t bits = (index & 2u) == 0u ? promote(uint(a)) : a;
    return truncate(bits, index >= 4u, (index & 1u) == 0u, true, trap);
  }
  if (op >= OP_I32_EXTEND8) {
    uint index = op - OP_I32_EXTEND8;
    uint width = index == 0u || index == 2u ? 8u : index == 4u ? 32u : 16u;
    uint64_t value = uint64_t(int64_t(a << (64u - width)) >> (64u - width));
    return narrowed(index >= 2u, value);
  }
  if (op >= OP_REINTERPRET) return a;
  if (op == OP_F64_PROMOTE) return canonical64(promote(uint(a)));
  if (op == OP_F32_DEMOTE) return uint64_t(demote(a));
  if (op >= OP_F32_CONVERT_I32_S) {
    bool isDouble = op >= OP_F64_CONVERT_I32_S;
    uint index = op - (isDouble ? OP_F64_CONVERT_I32_S : OP_F32_CONVERT_I32_S);
    return convertInteger(a, index >= 2u, (index & 1u) == 0u, isDouble);
  }
  if (op == OP_I32_WRAP) return a & 0xfffffffful;
  if (op == OP_I64_EXTEND_S) return signExtended(false, a);
  if (op == OP_I64_EXTEND_S + 1u) return a;
  bool isLong = op >= OP_I64_TRUNC_F32_S;
  uint index = op - (isLong ? OP_I64_TRUNC_F32_S : OP_I32_TRUNC_F32_S);
  return truncate(index >= 2u ? a : promote(uint(a)), isLong, (index & 1u) == 0u, false, trap);
}

uint64_t numericOperation(uint op, uint64_t a, uint64_t b, inout uint trap) {
  if (op >= OP_I32_WRAP) return convertOperation(op, a, trap);
  if (op >= OP_F32_ABS) {
    bool isDouble = op >= OP_F64_ABS;
    return floatOperation(op - (isDouble ? OP_F64_ABS : OP_F32_ABS), isDouble, a, b);
  }
  if (op >= OP_I32_CLZ) {
    bool isLong = op >= OP_I64_CLZ;
    return integerOperation(op - (isLong ? OP_I64_CLZ : OP_I32_CLZ), isLong, a, b, trap);
  }
  if (op >= OP_F32_EQ) {
    bool isDouble = op >= OP_F64_EQ;
    uint64_t x = isDouble ? a : promote(uint(a));
    uint64_t y = isDouble ? b : promote(uint(b));
    return compareFloats(op - (isDouble ? OP_F64_EQ : OP_F32_EQ), x, y) ? 1ul : 0ul;
  }
  bool isLong = op >= OP_I64_EQZ;
  return compareIntegers(op - (isLong ? OP_I64_EQZ : OP_I32_EQZ), isLong, a, b) ? 1ul : 0ul;
}
