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
