// float.glsl: exact arithmetic of floats as WebAssembly wants it, on the bits of f64.
//
// An f32 is promoted to f64, computed there and demoted: f64 has more than twice the bits of f32 and two more, so the
// second rounding changes nothing (S. A. Figueroa, "When is double rounding innocuous?", 1995). A driver may flush
// small f32 to zero, so promotion and demotion work on whole numbers. A NaN never passes through a variable of a float
// type: its bits might change. Every NaN that arithmetic gives is the canonical one.

const uint64_t F64_SIGN = 0x8000000000000000ul;
const uint64_t F64_MAGNITUDE = 0x7ffffffffffffffful;
const uint64_t F64_INFINITY = 0x7ff0000000000000ul;
const uint64_t F64_FRACTION = 0x000ffffffffffffful;
const uint64_t F64_NAN = 0x7ff8000000000000ul;
const uint F32_NAN = 0x7fc00000u;

bool isNaN64(uint64_t bits) { return (bits & F64_MAGNITUDE) > F64_INFINITY; }

double toDouble(uint64_t bits) { return packDouble2x32(uvec2(uint(bits), uint(bits >> 32))); }

uint64_t fromDouble(double value) {
  uvec2 words = unpackDouble2x32(value);
  return uint64_t(words.x) | (uint64_t(words.y) << 32);
}

uint64_t canonical64(uint64_t bits) { return isNaN64(bits) ? F64_NAN : bits; }

// The f64 of the same value. A NaN stays a NaN and keeps its fraction.
uint64_t promote(uint bits) {
  uint64_t sign = uint64_t(bits & 0x80000000u) << 32;
  uint exponent = (bits >> 23) & 0xffu;
  uint fraction = bits & 0x7fffffu;
  if (exponent == 0xffu) return sign | F64_INFINITY | (uint64_t(fraction) << 29);
  if (exponent != 0u) return sign | (uint64_t(exponent + 896u) << 52) | (uint64_t(fraction) << 29);
  if (fraction == 0u) return sign;
  uint top = uint(findMSB(fraction));
  return sign | (uint64_t(top + 874u) << 52) | ((uint64_t(fraction) << (52u - top)) & F64_FRACTION);
}

// The nearest f32, ties to even. Every NaN becomes the canonical one.
uint demote(uint64_t bits) {
  uint sign = uint(bits >> 32) & 0x80000000u;
  uint64_t magnitude = bits & F64_MAGNITUDE;
  if (magnitude > F64_INFINITY) return F32_NAN;
  int exponent = int(uint(magnitude >> 52)) - 896;
  if (exponent >= 255) return sign | 0x7f800000u;
  if (exponent < -23) return sign; // less than half of the smallest f32
  bool isSmall = exponent <= 0;
  uint shift = isSmall ? uint(30 - exponent) : 29u;
  uint64_t fraction = bits & F64_FRACTION;
  uint64_t value = isSmall ? fraction | (1ul << 52) : fraction | (uint64_t(uint(exponent)) << 52);
  uint64_t kept = value >> shift;
  uint64_t rest = value - (kept << shift);
  uint64_t half_ = 1ul << (shift - 1u);
  bool isUp = rest > half_ || (rest == half_ && (kept & 1ul) != 0ul);
  return sign | (uint(kept) + (isUp ? 1u : 0u));
}

// Orders the bits of numbers as their values; -0 comes before +0.
int64_t orderKey(uint64_t bits) {
  int64_t key = int64_t(bits);
  return key ^ ((key >> 63) & int64_t(F64_MAGNITUDE));
}

// The comparison `index` of eq, ne, lt, gt, le, ge.
bool compareFloats(uint index, uint64_t a, uint64_t b) {
  if (isNaN64(a) || isNaN64(b)) return index == 1u;
  bool areZeros = ((a | b) & F64_MAGNITUDE) == 0ul;
  int64_t keyA = areZeros ? 0l : orderKey(a);
  int64_t keyB = areZeros ? 0l : orderKey(b);
  bool isEqual = keyA == keyB;
  bool isLess = keyA < keyB;
  switch (index) {
    case 0u: return isEqual;
    case 1u: return !isEqual;
    case 2u: return isLess;
    case 3u: return !isLess && !isEqual;
    case 4u: return isLess || isEqual;
    default: return !isLess;
  }
}

// The operation `index` of ceil, floor, trunc, nearest, sqrt, add, sub, mul, div, as 2 … 10, then min and max.
uint64_t computeFloats(uint index, uint64_t a, uint64_t b) {
  if (index >= 11u) {
    if (isNaN64(a) || isNaN64(b)) return F64_NAN;
    return (orderKey(a) < orderKey(b)) == (index == 11u) ? a : b;
  }
  double x = toDouble(a);
  double y = toDouble(b);
  precise double value;
  switch (index) {
    case 2u: value = ceil(x); break;
    case 3u: value = floor(x); break;
    case 4u: value = trunc(x); break;
    case 5u: value = roundEven(x); break;
    case 6u: value = sqrt(x); break;
    case 7u: value = x + y; break;
    case 8u: value = x - y; break;
    case 9u: value = x * y; break;
    default: value = x / y; break;
  }
  uint64_t bits = fromDouble(value);
  // Rounding to a whole number keeps the sign of a zero, whatever a driver does.
  if (index <= 5u) bits |= a & F64_SIGN;
  return isNaN64(bits) ? F64_NAN : bits;
}

// The instructions from abs on, for one width: abs, neg, what computeFloats does, copysign.
uint64_t floatOperation(uint index, bool isDouble, uint64_t a, uint64_t b) {
  uint64_t sign = isDouble ? F64_SIGN : 0x80000000ul;
  if (index == 0u) return a & ~sign;
  if (index == 1u) return a ^ sign;
  if (index == 13u) return (a & ~sign) | (b & sign);
  uint64_t value = computeFloats(index, isDouble ? a : promote(uint(a)), isDouble ? b : promote(uint(b)));
  return isDouble ? value : uint64_t(demote(value));
}
