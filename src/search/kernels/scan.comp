// scan: finds every occurrence of literals in a corpus that lies in device memory.
//
// in   requests (generated/scan.glsl: one literal, its corpus, a range of tiles, where its hits go), the corpus table.
//      The operation of a request is OPERATION_SCAN; there is no other.
// out  result = number of occurrences in the range, overlapping ones too; up to `recordCapacity` of them, in no order,
//      as records in readback memory: offset in segment, newlines before it in the segment, byte column from 1; sealed
//      with a tag
// dispatch shape: any number of workgroups of any size that is a multiple of the subgroup size; of every W tiles each
//      of W workgroups takes one. Several requests for one corpus share a pass: a tile is read once and looked at for
//      each. Requests with SKIPS look only at the blocks that their literal's signature leaves (skipping.glsl).
// method: a literal is looked for by its rarest pair of neighbouring bytes, which the host chooses from a sample of the
//      corpus. Four positions a word are looked at a time: both bytes are XORed with what they should be and folded
//      together, and the zero bytes of the outcome are found with the carry trick of Hacker's Delight, 6-1. Letters are
//      compared under a mask without bit 5 where case is ignored. Candidates are then verified byte for byte by the
//      lane that found them. The lines of a few hits are found by the subgroup together, those of many by each lane for
//      its own.
// memory order relied on: the corpus and its newline index were written before the launch; records are sealed with the
//      request's tag.
// reference: src/search/reference/scan.ts
#version 460
// variant: UNROLL=1
// variant: UNROLL=4
#extension GL_EXT_control_flow_attributes : require
#include "residency.glsl"
#include "generated/scan.glsl"
#include "newlines.glsl"
#include "corpora.glsl"

layout(buffer_reference, scalar, buffer_reference_align = 16) writeonly buffer Records { uvec4 vectors[]; };

const uint LITERAL_WORDS_MAX = REQUEST_LITERAL_BYTES_MAX / 4u;
// Vectors of 16 bytes that one thread has in flight.
#ifndef UNROLL
#define UNROLL 4
#endif
const uint TILE_VECTORS = gl_WorkGroupSize.x * uint(UNROLL);

// How far the workgroups turn from one round of tiles to the next; a prime.
const uint ROUND_TURN = 97u;

// Hits of a subgroup whose lines its lanes look for together, one after the other; of more, each lane takes its own.
const uint TOGETHER_MAX = 3u;

const uint HIGH_BITS = 0x80808080u;

struct Needle {
  uint first, firstMask;   // the pair's first byte in all four places, and the mask it is compared under
  uint second, secondMask; // the same of the byte after it
  uint pairOffset;         // of the pair in the literal
  uint lengthBytes;        // of the literal
  uint tag;                // of its records, without the segment
  uint recordBase, recordCapacity;
  uint rangeBegin, rangeEnd;
};

// A needle's pair, in registers.
struct Pair {
  uint first, firstMask, second, secondMask;
};

shared Needle sh_needle[QUEUE_REQUESTS_PER_POLL];
shared uint sh_literal[QUEUE_REQUESTS_PER_POLL][LITERAL_WORDS_MAX];
shared uint sh_mask[QUEUE_REQUESTS_PER_POLL][LITERAL_WORDS_MAX];
// Occurrences counted without an atomic on device memory, after the records were full.
shared uint sh_uncounted[QUEUE_REQUESTS_PER_POLL];
shared uint sh_full[QUEUE_REQUESTS_PER_POLL];

void initializeSkipping();
void prepareSkipping(uint count);

void initialize() {
  initializeSkipping();
  if (gl_LocalInvocationIndex == 0u) forgetCorpus();
}

Pair pairOf(uint request) {
  return Pair(sh_needle[request].first, sh_needle[request].firstMask, sh_needle[request].second, sh_needle[request].secondMask);
}

uint corpusOf(uint request) { return headerWord(request, REQUEST_CORPUS); }

// Requests of one corpus share a pass.
uint batchLimit(uint available) {
  uint count = 1u;
  while (count < available && corpusOf(count) == corpusOf(0u)) count++;
  return count;
}

// Per byte of the word: 0xDF for a letter (compare without its case), 0xFF otherwise. Lower-case letters only, as the
// host sends them.
uint caseMask(uint word) {
  uint mask = 0xFFFFFFFFu;
  for (uint shift = 0u; shift < 32u; shift += 8u) {
    uint character = (word >> shift) & 0xFFu;
    if (character >= 0x61u && character <= 0x7Au) mask &= ~(0x20u << shift);
  }
  return mask;
}

