// scan: finds every occurrence of literals in a corpus that lies in device memory.
//
// in   requests (generated/scan.glsl: one literal, its corpus, a range of tiles, where its hits go), the corpus table
// out  result = number of occurrences in the range, overlapping ones too; up to `recordCapacity` of them, in no order, as
//      records (offset in segment, newlines before it in the segment, byte column from 1, tag) in mailbox memory
// dispatch shape: any number of workgroups of any size that is a multiple of the subgroup size; workgroup w takes the tiles
//      w, w + W, w + 2W, … Several requests for one corpus share a pass: a tile is read once and looked at for each.
// method: a literal is looked for by its rarest pair of neighbouring bytes (chosen by the host), four positions a word at a
//      time: both bytes XORed with what they should be, folded together, and the zero bytes of the outcome found with the carry
//      trick of Hacker's Delight, 6-1. Letters are compared under a mask without bit 5 where case is ignored. Candidates are then verified
//      byte for byte by the lane that found them. The lines of hits are found by the whole subgroup together.
// memory order relied on: the corpus and its newline index were written before the launch; records carry the request's tag.
// twin: src/search/reference/scan.ts
#version 460
#include "residency.glsl"
#include "generated/scan.glsl"
#include "newlines.glsl"

layout(buffer_reference, scalar, buffer_reference_align = 16) readonly buffer Corpora { CorpusEntry entries[]; };
layout(buffer_reference, scalar, buffer_reference_align = 16) writeonly buffer Records { uvec4 vectors[]; };

const uint LITERAL_WORDS_MAX = REQUEST_LITERAL_BYTES_MAX / 4u;
// Vectors of 16 bytes that one thread has in flight.
#ifndef UNROLL
#define UNROLL 4
#endif
const uint TILE_VECTORS = gl_WorkGroupSize.x * uint(UNROLL);

// How far the workgroups turn from one round of tiles to the next; a prime.
const uint ROUND_TURN = 97u;

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

// Per byte of the word: 0xDF for a letter (compare without its case), 0xFF otherwise. Lower-case letters only, as the host sends them.
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
    needle.rangeBegin = headerWord(request, REQUEST_RANGE_BEGIN);
    needle.rangeEnd = headerWord(request, REQUEST_RANGE_END);
    sh_needle[request] = needle;
    sh_uncounted[request] = 0u;
    sh_full[request] = 0u;
  }
}

// In the high bits of the outcome: where in `word` the pair may begin; `next` is the word behind it. No pair is missed, a few are wrong.
// The other bits mean nothing: mask with HIGH_BITS.
uint pairBits(uint word, uint next, Pair pair) {
  uint following = word >> 8 | next << 24;
  uint difference = ((word & pair.firstMask) ^ pair.first) | ((following & pair.secondMask) ^ pair.second);
  return (difference - 0x01010101u) & ~difference;
}

uint vectorBits(uvec4 data, uint next, Pair pair) {
  return pairBits(data.x, data.y, pair) | pairBits(data.y, data.z, pair) | pairBits(data.z, data.w, pair) |
         pairBits(data.w, next, pair);
}

// The four high bits of a word's bytes, as bits 0 to 3.
uint gather(uint bits) { return ((bits & HIGH_BITS) * 0x00204081u) >> 28; }

