// match: finds the matches of an automaton in every line of a corpus that lies in device memory.
//
// in   requests (generated/scan.glsl: an automaton's tables, a corpus, a range of tiles, where the matches go), the
//      corpus table
// out  result = number of records of the range; up to `recordCapacity` of them, as records in readback memory: offset
//      in segment, newlines before it in the segment, column and length; sealed with a tag. A line that is left
//      undecided is one record. What lies between two files is empty lines here: the host drops their matches.
// dispatch shape: any number of workgroups of any size that is a multiple of the subgroup size. Requests are taken one
//      by one.
// method: a thread owns CHUNK_BLOCKS blocks of text and all lines that start there. First it runs along with the search
//      table, in which every match and every doubt leads to one state that is never left: three instructions a byte,
//      and the lanes of a subgroup walk in step. Only the lines found there are matched exactly: forward to the end of
//      the leftmost match, back to its start, on behind it. The matches of a subgroup are counted, their place is taken
//      with one atomic, and the lines are matched again to write. So the records of a subgroup's share stand together
//      and in order.
// memory order relied on: the corpus and its newline index were written before the launch; tables before the request
//      that names them; records are sealed with the request's tag.
// termination: every loop is bounded by the chunk, by LINE_BLOCKS behind it, or by STEPS.
// reference: src/search/reference/line-matches.ts
#version 460
// variant: CHUNK_BLOCKS=1
// variant: CHUNK_BLOCKS=2
#extension GL_EXT_control_flow_attributes : require
#include "residency.glsl"
#include "generated/scan.glsl"
#include "newlines.glsl"
#include "corpora.glsl"
#include "automaton.glsl"

layout(buffer_reference, scalar, buffer_reference_align = 16) writeonly buffer Records { uvec4 vectors[]; };

#ifndef CHUNK_BLOCKS
#define CHUNK_BLOCKS 2
#endif
const uint CHUNK_BYTES = uint(CHUNK_BLOCKS) * NEWLINE_BLOCK_BYTES;
const uint TAIL_BYTES = 4096u;  // behind so many bytes of a line's rest it is asked how long the line is
const uint ROUND_TURN = 97u;    // how far the workgroups turn from one round of tiles to the next; a prime
const uint NONE = 0xFFFFFFFFu;

struct Job {
  uint tag;                        // of records, without the segment
  uint recordBase, recordCapacity;
  uint rangeBegin, rangeEnd;
  uint lineBlocks, steps;
};
shared Job sh_job;
// Records counted without an atomic on device memory, after the region was full.
shared uint sh_uncounted;
shared uint sh_full;

// A thread's share of the text.
struct Chunk {
  uint segment;
  uint64_t data;
  uint begin, end;
};

// A line, and the line feeds before it in the segment.
struct Line {
  uint start, newlinesBefore;
};

// What a thread knows of its lines, from counting to writing.
struct Lines {
  uint first;       // where the first line that matches starts; NONE: there is none
  uint giveUpFrom;  // lines that start here or behind are left undecided: the steps were spent
  bool hasDoubts;   // some line is undecided
};

void initialize() {
  if (gl_LocalInvocationIndex != 0u) return;
  forgetCorpus();
  sh_tableNumber = 0u;
}

uint batchLimit(uint available) { return 1u; }

void prepare(uint first, uint count) {
  uint64_t high = uint64_t(headerWord(0u, MATCH_REQUEST_TABLE_HIGH));
  uint64_t address = high << 32 | uint64_t(headerWord(0u, MATCH_REQUEST_TABLE_LOW));
  takeTable(headerWord(0u, MATCH_REQUEST_TABLE), address, headerWord(0u, MATCH_REQUEST_TABLE_VECTORS));
  if (gl_LocalInvocationIndex != gl_WorkGroupSize.x - 1u) return;
  takeCorpus(headerWord(0u, MATCH_REQUEST_CORPUS));
  sh_job.tag = first << RECORD_SEGMENT_BITS;
  sh_job.recordBase = headerWord(0u, MATCH_REQUEST_RECORD_BASE);
  sh_job.recordCapacity = headerWord(0u, MATCH_REQUEST_RECORD_CAPACITY);
  sh_job.rangeBegin = headerWord(0u, MATCH_REQUEST_RANGE_BEGIN);
  sh_job.rangeEnd = headerWord(0u, MATCH_REQUEST_RANGE_END);
  sh_job.lineBlocks = headerWord(0u, MATCH_REQUEST_LINE_BLOCKS);
  sh_job.steps = headerWord(0u, MATCH_REQUEST_STEPS);
  sh_uncounted = 0u;
  sh_full = 0u;
}