// Word `index` of the literal of request `request`: the first words lie in the header, the others behind it.
uint literalWord(uint first, uint request, uint index) {
  if (index < REQUEST_LITERAL_WORDS_IN_HEADER) return headerWord(request, REQUEST_LITERAL + index);
  uint beyond = index - REQUEST_LITERAL_WORDS_IN_HEADER;
  return extensionVector(first + request, beyond / 4u)[beyond % 4u];
}

void prepare(uint first, uint count) {
  for (uint index = gl_LocalInvocationIndex; index < count * LITERAL_WORDS_MAX; index += gl_WorkGroupSize.x) {
    uint request = index / LITERAL_WORDS_MAX;
    uint word = index % LITERAL_WORDS_MAX;
    uint length = headerWord(request, REQUEST_LENGTH) & REQUEST_LENGTH_MASK;
    if (word * 4u >= length) {
      sh_literal[request][word] = 0u; // the comparison takes four words at a time
      sh_mask[request][word] = 0u;
      continue;
    }
    uint value = literalWord(first, request, word);
    bool ignoreCase = (headerWord(request, REQUEST_LENGTH) & REQUEST_IGNORE_CASE) != 0u;
    uint mask = ignoreCase ? caseMask(value) : 0xFFFFFFFFu;
    uint rest = length - word * 4u;
    if (rest < 4u) mask &= (1u << (rest * 8u)) - 1u;
    sh_literal[request][word] = value & mask;
    sh_mask[request][word] = mask;
  }
  barrier();
  if (gl_LocalInvocationIndex < count) {
    uint request = gl_LocalInvocationIndex;
    Needle needle;
    needle.lengthBytes = headerWord(request, REQUEST_LENGTH) & REQUEST_LENGTH_MASK;
    needle.pairOffset = headerWord(request, REQUEST_PAIR_OFFSET);
    uint at = needle.pairOffset;
    needle.first = ((sh_literal[request][at / 4u] >> (at % 4u * 8u)) & 0xFFu) * 0x01010101u;
    needle.firstMask = ((sh_mask[request][at / 4u] >> (at % 4u * 8u)) & 0xFFu) * 0x01010101u;
    at++;
    bool isPair = at < needle.lengthBytes; // a literal of one byte has no second: mask 0 lets every byte pass
    needle.second = isPair ? ((sh_literal[request][at / 4u] >> (at % 4u * 8u)) & 0xFFu) * 0x01010101u : 0u;
    needle.secondMask = isPair ? ((sh_mask[request][at / 4u] >> (at % 4u * 8u)) & 0xFFu) * 0x01010101u : 0u;
    needle.tag = (first + request) << RECORD_SEGMENT_BITS;
    needle.recordBase = headerWord(request, REQUEST_RECORD_BASE);
    needle.recordCapacity = headerWord(request, REQUEST_RECORD_CAPACITY);
    // A request that skips is no part of the pass over the tiles.
    bool hasRange = (headerWord(request, REQUEST_LENGTH) & REQUEST_SKIPS) == 0u;
    needle.rangeBegin = hasRange ? headerWord(request, REQUEST_RANGE_BEGIN) : 0xFFFFFFFFu;
    needle.rangeEnd = hasRange ? headerWord(request, REQUEST_RANGE_END) : 0u;
    sh_needle[request] = needle;
    sh_uncounted[request] = 0u;
    sh_full[request] = 0u;
  }
  if (gl_LocalInvocationIndex == gl_WorkGroupSize.x - 1u) takeCorpus(corpusOf(0u));
  prepareSkipping(count);
}

// A byte is 0 where the pair begins in `word`; `next` is the word behind it.
uint pairDifference(uint word, uint next, Pair pair) {
  uint following = word >> 8 | next << 24;
  return ((word & pair.firstMask) ^ pair.first) | ((following & pair.secondMask) ^ pair.second);
}

// In the high bits of the outcome: where the pair may begin. No pair is missed, a few are wrong.
// The other bits mean nothing: mask with HIGH_BITS.
uint pairBits(uint word, uint next, Pair pair) {
  uint difference = pairDifference(word, next, pair);
  return (difference - 0x01010101u) & ~difference;
}

uint vectorBits(uvec4 data, uint next, Pair pair) {
  return pairBits(data.x, data.y, pair) | pairBits(data.y, data.z, pair) | pairBits(data.z, data.w, pair) |
         pairBits(data.w, next, pair);
}

