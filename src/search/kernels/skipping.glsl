// skipping.glsl: scans only the blocks whose signatures have a literal's trigrams. Part of scan.comp.
//
// Requests with SKIPS look at the whole corpus. Each workgroup takes every W-th word of 32 blocks:
//
//     rows of the literal ──AND──▶ blocks that remain ──▶ sh_remaining ──▶ a subgroup scans each, as tiles are scanned
//
// A block is scanned for the places of the literal's pair, so every occurrence belongs to one block. Rows are those of
// the trigrams from the pair on: they all start in the pair's block or in the 64 bytes behind it.
// Each request of a batch has blocks of its own, but the words of all are looked at together.
// reference: src/search/reference/signatures.ts

layout(buffer_reference, scalar, buffer_reference_align = 8) readonly buffer SignatureTable {
  SignatureHead head;
  SignedSegment segments[];
};

const uint LITERAL_ROWS_MAX = SIGNATURE_OVERLAP_BYTES;
// Rows that a thread has in flight.
const uint ROWS_TOGETHER = 8u;
// Words of blocks that a workgroup looks at in a round.
const uint ROUND_WORDS = 48u;
const uint SEGMENTS_MAX = RECORD_SEGMENT_MASK + 1u;
const uint BLOCK_VECTORS = SIGNATURE_BLOCK_BYTES / 16u;

// Less than all rows makes hashes collide, for tests.
layout(constant_id = 1) const uint ROW_MASK = SIGNATURE_ROWS - 1u;

// The rows of each literal that is skipped for, a multiple of ROWS_TOGETHER; none for other requests.
shared uint sh_rowCount[QUEUE_REQUESTS_PER_POLL];
shared uint sh_rows[QUEUE_REQUESTS_PER_POLL][LITERAL_ROWS_MAX];
// Any request of the batch skips.
shared uint sh_anySkips;
// The table of the corpus that was skipped in last.
shared uint64_t sh_table;
shared SignatureHead sh_tableHead;
shared uint sh_firstWord[SEGMENTS_MAX];
// Blocks that remain in a round: word of the round, bit.
shared uint sh_remaining[ROUND_WORDS * 32u];
shared uint sh_remainingCount;

void initializeSkipping() {
  if (gl_LocalInvocationIndex == 0u) sh_table = 0ul;
}

bool skips(uint request) { return (headerWord(request, REQUEST_LENGTH) & REQUEST_SKIPS) != 0u; }

uint64_t tableOf(uint request) {
  return packUint2x32(uvec2(headerWord(request, REQUEST_RANGE_BEGIN), headerWord(request, REQUEST_RANGE_END)));
}

// A byte of a literal with ASCII letters in lower case.
uint foldedByte(uint request, uint at) {
  uint value = (sh_literal[request][at / 4u] >> (at % 4u * 8u)) & 0xFFu;
  return value >= 0x41u && value <= 0x5Au ? value + 0x20u : value;
}

uint rowOf(uint request, uint at) {
  uint trigram = foldedByte(request, at) | foldedByte(request, at + 1u) << 8 | foldedByte(request, at + 2u) << 16;
  return (trigram * SIGNATURE_MULTIPLIER) >> SIGNATURE_SHIFT & ROW_MASK;
}

// All threads, with the literals in shared memory, before the barrier that ends prepare().
void prepareSkipping(uint count) {
  bool anySkips = false;
  for (uint request = 0u; request < count; request++) anySkips = anySkips || skips(request);
  if (gl_LocalInvocationIndex == 0u) {
    sh_anySkips = anySkips ? 1u : 0u;
    sh_remainingCount = 0u;
  }
  if (!anySkips) return;
  for (uint index = gl_LocalInvocationIndex; index < count * LITERAL_ROWS_MAX; index += gl_WorkGroupSize.x) {
    uint request = index / LITERAL_ROWS_MAX;
    uint number = index % LITERAL_ROWS_MAX;
    uint pairOffset = headerWord(request, REQUEST_PAIR_OFFSET);
    uint length = headerWord(request, REQUEST_LENGTH) & REQUEST_LENGTH_MASK;
    uint rowCount = skips(request) ? min(length - pairOffset - 2u, LITERAL_ROWS_MAX) : 0u;
    if (number == 0u) sh_rowCount[request] = (rowCount + ROWS_TOGETHER - 1u) / ROWS_TOGETHER * ROWS_TOGETHER;
    // What fills up is the first row once more.
    if (rowCount != 0u) sh_rows[request][number] = rowOf(request, pairOffset + (number < rowCount ? number : 0u));
  }
}