// ── Text ──

uvec4 vectorAt(uint64_t data, uint offset) { return CorpusVectors(data).vectors[offset / 16u]; }

uint byteAt(uint64_t data, uint offset) { return (CorpusWords(data).words[offset / 4u] >> (offset % 4u * 8u)) & 0xFFu; }

uint byteOf(uvec4 vector, uint index) {
  uint low = index < 4u ? vector.x : vector.y;
  uint high = index < 12u ? vector.z : vector.w;
  return ((index < 8u ? low : high) >> (index % 4u * 8u)) & 0xFFu;
}

bool hasNewline(uvec4 vector) {
  return (newlineFlags(vector.x) | newlineFlags(vector.y) | newlineFlags(vector.z) | newlineFlags(vector.w)) != 0u;
}

// The flags of a word's bytes in [begin, end) of the segment; the word is at `at`.
uint flagsWithin(uint word, uint at, uint begin, uint end) {
  uint flags = firstFlags(newlineFlags(word), int(end - at));
  return begin <= at ? flags : begin - at >= 4u ? 0u : flags & (0xFFFFFFFFu << ((begin - at) * 8u));
}

// Moves a line on to the one that `offset` lies in.
void advanceLine(inout Line line, uint64_t data, uint offset) {
  uint begin = line.start;
  for (uint at = begin & ~15u; at < offset; at += 16u) {
    uvec4 vector = vectorAt(data, at);
    [[unroll]] for (uint index = 0u; index < 4u; index++) {
      uint flags = flagsWithin(vector[index], at + index * 4u, begin, offset);
      line.newlinesBefore += uint(bitCount(flags));
      if (flags != 0u) line.start = at + index * 4u + uint(findMSB(flags)) / 8u + 1u;
    }
  }
}

// Where the line behind this one starts; the chunk's end where that is not in the chunk.
uint nextLineStart(Chunk chunk, uint start) {
  for (uint at = start & ~15u; at < chunk.end; at += 16u) {
    uvec4 vector = vectorAt(chunk.data, at);
    [[unroll]] for (uint index = 0u; index < 4u; index++) {
      uint flags = flagsWithin(vector[index], at + index * 4u, start, chunk.end);
      if (flags != 0u) return at + index * 4u + uint(findLSB(flags)) / 8u + 1u;
    }
  }
  return chunk.end;
}

// Is the line that goes on behind the chunk too long?
bool isTooLong(Chunk chunk) {
  SegmentEntry segment = segmentAt(chunk.segment);
  uint block = chunk.end / NEWLINE_BLOCK_BYTES;
  uint last = block + sh_job.lineBlocks;
  return last < segment.blockCount && newlinesBeforeBlock(segment, last) == newlinesBeforeBlock(segment, block);
}

// ── The search for lines ──

// Four steps: the next rows are looked up one after the other.
uint stepFour(uint row, uvec4 indexes) {
  row = sh_table[row + indexes.x];
  row = sh_table[row + indexes.y];
  row = sh_table[row + indexes.z];
  return sh_table[row + indexes.w];
}

uvec4 bytesOf(uint word) { return uvec4(word & 0xFFu, (word >> 8) & 0xFFu, (word >> 16) & 0xFFu, word >> 24); }

uvec4 columnsOf(uvec4 bytes) {
  return uvec4(columnOf(bytes.x), columnOf(bytes.y), columnOf(bytes.z), columnOf(bytes.w));
}

uint stepVector(bool isDirect, uint row, uvec4 vector) {
  if (isDirect) {
    [[unroll]] for (uint index = 0u; index < 4u; index++) row = stepFour(row, bytesOf(vector[index]));
  } else {
    [[unroll]] for (uint index = 0u; index < 4u; index++) row = stepFour(row, columnsOf(bytesOf(vector[index])));
  }
  return row;
}

