// newlines.glsl: reads a corpus segment in device memory, and its newline index.
//
// A segment is divided into blocks of NEWLINE_BLOCK_BYTES bytes. The index has two levels:
//     newlines before block b  =  groupRank[b / NEWLINE_GROUP_BLOCKS] + blockRank[b]
// newline_count.comp and newline_spine.comp build the index. Reference: src/search/reference/newlines.ts.

layout(buffer_reference, scalar, buffer_reference_align = 16) readonly buffer CorpusVectors { uvec4 vectors[]; };
layout(buffer_reference, scalar, buffer_reference_align = 4) readonly buffer CorpusWords { uint words[]; };
layout(buffer_reference, scalar, buffer_reference_align = 4) readonly buffer Ranks { uint ranks[]; };
layout(buffer_reference, scalar, buffer_reference_align = 16) readonly buffer Segments { SegmentEntry entries[]; };

const uint NEWLINE_BLOCK_VECTORS = NEWLINE_BLOCK_BYTES / 16u;

struct Place {
  uint newlinesBefore; // number of newlines in the segment before the offset
  uint lineStart;      // offset of the line's first byte in the segment
};

// Sets the high bit of every byte that is 0. Exact (Hacker's Delight, 6-1).
uint zeroBytes(uint word) { return ~(((word & 0x7F7F7F7Fu) + 0x7F7F7F7Fu) | word | 0x7F7F7F7Fu); }

// Sets the high bit of every byte that is a line feed. Exact.
uint newlineFlags(uint word) { return zeroBytes(word ^ 0x0A0A0A0Au); }

// The flags of the first `count` bytes of a word. `count` may be negative or above 4.
uint firstFlags(uint flags, int count) {
  return count >= 4 ? flags : count <= 0 ? 0u : flags & ((1u << (count * 8)) - 1u);
}

uint newlinesBeforeBlock(SegmentEntry segment, uint block) {
  return Ranks(segment.groupRanks).ranks[block / NEWLINE_GROUP_BLOCKS] + Ranks(segment.blockRanks).ranks[block];
}

// Counts the line feeds in [begin, end) of the segment; `begin` is a multiple of 16. The second number is the offset
// after the last line feed, or 0 if there is none. All lanes of the subgroup call this with the same arguments.
uvec2 countNewlines(SegmentEntry segment, uint begin, uint end) {
  uint count = 0u;
  uint afterLast = 0u;
  for (uint at = begin + gl_SubgroupInvocationID * 16u; at < end; at += gl_SubgroupSize * 16u) {
    uvec4 vector = CorpusVectors(segment.data).vectors[at / 16u];
    for (uint index = 0u; index < 4u; index++) {
      uint flags = firstFlags(newlineFlags(vector[index]), int(end - at) - int(index * 4u));
      count += bitCount(flags);
      if (flags != 0u) afterLast = at + index * 4u + uint(findMSB(flags)) / 8u + 1u;
    }
  }
  return uvec2(subgroupAdd(count), subgroupMax(afterLast));
}

// The block that contains line feed number `rank` (counted from 1) of the segment. The block must lie before block
// `end`.
uint blockOfNewline(SegmentEntry segment, uint rank, uint end) {
  uint low = 0u;
  uint high = end - 1u;
  while (low < high) {
    uint middle = (low + high + 1u) / 2u;
    if (newlinesBeforeBlock(segment, middle) < rank) low = middle;
    else high = middle - 1u;
  }
  return low;
}

// The same result as countNewlines(), computed by one lane.
uvec2 countNewlinesAlone(SegmentEntry segment, uint begin, uint end) {
  uint count = 0u;
  uint afterLast = 0u;
  for (uint at = begin; at < end; at += 16u) {
    uvec4 vector = CorpusVectors(segment.data).vectors[at / 16u];
    [[unroll]] for (uint index = 0u; index < 4u; index++) {
      uint flags = firstFlags(newlineFlags(vector[index]), int(end - at) - int(index * 4u));
      count += uint(bitCount(flags));
      if (flags != 0u) afterLast = at + index * 4u + uint(findMSB(flags)) / 8u + 1u;
    }
  }
  return uvec2(count, afterLast);
}

// The line that contains a byte of the segment, computed by one lane. This suits many hits at once. For one hit,
// locate() is faster.
Place locateAlone(SegmentEntry segment, uint offsetBytes) {
  uint block = offsetBytes / NEWLINE_BLOCK_BYTES;
  uint before = newlinesBeforeBlock(segment, block);
  uvec2 here = countNewlinesAlone(segment, block * NEWLINE_BLOCK_BYTES, offsetBytes);
  if (here.y != 0u || before == 0u) return Place(before + here.x, here.y);
  uint home = newlinesBeforeBlock(segment, block - 1u) < before ? block - 1u : blockOfNewline(segment, before, block);
  return Place(before, countNewlinesAlone(segment, home * NEWLINE_BLOCK_BYTES, (home + 1u) * NEWLINE_BLOCK_BYTES).y);
}

// The line that contains a byte of the segment. All lanes of the subgroup call this with the same arguments.
Place locate(SegmentEntry segment, uint offsetBytes) {
  uint block = offsetBytes / NEWLINE_BLOCK_BYTES;
  uint begin = max(block, 1u) - 1u; // also the previous block, because most lines start in one of the two
  uint before = newlinesBeforeBlock(segment, begin);
  uvec2 here = countNewlines(segment, begin * NEWLINE_BLOCK_BYTES, offsetBytes);
  if (here.y != 0u || before == 0u) return Place(before + here.x, here.y);
  // The line is long. It starts after the last line feed before `begin`. That line feed lies in the last block before
  // which there are fewer than `before` line feeds.
  uint home = blockOfNewline(segment, before, begin);
  return Place(before, countNewlines(segment, home * NEWLINE_BLOCK_BYTES, (home + 1u) * NEWLINE_BLOCK_BYTES).y);
}