// All threads: reads the table of the corpus if it is not the one at hand.
void takeTable(uint count) {
  uint64_t table = 0ul;
  for (uint request = 0u; request < count; request++) if (skips(request)) table = tableOf(request);
  if (sh_table == table) return;
  barrier(); // all have compared
  SignatureTable source = SignatureTable(table);
  uint segmentCount = source.head.segmentCount;
  for (uint index = gl_LocalInvocationIndex; index < segmentCount; index += gl_WorkGroupSize.x) {
    sh_firstWord[index] = source.segments[index].firstWord;
  }
  if (gl_LocalInvocationIndex == 0u) {
    sh_table = table;
    sh_tableHead = source.head;
  }
  barrier();
}

// The segment that a word of the corpus lies in.
uint segmentOf(uint word) {
  uint low = 0u;
  uint high = sh_tableHead.segmentCount - 1u;
  while (low < high) {
    uint middle = (low + high + 1u) / 2u;
    if (sh_firstWord[middle] <= word) low = middle;
    else high = middle - 1u;
  }
  return low;
}

// Which of the 32 blocks of a word may have a request's literal.
uint remainingOf(uint request, uint word) {
  SignedSegment segment = SignatureTable(sh_table).segments[segmentOf(word)];
  uint at = word - segment.firstWord;
  uint remaining = 0xFFFFFFFFu;
  for (uint first = 0u; first < sh_rowCount[request] && remaining != 0u; first += ROWS_TOGETHER) {
    uint words[ROWS_TOGETHER];
    [[unroll]] for (uint k = 0u; k < ROWS_TOGETHER; k++) {
      words[k] = CorpusWords(segment.rows).words[sh_rows[request][first + k] * segment.wordCount + at];
    }
    [[unroll]] for (uint k = 0u; k < ROWS_TOGETHER; k++) remaining &= words[k];
  }
  return remaining;
}

// All lanes of a subgroup: takes the occurrences whose pair lies in a block.
void scanBlock(uint request, uint word, uint block) {
  uint segmentIndex = segmentOf(word);
  uint64_t data = SignatureTable(sh_table).segments[segmentIndex].data;
  uint begin = ((word - sh_firstWord[segmentIndex]) * 32u + block) * BLOCK_VECTORS;
  Pair pair = pairOf(request);
  for (uint step = 0u; step < BLOCK_VECTORS; step += gl_SubgroupSize * uint(UNROLL)) {
    uint vectorBase = begin + step + gl_SubgroupInvocationID;
    uvec4 text[UNROLL];
    uint next[UNROLL];
    [[unroll]] for (uint j = 0u; j < uint(UNROLL); j++) {
      text[j] = CorpusVectors(data).vectors[vectorBase + j * gl_SubgroupSize];
      next[j] = CorpusWords(data).words[(vectorBase + j * gl_SubgroupSize) * 4u + 4u];
    }
    uvec2 candidates = uvec2(0u);
    [[unroll]] for (uint j = 0u; j < uint(UNROLL); j++) {
      if (vectorBase + j * gl_SubgroupSize >= begin + BLOCK_VECTORS) continue; // large subgroups reach beyond the block
      candidates[j / 2u] |= candidatesOf(text[j], next[j], pair) << (j % 2u * 16u);
    }
    if (!subgroupAny((candidates.x | candidates.y) != 0u)) continue;
    take(segmentIndex, request, candidates, vectorBase, gl_SubgroupSize);
  }
}

// All threads: performs the requests that skip. Behind it nothing of this is read by others: no barrier ends it.
void performSkipping(uint count) {
  takeTable(count);
  uint group = gl_WorkGroupID.x;
  uint ownCount = sh_tableHead.wordCount > group ? (sh_tableHead.wordCount - group - 1u) / gl_NumWorkGroups.x + 1u : 0u;
  uint total = ownCount * count;
  for (uint base = 0u; base < total; base += ROUND_WORDS) {
    for (uint index = gl_LocalInvocationIndex; index < min(ROUND_WORDS, total - base); index += gl_WorkGroupSize.x) {
      uint request = (base + index) / ownCount;
      if (sh_rowCount[request] == 0u) continue;
      uint remaining = remainingOf(request, group + (base + index) % ownCount * gl_NumWorkGroups.x);
      if (remaining == 0u) continue;
      uint at = atomicAdd(sh_remainingCount, uint(bitCount(remaining)));
      for (; remaining != 0u; remaining &= remaining - 1u) sh_remaining[at++] = index * 32u + uint(findLSB(remaining));
    }
    barrier();
    for (uint index = gl_SubgroupID; index < sh_remainingCount; index += gl_NumSubgroups) {
      uint pair = base + sh_remaining[index] / 32u;
      scanBlock(pair / ownCount, group + pair % ownCount * gl_NumWorkGroups.x, sh_remaining[index] % 32u);
    }
    if (base + ROUND_WORDS >= total) break;
    barrier();
    if (gl_LocalInvocationIndex == 0u) sh_remainingCount = 0u;
    barrier();
  }
}