// Where, from `at` on, a line of the chunk must be looked at more closely: a place in that line. NONE where there is
// none. `state` is the automaton's there: its first one at a line's start, DEAD to pass over a line.
uint searchLines(Chunk chunk, uint at, uint state) {
  bool isDirect = sh_table[MATCH_TABLE_IS_DIRECT] != 0u;
  uint rows = sh_table[MATCH_TABLE_SEARCH];
  uint stride = sh_table[MATCH_TABLE_SEARCH_STRIDE];
  uint rowCount = sh_table[MATCH_TABLE_SEARCH_STATES];
  uint slowBits = sh_table[MATCH_TABLE_SLOW_BITS];
  uint first = sh_table[MATCH_TABLE_FORWARD_START + CONTEXT_EDGE];
  uint quitRow = rows + MATCH_TABLE_QUIT * stride;
  uint lostRow = rows + MATCH_TABLE_LOST * stride;
  uint row = state < rowCount ? rows + state * stride : lostRow;
  uint lineBytes = sh_job.lineBlocks * NEWLINE_BLOCK_BYTES;
  uint end = chunk.end + lineBytes + CHUNK_BYTES; // a line that is not too long ends before
  uint tail = chunk.end + min(TAIL_BYTES, lineBytes);
  uvec4 vector = vectorAt(chunk.data, at);
  while (at < end) {
    uint base = at & ~15u;
    uvec4 next = vectorAt(chunk.data, base + 16u); // under way while this one is looked at
    bool isSlow = at != base || row == lostRow || ((vector.x | vector.y | vector.z | vector.w) & slowBits) != 0u;
    isSlow = isSlow || (base >= chunk.end && hasNewline(vector));
    uint after = row;
    if (!isSlow) {
      after = stepVector(isDirect, row, vector);
      isSlow = after == quitRow || after == lostRow;
    }
    if (isSlow) {
      if (row != lostRow) state = (row - rows) / stride;
      Table table = forwardTable();
      for (; at < base + 16u; at++) {
        uint byte = byteOf(vector, at % 16u);
        uint entry = entryOf(table, state, columnOf(byte));
        if (entry == MATCH_TABLE_QUIT || (entry & MATCH_TABLE_MATCH) != 0u) return at;
        state = byte == LINE_FEED ? first : entry;
        if (byte == LINE_FEED && at + 1u >= chunk.end) return NONE; // the next line is another thread's
      }
      row = state < rowCount ? rows + state * stride : lostRow;
    } else {
      row = after;
      at = base + 16u;
      if (at == chunk.end && vector.w >> 24 == LINE_FEED) return NONE;
    }
    if (at >= chunk.end && row == rows) return NONE; // DEAD: nothing more in this line
    if (at == tail && isTooLong(chunk)) return at;
    vector = next;
  }
  return NONE;
}

// ── The matches of a line ──

void record(uint segment, uint index, uint offset, uint newlinesBefore, uint column, uint length) {
  if (index >= sh_job.recordCapacity) return;
  Records(launch.outputs).vectors[sh_job.recordBase + index] =
    sealed(uvec3(offset, newlinesBefore, column | length << MATCH_RECORD_COLUMN_BITS), sh_job.tag | segment);
}

// The end of the leftmost match from `from` on; NONE where there is none, or where the line is undecided.
uint matchEnd(uint64_t data, Line line, uint from, inout uint stepsLeft, out bool isUndecided) {
  Table table = forwardTable();
  uint state = startOf(table, from == line.start ? CONTEXT_EDGE : contextOf(byteAt(data, from - 1u)));
  uint end = NONE;
  isUndecided = false;
  uint word = 0u;
  for (uint at = from;; at++) {
    if (at == from || at % 4u == 0u) word = CorpusWords(data).words[at / 4u];
    uint byte = (word >> (at % 4u * 8u)) & 0xFFu;
    uint entry = entryOf(table, state, columnOf(byte));
    if (entry == MATCH_TABLE_QUIT || stepsLeft == 0u) {
      isUndecided = true;
      return NONE;
    }
    stepsLeft--;
    if ((entry & MATCH_TABLE_MATCH) != 0u) end = at;
    state = entry & MATCH_TABLE_STATE_MASK;
    if (byte == LINE_FEED || state == MATCH_TABLE_DEAD) return end;
  }
}