// The four high bits of a word's bytes, as bits 0 to 3.
uint gather(uint bits) { return (bits * 0x00204081u) >> 28; }

// The 16 places of a vector where the pair begins, as bits 0 to 15; exact.
uint candidatesOf(uvec4 data, uint next, Pair pair) {
  return gather(zeroBytes(pairDifference(data.x, data.y, pair))) | gather(zeroBytes(pairDifference(data.y, data.z, pair))) << 4 |
         gather(zeroBytes(pairDifference(data.z, data.w, pair))) << 8 | gather(zeroBytes(pairDifference(data.w, next, pair))) << 12;
}

// Four words at a time, so that their loads are under way together.
bool occursAt(CorpusWords corpus, uint request, uint offsetBytes) {
  uint wordCount = (sh_needle[request].lengthBytes + 3u) / 4u;
  for (uint base = 0u; base < wordCount; base += 4u) {
    uint index = (offsetBytes >> 2) + base;
    uint words[5] = uint[5](corpus.words[index], corpus.words[index + 1u], corpus.words[index + 2u],
                            corpus.words[index + 3u], corpus.words[index + 4u]);
    uint wrong = 0u;
    for (uint k = 0u; k < 4u; k++) {
      uint word = uint(packUint2x32(uvec2(words[k], words[k + 1u])) >> ((offsetBytes & 3u) * 8u));
      wrong |= (word & sh_mask[request][base + k]) ^ sh_literal[request][base + k];
    }
    if (wrong != 0u) return false;
  }
  return true;
}

// The lowest bit of a lane's share of a tile: vector and place in it, as one number below 16 * UNROLL.
uint firstBit(uvec2 bits) { return bits.x != 0u ? uint(findLSB(bits.x)) : 32u + uint(findLSB(bits.y)); }

uvec2 withoutFirstBit(uvec2 bits) { return bits.x != 0u ? uvec2(bits.x & (bits.x - 1u), bits.y) : uvec2(0u, bits.y & (bits.y - 1u)); }

// Where in its segment the byte of a bit is; `vectorBase` is the lane's first vector of the tile,
// and `stride` leads to its next one.
uint offsetOf(uint bit, uint vectorBase, uint stride) { return (vectorBase + bit / 16u * stride) * 16u + bit % 16u; }

void record(uint request, uint segmentIndex, uint index, uint offset, Place place) {
  Records(launch.outputs).vectors[sh_needle[request].recordBase + index] =
    sealed(uvec3(offset, place.newlinesBefore, offset - place.lineStart + 1u), sh_needle[request].tag | segmentIndex);
}

// All lanes of the subgroup: takes the candidates of a lane's share of a tile; counts the hits among them and records
// them while there is room.
void take(uint segmentIndex, uint request, uvec2 candidates, uint vectorBase, uint stride) {
  SegmentEntry segment = segmentAt(segmentIndex);
  uint pairOffset = sh_needle[request].pairOffset;
  bool isPair = sh_needle[request].lengthBytes <= 2u; // then a candidate is a hit
  uvec2 hits = uvec2(0u);
  while ((candidates.x | candidates.y) != 0u) {
    uint bit = firstBit(candidates);
    candidates = withoutFirstBit(candidates);
    uint pairAt = offsetOf(bit, vectorBase, stride);
    if (pairAt < pairOffset) continue;
    if (isPair || occursAt(CorpusWords(segment.data), request, pairAt - pairOffset)) {
      if (bit < 32u) hits.x |= 1u << bit;
      else hits.y |= 1u << (bit - 32u);
    }
  }
  uint hitCount = uint(bitCount(hits.x) + bitCount(hits.y));
  uint total = subgroupAdd(hitCount);
  if (total == 0u) return;
  if (subgroupBroadcastFirst(sh_full[request]) != 0u) {
    if (subgroupElect()) atomicAdd(sh_uncounted[request], total);
    return;
  }
  uint64_t before = 0ul;
  if (subgroupElect()) {
    before = atomicAdd(Counters(launch.counters).values[slotOf(currentPriority, sh_needle[request].tag >> RECORD_SEGMENT_BITS)],
                       uint64_t(total) << QUEUE_ARRIVAL_BITS, gl_ScopeDevice, gl_StorageSemanticsBuffer,
                       gl_SemanticsRelaxed) >> QUEUE_ARRIVAL_BITS;
  }
  uint capacity = sh_needle[request].recordCapacity;
  if (total > TOGETHER_MAX) {
    uint index = subgroupBroadcastFirst(uint(min(before, uint64_t(capacity)))) + subgroupExclusiveAdd(hitCount);
    if (index + hitCount >= capacity) sh_full[request] = 1u;
    for (; (hits.x | hits.y) != 0u && index < capacity; index++) {
      uint offset = offsetOf(firstBit(hits), vectorBase, stride) - pairOffset;
      hits = withoutFirstBit(hits);
      record(request, segmentIndex, index, offset, locateAlone(segment, offset));
    }
    return;
  }
  // The first hit's line is looked for while the counter's answer is under way.
  uint lane = subgroupBallotFindLSB(subgroupBallot((hits.x | hits.y) != 0u));
  uint hitAt = subgroupShuffle(offsetOf(firstBit(hits), vectorBase, stride) - pairOffset, lane);
  Place place = locate(segment, hitAt);
  uint base = subgroupBroadcastFirst(uint(min(before, uint64_t(capacity))));
  uint end = min(base + total, capacity);
  if (base + total >= capacity && subgroupElect()) sh_full[request] = 1u;
  for (uint index = base; index < end; index++) {
    if (subgroupElect()) record(request, segmentIndex, index, hitAt, place);
    if (index + 1u == end) break;
    if (gl_SubgroupInvocationID == lane) hits = withoutFirstBit(hits);
    lane = subgroupBallotFindLSB(subgroupBallot((hits.x | hits.y) != 0u));
    hitAt = subgroupShuffle(offsetOf(firstBit(hits), vectorBase, stride) - pairOffset, lane);
    place = locate(segment, hitAt);
  }
}

