// Paths and their components, in two forms: a text that one lane reads by itself, and a text that a subgroup keeps in
// shared memory.
#include "table.glsl"

const uint SLASHES = 0x2F2F2F2Fu;
const uint HIGH_BITS = 0x80808080u;
const uint ALL = 0xFFFFFFFFu;
const uint NO_VECTOR = 0xFFFFFFFFu;

// 1 for software drivers. They run the lanes of a subgroup in lockstep, and turn a subgroup barrier into a workgroup
// barrier.
layout(constant_id = 2) const uint IS_IN_STEP = 0u;

// The whole texts of subgroups: one vector per lane, and one more that is read but not used.
shared uvec4 sh_text[PATHS_TOGETHER_THREADS_MAX + 1u];
// The first and the last byte of each component, as byte offsets in sh_text.
shared uvec2 sh_bounds[PATHS_TOGETHER_THREADS_MAX];

// After this call, the lanes of a subgroup see each other's stores to shared memory.
void meet() {
  if (IS_IN_STEP == 0u) subgroupBarrier();
  else subgroupMemoryBarrierShared();
}

struct Text {
  uint64_t base; // of vectors
  uint at, end;  // bytes
};

// The vector of the current text that was read last.
uvec4 window;
uint windowIndex;

Text text;
uint spentRounds;

uint textWord(uint index) {
  uint vectorIndex = index >> 2;
  if (vectorIndex != windowIndex) {
    window = Vectors(text.base).vectors[vectorIndex];
    windowIndex = vectorIndex;
  }
  uint low = (index & 1u) == 0u ? window.x : window.y;
  uint high = (index & 1u) == 0u ? window.z : window.w;
  return (index & 2u) == 0u ? low : high;
}

uint textByte(uint at) { return (textWord(at >> 2) >> (at % 4u * 8u)) & 0xFFu; }

// Sets the high bits of bytes that are zero. Exact up to the first zero byte.
uint zeroBytes(uint word) { return (word - 0x01010101u) & ~word & HIGH_BITS; }

void skipSlashes() {
  while (text.at < text.end) {
    uint begin = text.at % 4u;
    uint others = (textWord(text.at >> 2) ^ SLASHES) >> (begin * 8u); // a slash becomes a zero byte
    uint length = others == 0u ? 4u - begin : uint(findLSB(others)) >> 3;
    text.at = min(text.at + length, text.end);
    spentRounds++;
    if (length < 4u - begin) break;
  }
}

// A component of the current text.
struct Component {
  uint at, lengthBytes;
  uint hash;
  // Text in shared memory: the first 16 bytes. Otherwise only x: the first 4 bytes. Bytes after the end are zero.
  uvec4 words;
  bool hasNul;
};

// The hash of a name (src/paths/table/hash.ts), word by word. The length comes last.
uint mixWord(uint hash, uint value) {
  hash = (hash ^ value) * HASH_WORD;
  return hash ^ hash >> 15;
}

uint mixLength(uint hash, uint lengthBytes) {
  hash ^= lengthBytes * HASH_LENGTH;
  hash = (hash ^ hash >> 13) * HASH_FINISH;
  return hash ^ hash >> 16;
}

// Cuts out the component that begins at text.at, and hashes it at the same time.
Component takeComponent() {
  Component component;
  component.at = text.at;
  component.hasNul = false;
  component.words = uvec4(0u);
  uint hash = sh_table[HEADER_HASH_SEED];
  uint shift = text.at % 4u * 8u;
  uint index = text.at >> 2;
  uint word = textWord(index);
  for (;;) {
    spentRounds++;
    index++;
    uint left = text.end - text.at;
    // Reads the next word only if the component continues there.
    uint next = shift + left * 8u > 32u ? textWord(index) : 0u;
    uint value = shift == 0u ? word : word >> shift | next << (32u - shift);
    word = next;
    uint ends = zeroBytes(value ^ SLASHES);
    uint length = min(ends == 0u ? 4u : uint(findLSB(ends)) >> 3, left);
    if (length < 4u) value &= (1u << (length * 8u)) - 1u;
    if (length != 0u) {
      uint known = length < 4u ? value | ALL << (length * 8u) : value;
      component.hasNul = component.hasNul || zeroBytes(known) != 0u;
      if (text.at == component.at) component.words.x = value;
      hash = mixWord(hash, value);
    }
    text.at += length;
    if (length < 4u || left == 4u) break;
  }
  component.lengthBytes = text.at - component.at;
  component.hash = mixLength(hash, component.lengthBytes);
  return component;
}

// Four bytes of the text, beginning at `at`. Bytes after the end of the text are undefined.
uint textWordAt(uint at) {
  uint shift = at % 4u * 8u;
  uint low = textWord(at >> 2) >> shift;
  return shift == 0u || (at | 3u) + 1u >= text.end ? low : low | textWord((at >> 2) + 1u) << (32u - shift);
}

// Four bytes of the text in shared memory, beginning at byte `at`.
uint textHere(uint at) {
  uint word = at / 4u % (PATHS_TOGETHER_THREADS_MAX * 4u); // software drivers also load for inactive lanes
  uvec2 both = uvec2(sh_text[word / 4u][word % 4u], sh_text[(word + 1u) / 4u][(word + 1u) % 4u]);
  return uint(packUint2x32(both) >> (at % 4u * 8u));
}

// Hashes a component whose bounds are known, with the same result as takeComponent(). The first 16 bytes are read at
// once.
Component componentHere(uvec2 bounds) {
  Component component;
  component.at = bounds.x;
  component.lengthBytes = bounds.y + 1u - bounds.x;
  uvec4 value = uvec4(textHere(bounds.x), textHere(bounds.x + 4u), textHere(bounds.x + 8u), textHere(bounds.x + 12u));
  ivec4 bits = clamp(int(component.lengthBytes) - ivec4(0, 4, 8, 12), 0, 4) * 8;
  uvec4 behind = uvec4(bits.x < 32 ? ALL << bits.x : 0u, bits.y < 32 ? ALL << bits.y : 0u,
                       bits.z < 32 ? ALL << bits.z : 0u, bits.w < 32 ? ALL << bits.w : 0u);
  uint zeros = zeroBytes(value.x | behind.x) | zeroBytes(value.y | behind.y) | zeroBytes(value.z | behind.z) |
               zeroBytes(value.w | behind.w);
  value &= ~behind;
  component.words = value;
  uint hash = mixWord(sh_table[HEADER_HASH_SEED], value.x);
  if (bits.y > 0) hash = mixWord(hash, value.y);
  if (bits.z > 0) hash = mixWord(hash, value.z);
  if (bits.w > 0) hash = mixWord(hash, value.w);
  for (uint at = 16u; at < component.lengthBytes; at += 4u) {
    uint left = component.lengthBytes - at;
    uint after = left < 4u ? ALL << (left * 8u) : 0u;
    uint word = textHere(bounds.x + at);
    zeros |= zeroBytes(word | after);
    hash = mixWord(hash, word & ~after);
  }
  component.hasNul = zeros != 0u;
  component.hash = mixLength(hash, component.lengthBytes);
  return component;
}