// The start of the match that ends at `end`, which lies at `from` or behind.
uint matchStart(uint64_t data, Line line, uint from, uint end, inout uint stepsLeft, out bool isUndecided) {
  Table table = reverseTable();
  uint state = startOf(table, contextOf(byteAt(data, end)));
  uint start = end;
  isUndecided = false;
  uint word = 0u;
  for (uint at = end;; at--) {
    uint column = sh_table[MATCH_TABLE_EDGE_COLUMN];
    if (at != line.start) {
      if (at == end || at % 4u == 0u) word = CorpusWords(data).words[(at - 1u) / 4u];
      column = columnOf((word >> ((at - 1u) % 4u * 8u)) & 0xFFu);
    }
    uint entry = entryOf(table, state, column);
    if (entry == MATCH_TABLE_QUIT || stepsLeft == 0u) {
      isUndecided = true;
      return end;
    }
    stepsLeft--;
    if ((entry & MATCH_TABLE_MATCH) != 0u) start = at;
    state = entry & MATCH_TABLE_STATE_MASK;
    if (state == MATCH_TABLE_DEAD || at == from) return start;
  }
}

// Counts the matches of a line, and writes them from `index` on where that is not NONE. NONE: the line is undecided.
uint matchLine(Chunk chunk, Line line, uint index, inout uint stepsLeft) {
  uint count = 0u;
  uint lastEnd = NONE;
  bool canBeEmpty = sh_table[MATCH_TABLE_CAN_BE_EMPTY] != 0u;
  for (uint from = line.start;;) {
    bool isUndecided;
    uint end = matchEnd(chunk.data, line, from, stepsLeft, isUndecided);
    if (isUndecided) return NONE;
    if (end == NONE) return count;
    uint start = matchStart(chunk.data, line, from, end, stepsLeft, isUndecided);
    bool isEmpty = start == end;
    if (isUndecided || end - start > MATCH_RECORD_LENGTH_MAX) return NONE;
    if (!isEmpty || end != lastEnd) {
      if (index != NONE)
        record(chunk.segment, index + count, start, line.newlinesBefore, start - line.start, end - start);
      count++;
      lastEnd = end;
    }
    from = isEmpty ? end + 1u : end;
    // Behind the line there is nothing, and at its end only what is empty.
    if ((isEmpty || !canBeEmpty) && byteAt(chunk.data, end) == LINE_FEED) return count;
  }
}

// Counts the records of a chunk's lines, or writes them from `index` on where that is not NONE.
uint takeLines(Chunk chunk, inout Lines lines, uint index) {
  bool isWriting = index != NONE;
  uint at = isWriting ? lines.first : chunk.begin;
  bool isAtStart = isWriting || at == 0u || byteAt(chunk.data, at - 1u) == LINE_FEED;
  uint first = sh_table[MATCH_TABLE_FORWARD_START + CONTEXT_EDGE];
  uint state = isAtStart ? first : MATCH_TABLE_DEAD;
  uint stepsLeft = sh_job.steps;
  uint total = 0u;
  for (Line line = Line(chunk.begin, NONE); at < chunk.end;) {
    uint hit = searchLines(chunk, at, state);
    if (hit == NONE) break;
    if (line.newlinesBefore == NONE)
      line.newlinesBefore = newlinesBeforeBlock(segmentAt(chunk.segment), chunk.begin / NEWLINE_BLOCK_BYTES);
    advanceLine(line, chunk.data, min(hit, chunk.end));
    if (lines.first == NONE) lines.first = line.start;
    at = nextLineStart(chunk, line.start);
    state = first;
    uint count = NONE;
    bool goesOn = at == chunk.end && byteAt(chunk.data, at - 1u) != LINE_FEED;
    bool isGivenUp = line.start >= lines.giveUpFrom || (goesOn && isTooLong(chunk));
    // To write, a line with doubts is counted first: it must not write before it is known to be decided.
    bool isCounted = !isWriting || lines.hasDoubts;
    for (uint round = isCounted ? 0u : 1u; !isGivenUp && round < (isWriting ? 2u : 1u); round++) {
      if (isWriting) stepsLeft = sh_job.steps;
      count = matchLine(chunk, line, round == 0u ? NONE : index + total, stepsLeft);
      isGivenUp = count == NONE;
    }
    if (isGivenUp) {
      lines.hasDoubts = true;
      if (stepsLeft == 0u && !isWriting) lines.giveUpFrom = min(lines.giveUpFrom, line.start);
      if (isWriting)
        record(chunk.segment, index + total, line.start, line.newlinesBefore, 0u, MATCH_RECORD_UNDECIDED);
      count = 1u;
    }
    total += count;
  }
  return total;
}