#include "skipping.glsl"

void perform(uint first, uint count) {
  if (sh_anySkips != 0u) performSkipping(count);
  uint begin = sh_needle[0].rangeBegin;
  uint end = sh_needle[0].rangeEnd;
  for (uint request = 1u; request < count; request++) {
    begin = min(begin, sh_needle[request].rangeBegin);
    end = max(end, sh_needle[request].rangeEnd);
  }
  end = min(end, sh_corpus.tileCount);
  // Of the segment in hand only what every tile needs is kept in registers: they decide how many workgroups fit.
  uint segmentIndex = 0u;
  uint64_t segmentData = sh_firstSegment.data;
  uint segmentBegin = 0u;
  uint segmentEnd = sh_firstSegment.tileCount;
  // The first request's pair stays in registers too: most passes serve one request.
  Pair pair = pairOf(0u);
  for (uint base = begin, turn = gl_WorkGroupID.x; base < end; base += gl_NumWorkGroups.x) {
    uint tile = base + turn;
    // Turned a little in every round, so that a corpus with a period does not give all its hits to a few workgroups.
    turn = (turn + ROUND_TURN) % gl_NumWorkGroups.x;
    if (tile >= end) continue;
    while (tile >= segmentEnd && segmentIndex < RECORD_SEGMENT_MASK) {
      segmentIndex++;
      SegmentEntry segment = segmentAt(segmentIndex);
      segmentData = segment.data;
      segmentBegin = segment.firstTile;
      segmentEnd = segment.firstTile + segment.tileCount;
    }
    uint vectorBase = (tile - segmentBegin) * TILE_VECTORS + gl_LocalInvocationIndex;
    uvec4 data[UNROLL];
    uint next[UNROLL];
    [[unroll]] for (uint j = 0u; j < uint(UNROLL); j++) {
      data[j] = CorpusVectors(segmentData).vectors[vectorBase + j * gl_WorkGroupSize.x];
      next[j] = CorpusWords(segmentData).words[(vectorBase + j * gl_WorkGroupSize.x) * 4u + 4u];
    }
    for (uint request = 0u; request < count; request++) {
      if (count > 1u) {
        if (tile < sh_needle[request].rangeBegin || tile >= sh_needle[request].rangeEnd) continue;
        pair = pairOf(request);
      }
      uint bits = 0u;
      [[unroll]] for (uint j = 0u; j < uint(UNROLL); j++) bits |= vectorBits(data[j], next[j], pair);
      if (!subgroupAny((bits & HIGH_BITS) != 0u)) continue;
      uvec2 candidates = uvec2(0u);
      [[unroll]] for (uint j = 0u; j < uint(UNROLL); j++) {
        candidates[j / 2u] |= candidatesOf(data[j], next[j], pair) << (j % 2u * 16u);
      }
      take(segmentIndex, request, candidates, vectorBase, gl_WorkGroupSize.x);
    }
  }
}

uint64_t contribution(uint index) { return uint64_t(sh_uncounted[index]); }
