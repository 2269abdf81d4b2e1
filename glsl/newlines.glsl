// newlines.glsl: reading a corpus segment in device memory, and its newline index.
//
// A segment is cut into blocks of NEWLINE_BLOCK_BYTES. The index has two levels:
//     newlines before block b  =  groupRank[b / NEWLINE_GROUP_BLOCKS] + blockRank[b]
// It is built by newline_count.comp and newline_spine.comp; twin: src/search/reference/newlines.ts.

layout(buffer_reference, scalar, buffer_reference_align = 16) readonly buffer CorpusVectors { uvec4 vectors[]; };
layout(buffer_reference, scalar, buffer_reference_align = 4) readonly buffer CorpusWords { uint words[]; };
layout(buffer_reference, scalar, buffer_reference_align = 4) readonly buffer Ranks { uint ranks[]; };
layout(buffer_reference, scalar, buffer_reference_align = 16) readonly buffer Segments { SegmentEntry entries[]; };

const uint NEWLINE_BLOCK_VECTORS = NEWLINE_BLOCK_BYTES / 16u;

struct Place {
  uint newlinesBefore; // in the segment, before the offset
  uint lineStart;      // offset in the segment of the line's first byte
};

// High bit of every byte that is 0; exact (Hacker's Delight, 6-1).
uint zeroBytes(uint word) { return ~(((word & 0x7F7F7F7Fu) + 0x7F7F7F7Fu) | word | 0x7F7F7F7Fu); }

// High bit of every byte of `word` that is a line feed; exact.
uint newlineFlags(uint word) { return zeroBytes(word ^ 0x0A0A0A0Au); }

// The flags of the first `count` bytes of a word; `count` may be negative or above 4.
uint firstFlags(uint flags, int count) { return count >= 4 ? flags : count <= 0 ? 0u : flags & ((1u << (count * 8)) - 1u); }

uint newlinesBeforeBlock(SegmentEntry segment, uint block) {
  return Ranks(segment.groupRanks).ranks[block / NEWLINE_GROUP_BLOCKS] + Ranks(segment.blockRanks).ranks[block];
}

// All lanes of the subgroup, with the same arguments: counts the line feeds in [begin, end) of the segment, `begin` a multiple of 16,
// and says where the byte after the last one is (0: there is none).
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

// All lanes of the subgroup, with the same arguments: the line that a byte of the segment lies in.
Place locate(SegmentEntry segment, uint offsetBytes) {
  uint block = offsetBytes / NEWLINE_BLOCK_BYTES;
  uint begin = max(block, 1u) - 1u; // the block before too: most lines start in one of the two
  uint before = newlinesBeforeBlock(segment, begin);
  uvec2 here = countNewlines(segment, begin * NEWLINE_BLOCK_BYTES, offsetBytes);
  if (here.y != 0u || before == 0u) return Place(before + here.x, here.y);
  // A long line. Its start is behind the last line feed before `begin`: in the last block that has fewer than `before` ahead of it.
  uint low = 0u;
  uint high = begin - 1u;
  while (low < high) {
    uint middle = (low + high + 1u) / 2u;
    if (newlinesBeforeBlock(segment, middle) < before) low = middle;
    else high = middle - 1u;
  }
  return Place(before, countNewlines(segment, low * NEWLINE_BLOCK_BYTES, (low + 1u) * NEWLINE_BLOCK_BYTES).y);
}
