// integer.glsl: whole numbers of 32 and of 64 bits. A value of 32 bits lies in the low half, and the high half is zero.

uint64_t signExtended(bool isLong, uint64_t value) {
  return isLong ? value : uint64_t(int64_t(int(uint(value))));
}

uint64_t narrowed(bool isLong, uint64_t value) { return isLong ? value : value & 0xfffffffful; }

// The comparison `index` of eqz, eq, ne, lt_s, lt_u, gt_s, gt_u, le_s, le_u, ge_s, ge_u.
bool compareIntegers(uint index, bool isLong, uint64_t a, uint64_t b) {
  int64_t signedA = int64_t(signExtended(isLong, a));
  int64_t signedB = int64_t(signExtended(isLong, b));
  switch (index) {
    case 0u: return a == 0ul;
    case 1u: return a == b;
    case 2u: return a != b;
    case 3u: return signedA < signedB;
    case 4u: return a < b;
    case 5u: return signedA > signedB;
    case 6u: return a > b;
    case 7u: return signedA <= signedB;
    case 8u: return a <= b;
    case 9u: return signedA >= signedB;
    default: return a >= b;
  }
}

uint countOnes(uint64_t value) { return uint(bitCount(uint(value)) + bitCount(uint(value >> 32))); }

// Zeros above the highest one of 64 bits.
uint leadingZeros(uint64_t value) {
  uint high = uint(value >> 32);
  if (high != 0u) return 31u - uint(findMSB(high));
  uint low = uint(value);
  return low == 0u ? 64u : 63u - uint(findMSB(low));
}

uint trailingZeros(bool isLong, uint64_t value) {
  uint low = uint(value);
  if (low != 0u) return uint(findLSB(low));
  if (!isLong) return 32u;
  uint high = uint(value >> 32);
  return high == 0u ? 64u : 32u + uint(findLSB(high));
}

uint64_t rotatedLeft(bool isLong, uint64_t value, uint by) {
  uint width = isLong ? 64u : 32u;
  uint left = by & (width - 1u);
  if (left == 0u) return value;
  return (value << left) | (value >> (width - left));
}

// div_s, div_u, rem_s, rem_u as 0 … 3. Works on magnitudes: drivers divide signed numbers wrongly at the edges.
uint64_t divideIntegers(uint index, bool isLong, uint64_t a, uint64_t b, inout uint trap) {
  if (b == 0ul) {
    trap = TRAP_DIVIDE_BY_ZERO;
    return 0ul;
  }
  bool isSigned = (index & 1u) == 0u;
  bool isRemainder = index >= 2u;
  int64_t signedA = int64_t(signExtended(isLong, a));
  int64_t signedB = int64_t(signExtended(isLong, b));
  bool isNegativeA = isSigned && signedA < 0l;
  bool isNegativeB = isSigned && signedB < 0l;
  uint64_t lowest = isLong ? 0x8000000000000000ul : 0x80000000ul;
  if (isSigned && !isRemainder && a == lowest && signedB == -1l) {
    trap = TRAP_INTEGER_OVERFLOW;
    return 0ul;
  }
  uint64_t magnitudeA = isNegativeA ? 0ul - uint64_t(signedA) : a;
  uint64_t magnitudeB = isNegativeB ? 0ul - uint64_t(signedB) : b;
  uint64_t quotient;
  if (isLong) quotient = magnitudeA / magnitudeB;
  else quotient = uint64_t(uint(magnitudeA) / uint(magnitudeB));
  if (isRemainder) {
    uint64_t rest = magnitudeA - quotient * magnitudeB;
    return isNegativeA ? 0ul - rest : rest;
  }
  return isNegativeA != isNegativeB ? 0ul - quotient : quotient;
}

// clz, ctz, popcnt, add, sub, mul, div_s, div_u, rem_s, rem_u, and, or, xor, shl, shr_s, shr_u, rotl, rotr.
uint64_t integerOperation(uint index, bool isLong, uint64_t a, uint64_t b, inout uint trap) {
  uint shift = uint(b) & (isLong ? 63u : 31u);
  uint64_t value;
  switch (index) {
    case 0u: value = uint64_t(leadingZeros(a) - (isLong ? 0u : 32u)); break;
    case 1u: value = uint64_t(trailingZeros(isLong, a)); break;
    case 2u: value = uint64_t(countOnes(a)); break;
    case 3u: value = a + b; break;
    case 4u: value = a - b; break;
    case 5u: value = a * b; break;
    case 6u:
    case 7u:
    case 8u:
    case 9u: value = divideIntegers(index - 6u, isLong, a, b, trap); break;
    case 10u: value = a & b; break;
    case 11u: value = a | b; break;
    case 12u: value = a ^ b; break;
    case 13u: value = a << shift; break;
    case 14u: value = uint64_t(int64_t(signExtended(isLong, a)) >> shift); break;
    case 15u: value = a >> shift; break;
    case 16u: value = rotatedLeft(isLong, a, shift); break;
    default: value = rotatedLeft(isLong, a, 0u - shift); break;
  }
  return narrowed(isLong, value);
}