// All lanes of the subgroup: takes the place of their records. The first of this lane's; NONE where all is full.
uint placeOf(uint count, uint total) {
  uint capacity = sh_job.recordCapacity;
  uint64_t before = 0ul;
  if (subgroupElect()) {
    uint slot = slotOf(currentPriority, sh_job.tag >> RECORD_SEGMENT_BITS);
    before = atomicAdd(Counters(launch.counters).values[slot], uint64_t(total) << QUEUE_ARRIVAL_BITS, gl_ScopeDevice,
                       gl_StorageSemanticsBuffer, gl_SemanticsRelaxed) >> QUEUE_ARRIVAL_BITS;
    if (before + uint64_t(total) >= uint64_t(capacity)) sh_full = 1u;
  }
  uint base = subgroupBroadcastFirst(uint(min(before, uint64_t(capacity))));
  uint index = base + subgroupExclusiveAdd(count);
  return index < capacity ? index : NONE;
}

// All lanes of the subgroup: their chunks of a tile.
void takeChunk(Chunk chunk) {
  Lines lines = Lines(NONE, NONE, false);
  uint index = NONE;
  for (uint pass = 0u; pass < 2u; pass++) {
    uint count = 0u;
    if (pass == 0u ? chunk.begin != NONE : index != NONE) count = takeLines(chunk, lines, index);
    if (pass == 1u) return;
    uint total = subgroupAdd(count);
    if (total == 0u) return;
    if (subgroupBroadcastFirst(sh_full) != 0u) {
      if (subgroupElect()) atomicAdd(sh_uncounted, total);
      return;
    }
    index = placeOf(count, total);
    if (count == 0u) index = NONE;
  }
}

const uint TILE_BLOCKS = gl_WorkGroupSize.x * uint(CHUNK_BLOCKS);

uint tileCountOf(SegmentEntry segment) { return (segment.blockCount + TILE_BLOCKS - 1u) / TILE_BLOCKS; }

void perform(uint first, uint count) {
  uint end = min(sh_job.rangeEnd, sh_corpus.matchTileCount);
  uint segmentIndex = 0u;
  SegmentEntry segment = sh_firstSegment;
  uint lane = gl_SubgroupID * gl_SubgroupSize + gl_SubgroupInvocationID;
  for (uint base = sh_job.rangeBegin, turn = gl_WorkGroupID.x; base < end; base += gl_NumWorkGroups.x) {
    uint tile = base + turn;
    // Turned a little in every round, so that a corpus with a period does not give all its matches to a few workgroups.
    turn = (turn + ROUND_TURN) % gl_NumWorkGroups.x;
    if (tile >= end) continue;
    while (tile >= segment.firstMatchTile + tileCountOf(segment) && segmentIndex < RECORD_SEGMENT_MASK)
      segment = segmentAt(++segmentIndex);
    uint block = ((tile - segment.firstMatchTile) * gl_WorkGroupSize.x + lane) * uint(CHUNK_BLOCKS);
    uint begin = block < segment.blockCount ? block * NEWLINE_BLOCK_BYTES : NONE;
    takeChunk(Chunk(segmentIndex, segment.data, begin, begin + CHUNK_BYTES));
  }
}

uint64_t contribution(uint index) { return uint64_t(sh_uncounted); }