// The 16 places of a vector where the pair may begin, as bits 0 to 15.
uint candidatesOf(uvec4 data, uint next, Pair pair) {
  return gather(pairBits(data.x, data.y, pair)) | gather(pairBits(data.y, data.z, pair)) << 4 |
         gather(pairBits(data.z, data.w, pair)) << 8 | gather(pairBits(data.w, next, pair)) << 12;
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

// All lanes of the subgroup: those with a hit at `offsetBytes` have it counted, and recorded while there is room.
void emit(SegmentEntry segment, uint segmentIndex, uint request, bool isHit, uint offsetBytes) {
  uvec4 hits = subgroupBallot(isHit);
  uint hitCount = subgroupBallotBitCount(hits);
  if (hitCount == 0u) return;
  if (subgroupBroadcastFirst(sh_full[request]) != 0u) {
    if (subgroupElect()) atomicAdd(sh_uncounted[request], hitCount);
    return;
  }
  uint64_t before = 0ul;
  if (subgroupElect()) {
    before = atomicAdd(Counters(launch.counters).values[slotOf(sh_needle[request].tag >> RECORD_SEGMENT_BITS)],
                       uint64_t(hitCount) << QUEUE_ARRIVAL_BITS, gl_ScopeDevice, gl_StorageSemanticsBuffer,
                       gl_SemanticsRelaxed) >> QUEUE_ARRIVAL_BITS;
  }
  // The first hit's line is looked for while the counter's answer is under way.
  uint lane = subgroupBallotFindLSB(hits);
  uint at = subgroupShuffle(offsetBytes, lane);
  Place place = locate(segment, at);
  uint capacity = sh_needle[request].recordCapacity;
  uint base = subgroupBroadcastFirst(uint(min(before, uint64_t(capacity))));
  uint end = min(base + hitCount, capacity);
  if (base + hitCount >= capacity && subgroupElect()) sh_full[request] = 1u;
  for (uint index = base; index < end; index++) {
    if (subgroupElect()) {
      Records(launch.outputs).vectors[sh_needle[request].recordBase + index] =
        uvec4(at, place.newlinesBefore, at - place.lineStart + 1u, sh_needle[request].tag | segmentIndex);
    }
    hits[lane / 32u] &= hits[lane / 32u] - 1u;
    if (index + 1u == end) break;
    lane = subgroupBallotFindLSB(hits);
    at = subgroupShuffle(offsetBytes, lane);
    place = locate(segment, at);
  }
}

// All lanes of the subgroup: verifies the candidates of one vector a lane, and emits the hits.
void verify(SegmentEntry segment, uint segmentIndex, uint request, uint candidates, uint vectorIndex) {
  while (subgroupAny(candidates != 0u)) {
    bool isHit = false;
    uint at = 0u;
    if (candidates != 0u) {
      uint pairAt = vectorIndex * 16u + uint(findLSB(candidates));
      candidates &= candidates - 1u;
      if (pairAt >= sh_needle[request].pairOffset) {
        at = pairAt - sh_needle[request].pairOffset;
        isHit = occursAt(CorpusWords(segment.data), request, at);
      }
    }
    emit(segment, segmentIndex, request, isHit, at);
  }
}

void perform(uint first, uint count) {
  uint begin = sh_needle[0].rangeBegin;
  uint end = sh_needle[0].rangeEnd;
  for (uint request = 1u; request < count; request++) {
    begin = min(begin, sh_needle[request].rangeBegin);
    end = max(end, sh_needle[request].rangeEnd);
  }
  CorpusEntry corpus = Corpora(launch.inputs).entries[corpusOf(0u)];
  end = min(end, corpus.tileCount);
  uint segmentIndex = 0u;
  SegmentEntry segment = Segments(corpus.segments).entries[0];
  // The first request's pair stays in registers: most passes serve one request.
  Pair pair = pairOf(0u);
  for (uint round = 0u; begin + round * gl_NumWorkGroups.x < end; round++) {
    // Turned a little in every round, so that a corpus with a period does not give all its hits to a few workgroups.
    uint tile = begin + round * gl_NumWorkGroups.x + (gl_WorkGroupID.x + round * ROUND_TURN) % gl_NumWorkGroups.x;
    if (tile >= end) continue;
    while (tile - segment.firstTile >= segment.tileCount) segment = Segments(corpus.segments).entries[++segmentIndex];
    uint vectorBase = (tile - segment.firstTile) * TILE_VECTORS + gl_LocalInvocationIndex;
    uvec4 data[UNROLL];
    uint next[UNROLL];
    for (uint j = 0u; j < uint(UNROLL); j++) {
      data[j] = CorpusVectors(segment.data).vectors[vectorBase + j * gl_WorkGroupSize.x];
      next[j] = CorpusWords(segment.data).words[(vectorBase + j * gl_WorkGroupSize.x) * 4u + 4u];
    }
    for (uint request = 0u; request < count; request++) {
      if (count > 1u) {
        if (tile < sh_needle[request].rangeBegin || tile >= sh_needle[request].rangeEnd) continue;
        pair = pairOf(request);
      }
      uint bits = 0u;
      for (uint j = 0u; j < uint(UNROLL); j++) bits |= vectorBits(data[j], next[j], pair);
      if (!subgroupAny((bits & HIGH_BITS) != 0u)) continue;
      for (uint j = 0u; j < uint(UNROLL); j++) {
        verify(segment, segmentIndex, request, candidatesOf(data[j], next[j], pair), vectorBase + j * gl_WorkGroupSize.x);
      }
    }
  }
}

uint64_t contribution(uint index) { return uint64_t(sh_uncounted[index]); }
