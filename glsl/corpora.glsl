// corpora.glsl: the corpus that the requests in hand are about, in shared memory.
//
// The table entries of a corpus do not change while a kernel runs: the host stops it to load or unload.

layout(buffer_reference, scalar, buffer_reference_align = 16) readonly buffer Corpora { CorpusEntry entries[]; };

// The corpus that was looked at last.
shared uint sh_corpusIndex;
shared CorpusEntry sh_corpus;
shared SegmentEntry sh_firstSegment;

// One thread, at the beginning of a launch.
void forgetCorpus() { sh_corpusIndex = 0xFFFFFFFFu; }

// One thread: reads the entries of a corpus, if they are not those at hand.
void takeCorpus(uint index) {
  if (sh_corpusIndex == index) return;
  sh_corpusIndex = index;
  sh_corpus = Corpora(launch.inputs).entries[index];
  sh_firstSegment = Segments(sh_corpus.segments).entries[0];
}

// The table entry of a segment: the first from shared memory, others from where the host wrote them.
SegmentEntry segmentAt(uint index) {
  if (index == 0u) return sh_firstSegment;
  return Segments(sh_corpus.segments).entries[index];
}

// The tiles of a range that a workgroup takes: of every `workers` from `begin` on one, the first of them number `turn`.
struct Stripe { uint begin, end, turn, workers; };

// A device translates addresses page by page, and knows the pages of some 2 GiB by heart. When all workgroups walk
// through the next page together, they all wait for its translation. So a larger range is cut into stripes: the
// workgroups walk through as many pages at a time, and their waits overlap.
const uint STRIPES = 16u;
const uint STRIPED_TILES = 131072u;

Stripe stripeOf(uint begin, uint end) {
  bool isStriped = end > begin + STRIPED_TILES && gl_NumWorkGroups.x >= 4u * STRIPES;
  uint stripes = isStriped ? STRIPES : 1u;
  uint stripe = gl_WorkGroupID.x % stripes;
  uint tiles = (max(end, begin) - begin + stripes - 1u) / stripes;
  uint first = begin + stripe * tiles;
  return Stripe(first, min(end, first + tiles), gl_WorkGroupID.x / stripes,
                (gl_NumWorkGroups.x - stripe + stripes - 1u) / stripes);
}
