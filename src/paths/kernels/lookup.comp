// lookup: resolves paths in a namespace whose table lies in device memory.
//
// in   requests (generated/paths.glsl): count paths, packed (or one in the request itself), and the inode where relative ones begin;
//      launch.state lists the table's granules, one word each: address / 2^16
// out  launch.outputs: a result a path, inode or -errno, sealed with the request's number; the request's own result is 0
//      a write request stores runs of words in the table instead: nothing else is then in flight
// dispatch shape: any number of workgroups of any size that is a multiple of the subgroup size. Few paths are spread over all subgroups, one each;
//      of many, each lane takes one, then the next of its own: a lane that is done with a short path does not wait for the long ones beside it.
// method: the walk of Linux's link_path_walk, a component a round. A component is hashed while it is cut; one bucket of the table
//      (64 bytes) then gives a candidate, whose name is compared byte for byte.
// memory order relied on: the paths were written, and the host's write-combining buffers drained, before the request. The table is written only while no lookup is in
//      flight, is released by the write's arrival, and is read past the caches that are not coherent (volatile).
// twin: src/paths/reference/lookup.ts; the table is src/paths/table.ts
#version 460
#extension GL_EXT_control_flow_attributes : require
#include "residency.glsl"
#include "generated/paths.glsl"

layout(buffer_reference, scalar, buffer_reference_align = 8) volatile buffer Results { uvec2 values[]; };

const uint KIND_DIRECTORY = 2u;
const uint KIND_SYMLINK = 3u;
const uint ROOT_INODE = 1u;
const uint NAME_BYTES_MAX = 255u;
const uint PATH_BYTES_MAX = 4095u;
const uint SYMLINKS_MAX = 40u;
const uint ENOENT = 2u;
const uint EBADF = 9u;
const uint ENOTDIR = 20u;
const uint EINVAL = 22u;
const uint ENAMETOOLONG = 36u;
const uint ELOOP = 40u;
const uint SLASHES = 0x2F2F2F2Fu;
const uint HIGH_BITS = 0x80808080u;
const uint NO_VECTOR = 0xFFFFFFFFu;
// Where loops are limited, leaving one counts too, and so does one that no lane enters: so many for each component, bucket and candidate.
const uint ROUNDS_EACH = 16u;
const uint ROUNDS_BUCKET = 4u;
const uint ROUNDS_CANDIDATE = 3u;

// Paths that a subgroup resolves one after the other, all its lanes together; of more, each lane takes its own.
layout(constant_id = 1) const uint TOGETHER_PATHS_MAX = 1u;
// Software drivers run the lanes of a subgroup in step, and take a barrier of the subgroup for one of the whole workgroup.
layout(constant_id = 2) const uint IS_IN_STEP = 0u;

// The table's header, and where its granules lie; read anew when a request names another edition.
shared uint sh_table[16];
shared uint sh_granules[PATHS_GRANULES_MAX];
shared uint sh_edition;
// Where guesses are kept (see below), and how many less one: a power of two less one.
shared uint64_t sh_guesses;
shared uint sh_guessMask;
// What inline requests came to: it travels with their completions.
shared uint sh_answers[QUEUE_REQUESTS_PER_POLL];

void initialize() {
  if (gl_LocalInvocationIndex == 0u) sh_edition = 0u;
}

bool isWrite(uint request) { return (headerWord(request, PATHS_OPERATION) & PATHS_WRITE) != 0u; }

// Lookups of one edition share a pass; a write is alone. Where loops are limited every request is, as a launch can end only between two passes.
uint batchLimit(uint available) {
  if (isWrite(0u) || launch.canaryRounds != 0u) return 1u;
  uint count = 1u;
  while (count < available && !isWrite(count) && headerWord(count, PATHS_EDITION) == headerWord(0u, PATHS_EDITION)) count++;
  return count;
}

uint64_t tableAddress(uint word) {
  return (uint64_t(sh_granules[word >> TABLE_GRANULE_BITS]) << PATHS_GRANULE_ADDRESS_BITS) + uint64_t((word & (TABLE_GRANULE_WORDS - 1u)) * 4u);
}

void prepare(uint first, uint count) {
  if (gl_LocalInvocationIndex < count) sh_answers[gl_LocalInvocationIndex] = 0u;
  bool isKnown = sh_edition == headerWord(0u, PATHS_EDITION);
  barrier(); // all have looked
  if (isKnown) return;
  uint granules = headerWord(0u, PATHS_GRANULES);
  for (uint index = gl_LocalInvocationIndex; index < granules; index += gl_WorkGroupSize.x) sh_granules[index] = Words(launch.state).words[index];
  barrier();
  for (uint index = gl_LocalInvocationIndex; index < 16u; index += gl_WorkGroupSize.x) sh_table[index] = Words(tableAddress(0u)).words[index];
  if (gl_LocalInvocationIndex == 0u) {
    sh_guesses = packUint2x32(uvec2(Words(launch.state).words[PATHS_GUESSES_ADDRESS], Words(launch.state).words[PATHS_GUESSES_ADDRESS + 1u]));
    sh_guessMask = Words(launch.state).words[PATHS_GUESS_MASK];
    // What a write is about to change is read by the next request.
    sh_edition = isWrite(0u) ? 0u : headerWord(0u, PATHS_EDITION);
  }
}

// ── A path and where its walk stands ──

struct Text {
  uint64_t base; // of vectors
  uint at, end;  // bytes
};

// What is left of the texts in which symlinks were met. Touched only by paths with symlinks in their middle.
Text texts[SYMLINKS_MAX];

// Texts that subgroups have before them whole, a vector a lane; a text whose base is 0 lies there.
const uint TOGETHER_THREADS_MAX = 512u;
shared uvec4 sh_text[TOGETHER_THREADS_MAX];
shared uint sh_begins[TOGETHER_THREADS_MAX];

// The vector of the text in hand that was read last.
uvec4 window;
uint windowIndex;

Text text;
uint spentRounds;

uint textWord(uint index) {
  uint vectorIndex = index >> 2;
  if (vectorIndex != windowIndex) {
    if (text.base == 0ul) window = sh_text[gl_SubgroupID * gl_SubgroupSize + vectorIndex];
    else window = Vectors(text.base).vectors[vectorIndex];
    windowIndex = vectorIndex;
  }
  uint low = (index & 1u) == 0u ? window.x : window.y;
  uint high = (index & 1u) == 0u ? window.z : window.w;
  return (index & 2u) == 0u ? low : high;
}

uint textByte(uint at) { return (textWord(at >> 2) >> (at % 4u * 8u)) & 0xFFu; }

// High bits of the bytes that are zero; exact up to the first.
uint zeroBytes(uint word) { return (word - 0x01010101u) & ~word & HIGH_BITS; }

void skipSlashes() {
  while (text.at < text.end) {
    uint begin = text.at % 4u;
    uint others = (textWord(text.at >> 2) ^ SLASHES) >> (begin * 8u); // no zero byte before the first that is no slash
    uint length = others == 0u ? 4u - begin : uint(findLSB(others)) >> 3;
    text.at = min(text.at + length, text.end);
    spentRounds++;
    if (length < 4u - begin) break;
  }
}

// A component of the text in hand.
struct Component {
  uint at, lengthBytes;
  uint hash;
  uint firstWord; // its first four bytes, zeros behind its end
  bool hasNul;
};

// Cuts the component that begins at text.at, and hashes it on the way (table-hash.ts).
Component takeComponent() {
  Component component;
  component.at = text.at;
  component.hasNul = false;
  component.firstWord = 0u;
  uint hash = sh_table[HEADER_HASH_SEED];
  uint shift = text.at % 4u * 8u;
  uint index = text.at >> 2;
  uint word = textWord(index);
  for (;;) {
    spentRounds++;
    index++;
    uint left = text.end - text.at;
    // The word behind is looked at only where the text goes on into it.
    uint next = shift + left * 8u > 32u ? textWord(index) : 0u;
    uint value = shift == 0u ? word : word >> shift | next << (32u - shift);
    word = next;
    uint ends = zeroBytes(value ^ SLASHES);
    uint length = min(ends == 0u ? 4u : uint(findLSB(ends)) >> 3, left);
    if (length < 4u) value &= (1u << (length * 8u)) - 1u;
    if (length != 0u) {
      uint known = length < 4u ? value | 0xFFFFFFFFu << (length * 8u) : value;
      component.hasNul = component.hasNul || zeroBytes(known) != 0u;
      if (text.at == component.at) component.firstWord = value;
      hash = (hash ^ value) * HASH_WORD;
      hash ^= hash >> 15;
    }
    text.at += length;
    if (length < 4u || left == 4u) break;
  }
  component.lengthBytes = text.at - component.at;
  hash ^= component.lengthBytes * HASH_LENGTH;
  hash = (hash ^ hash >> 13) * HASH_FINISH;
  component.hash = hash ^ hash >> 16;
  return component;
}

// Four bytes of the text from `at` on; those behind its end mean nothing.
uint textWordAt(uint at) {
  uint shift = at % 4u * 8u;
  uint low = textWord(at >> 2) >> shift;
  return shift == 0u || (at | 3u) + 1u >= text.end ? low : low | textWord((at >> 2) + 1u) << (32u - shift);
}

// Is this record's name the component?
bool isRecordOf(uint record, uint parent, Component component) {
  uint64_t address = tableAddress(record);
  uvec4 head = Vectors(address).vectors[0];
  if (head.x != parent || head.y != component.lengthBytes || head.z != component.firstWord) return false;
  uint wordCount = (component.lengthBytes + 3u) / 4u;
  uint tailBytes = component.lengthBytes % 4u;
  uvec4 vector = head;
  for (uint index = 1u; index < wordCount; index++) {
    uint place = index + TABLE_RECORD_NAME;
    if (place % 4u == 0u) vector = Vectors(address).vectors[place / 4u];
    uint word = textWordAt(component.at + index * 4u);
    if (index + 1u == wordCount && tailBytes != 0u) word &= (1u << (tailBytes * 8u)) - 1u;
    spentRounds++;
    if (vector[place % 4u] != word) return false;
  }
  return true;
}

// The child word of the entry (parent, component); 0 where there is none.
uint findChild(uint parent, Component component) {
  uint hash = component.hash ^ parent * HASH_PARENT;
  hash = (hash ^ hash >> 16) * HASH_BUCKET;
  hash = (hash ^ hash >> 15) & sh_table[HEADER_HASH_MASK];
  uint tag = component.hash * HASH_TAG ^ parent * HASH_TAG_PARENT;
  tag = (tag ^ tag >> 16) & sh_table[HEADER_HASH_MASK];
  uint mask = sh_table[HEADER_BUCKET_MASK];
  uint bucket = hash & mask;
  if (bucket >= sh_table[HEADER_BUCKET_COUNT]) bucket = hash & (mask >> 1);
  uint at = sh_table[HEADER_BUCKETS_AT] + bucket * TABLE_BUCKET_WORDS;
  for (uint round = 0u; round < TABLE_CHAIN_MAX; round++) {
    spentRounds += ROUNDS_BUCKET;
    Vectors vectors = Vectors(tableAddress(at));
    uvec4 a = vectors.vectors[0]; // tags 0–3
    uvec4 b = vectors.vectors[1]; // tag 4, children 0–2
    uvec4 c = vectors.vectors[2]; // children 3–4, records 0–1
    uvec4 d = vectors.vectors[3]; // records 2–4, next
    uint matches = (a.x == tag ? 1u : 0u) | (a.y == tag ? 2u : 0u) | (a.z == tag ? 4u : 0u) | (a.w == tag ? 8u : 0u) | (b.x == tag ? 16u : 0u);
    while (matches != 0u) {
      uint slot = uint(findLSB(matches));
      matches &= matches - 1u;
      spentRounds += ROUNDS_CANDIDATE;
      uint child = slot < 2u ? (slot == 0u ? b.y : b.z) : (slot == 2u ? b.w : slot == 3u ? c.x : c.y);
      uint record = slot < 2u ? (slot == 0u ? c.z : c.w) : (slot == 2u ? d.x : slot == 3u ? d.y : d.z);
      if (child != 0u && isRecordOf(sh_table[HEADER_NAMES_AT] + record * TABLE_VECTOR_WORDS, parent, component)) return child;
    }
    if (d.w == 0u) return 0u;
    at = sh_table[HEADER_OVERFLOW_AT] + (d.w - 1u) * TABLE_BUCKET_WORDS;
  }
  return 0u;
}

uint inodeWord(uint inode) { return Words(tableAddress(sh_table[HEADER_INODES_AT] + inode)).words[0]; }

// Does the path itself, from `at` on, hold a NUL? What the walk did not come to is looked at here.
bool hasNulBehind() {
  while (text.at < text.end) {
    uint left = text.end - text.at;
    uint word = textWordAt(text.at);
    if (left < 4u) word |= 0xFFFFFFFFu << (left * 8u);
    if (zeroBytes(word) != 0u) return true;
    text.at += 4u;
    spentRounds++;
  }
  return false;
}

uint failure(uint errno) { return 0u - errno; }

// Resolves the path in `text`.
uint walk(uint directory, bool isFollowing) {
  windowIndex = NO_VECTOR;
  Text path = text;
  if (text.at == text.end) return failure(ENOENT);
  if (text.end - text.at > PATH_BYTES_MAX) return failure(ENAMETOOLONG);
  uint current = ROOT_INODE;
  uint kind = KIND_DIRECTORY;
  uint result = 0u; // ends the walk: the answer, of which −0 is none
  if (textByte(text.at) != 0x2Fu) {
    current = directory;
    if (current != ROOT_INODE) {
      kind = current < sh_table[HEADER_INODE_COUNT] ? inodeWord(current) & TABLE_KIND_MASK : 0u;
      if (kind != KIND_DIRECTORY) result = failure(kind == 0u ? EBADF : ENOTDIR);
    }
  }
  bool mustBeDirectory = false;
  uint links = 0u;
  uint depth = 0u;
  bool isTarget = false; // the text in hand is a symlink's
  bool hasNul = false;
  skipSlashes();
  uint roundsBefore = spentRounds;
  while (result == 0u) {
    spentRounds += ROUNDS_EACH;
    if (launch.canaryRounds != 0u && spentRounds - roundsBefore > PATHS_ROUNDS_MAX) return PATHS_UNRESOLVED;
    if (text.at == text.end) {
      if (depth != 0u) {
        depth--;
        text = texts[depth];
        windowIndex = NO_VECTOR;
        isTarget = depth != 0u || path.at == path.end;
        continue;
      }
      result = mustBeDirectory && kind != KIND_DIRECTORY ? failure(ENOTDIR) : current;
      break;
    }
    if (kind != KIND_DIRECTORY) {
      result = failure(ENOTDIR);
      break;
    }
    Component component = takeComponent();
    if (!isTarget) hasNul = hasNul || component.hasNul;
    uint behind = text.at;
    skipSlashes();
    bool isLast = text.at == text.end && depth == 0u;
    if (isLast && text.at != behind) {
      mustBeDirectory = true;
      isFollowing = true;
    }
    if (component.lengthBytes > NAME_BYTES_MAX) {
      result = failure(ENAMETOOLONG);
      break;
    }
    if (component.lengthBytes == 1u && component.firstWord == 0x2Eu) continue;
    if (component.lengthBytes == 2u && component.firstWord == 0x2E2Eu) {
      current = inodeWord(current) >> TABLE_KIND_BITS;
      continue;
    }
    uint child = findChild(current, component);
    if (child == 0u) {
      result = failure(ENOENT);
      break;
    }
    kind = child & TABLE_KIND_MASK;
    if (kind != KIND_SYMLINK || (isLast && !isFollowing)) {
      current = child >> TABLE_KIND_BITS;
      continue;
    }
    if (links == SYMLINKS_MAX) {
      result = failure(ELOOP);
      break;
    }
    links++;
    kind = KIND_DIRECTORY; // the walk goes on in the directory of the link
    if (!isTarget) path.at = text.at; // how far the path itself was read
    if (text.at != text.end) {
      texts[depth] = text;
      depth++;
    }
    isTarget = true;
    uint target = sh_table[HEADER_NAMES_AT] + (inodeWord(child >> TABLE_KIND_BITS) >> TABLE_KIND_BITS) * TABLE_VECTOR_WORDS;
    text.base = tableAddress(target);
    text.at = TABLE_TARGET_BYTES * 4u;
    text.end = text.at + Words(text.base).words[TABLE_TARGET_LENGTH];
    windowIndex = NO_VECTOR;
    if (textByte(text.at) == 0x2Fu) current = ROOT_INODE;
    skipSlashes();
  }
  if (int(result) < 0) {
    // A NUL anywhere in the path comes before what the walk ran into.
    if (!isTarget) path.at = text.at;
    text = path;
    windowIndex = NO_VECTOR;
    hasNul = hasNul || hasNulBehind();
  }
  return hasNul ? failure(EINVAL) : result;
}

// ── A path that all lanes of a subgroup resolve together ──
//
// Lane k cuts component k out, guesses which directory it lies in, and looks it up there: all at once. Then each guess is held against what the lane before found.
// As far as they agree, from the start on, every step was verified byte for byte, as in the walk. The first that does not agree is known now, so a round gets at
// least one component on, and the guess is mended for the next path. A guess is kept by the hash of the path before it, and may be wrong at any time: that costs a round.

// Bits of the 16 bytes that are equal to the one that is four times in `pattern`.
uint bytesEqual(uvec4 vector, uint pattern) {
  uvec4 other = vector ^ pattern;
  uvec4 high = ~(((other & 0x7F7F7F7Fu) + 0x7F7F7F7Fu) | other | 0x7F7F7F7Fu) >> 7;
  uvec4 bits = (high | high >> 7 | high >> 14 | high >> 21) & 0xFu;
  return bits.x | bits.y << 4 | bits.z << 8 | bits.w << 12;
}

// Resolves the path in `text`, the same in all lanes; PATHS_UNRESOLVED where it is too long, or has dots, symlinks or a NUL: then the walk decides.
uint resolveTogether(uint directory, bool isFollowing) {
  uint lane = gl_SubgroupInvocationID;
  uint here = gl_SubgroupID * gl_SubgroupSize;
  uint firstVector = text.at >> 4;
  uint vectors = ((text.end + 15u) >> 4) - firstVector;
  if (text.at == text.end || vectors > gl_SubgroupSize) return PATHS_UNRESOLVED;
  uvec4 vector = lane < vectors ? Vectors(text.base).vectors[firstVector + lane] : uvec4(0u);
  sh_text[here + lane] = vector;
  text.base = 0ul;
  text.at -= firstVector * 16u;
  text.end -= firstVector * 16u;
  windowIndex = NO_VECTOR;

  // Where components begin: bytes that are no slash behind one that is, or behind nothing.
  uint inside = lane < vectors ? 0xFFFFu : 0u;
  if (lane == 0u) inside &= 0xFFFFu << text.at;
  if (lane + 1u == vectors) inside &= 0xFFFFu >> (vectors * 16u - text.end);
  uint slashes = bytesEqual(vector, SLASHES) & inside;
  uint names = inside & ~slashes;
  bool hasNul = (bytesEqual(vector, 0u) & inside) != 0u;
  uint before = subgroupShuffle(names, max(lane, 1u) - 1u);
  uint begins = names & ~(names << 1 | (lane == 0u ? 0u : before >> 15));
  uint number = subgroupExclusiveAdd(uint(bitCount(begins)));
  uint total = subgroupAdd(uint(bitCount(begins)));
  if (subgroupAny(hasNul) || total > gl_SubgroupSize) return PATHS_UNRESOLVED;
  while (begins != 0u) {
    sh_begins[here + number] = lane * 16u + uint(findLSB(begins));
    begins &= begins - 1u;
    number++;
  }
  uint firstSlashes = subgroupShuffle(slashes, 0u);
  uint lastSlashes = subgroupShuffle(slashes, (vectors - 1u) % gl_SubgroupSize);
  bool isAbsolute = (firstSlashes >> text.at & 1u) != 0u;
  bool mustBeDirectory = (lastSlashes >> (text.end - 1u) % 16u & 1u) != 0u;
  uint start = isAbsolute ? ROOT_INODE : directory;
  if (start != ROOT_INODE && (start >= sh_table[HEADER_INODE_COUNT] || (inodeWord(start) & TABLE_KIND_MASK) != KIND_DIRECTORY)) return PATHS_UNRESOLVED;
  if (total == 0u) return start;
  if (IS_IN_STEP == 0u) subgroupBarrier();
  else subgroupMemoryBarrierShared();

  Component component;
  component.hash = 0u;
  bool isPlain = true;
  if (lane < total) {
    text.at = sh_begins[here + lane];
    component = takeComponent();
    bool isDots = component.lengthBytes <= 2u && component.firstWord == (component.lengthBytes == 1u ? 0x2Eu : 0x2E2Eu);
    isPlain = component.lengthBytes <= NAME_BYTES_MAX && !isDots;
  }
  if (!subgroupAll(isPlain)) return PATHS_UNRESOLVED;

  uint part = (component.hash ^ (lane + 1u) * HASH_TAG_PARENT) * HASH_TAG;
  uint place = subgroupExclusiveAdd(lane < total ? part ^ part >> 15 : 0u) ^ start * HASH_PARENT;
  place = (place ^ place >> 16) * HASH_BUCKET;
  place = (place ^ place >> 15) & sh_guessMask;
  uint guess = start;
  if (lane != 0u && lane < total) guess = Words(sh_guesses).words[place];
  uint child = 0u;
  bool isOpen = lane < total && guess != 0u;
  for (uint round = 0u; round < gl_SubgroupSize; round++) {
    if (isOpen) child = findChild(guess, component);
    isOpen = false;
    uint reached = subgroupShuffle(child, max(lane, 1u) - 1u);
    bool isWrong = lane != 0u && lane < total && (reached >> TABLE_KIND_BITS != guess || (reached & TABLE_KIND_MASK) != KIND_DIRECTORY);
    uvec4 wrong = subgroupBallot(isWrong);
    bool isDone = !subgroupAny(isWrong);
    uint next = isDone ? total : subgroupBallotFindLSB(wrong);
    uint found = subgroupShuffle(child, (next - 1u) % gl_SubgroupSize);
    uint kind = found & TABLE_KIND_MASK;
    if (found == 0u) return failure(ENOENT);
    if (isDone) {
      if (kind == KIND_SYMLINK && (isFollowing || mustBeDirectory)) break;
      return mustBeDirectory && kind != KIND_DIRECTORY ? failure(ENOTDIR) : found >> TABLE_KIND_BITS;
    }
    if (kind == KIND_SYMLINK) break;
    if (kind != KIND_DIRECTORY) return failure(ENOTDIR);
    if (lane == next) {
      guess = found >> TABLE_KIND_BITS;
      Words(sh_guesses).words[place] = guess;
      isOpen = true;
    }
  }
  return PATHS_UNRESOLVED;
}

// ── Requests ──

uint64_t headerAddress(uint request, uint index) {
  return packUint2x32(uvec2(headerWord(request, index), headerWord(request, index + 1u)));
}

// The path at `index` of a request becomes the text in hand.
void openPath(uint request, uint sequence, uint index) {
  uint operation = headerWord(request, PATHS_OPERATION);
  if ((operation & PATHS_IS_INLINE) != 0u) {
    uint slot = slotOf(currentLane, sequence);
    text.base = launch.slots + uint64_t((slot * QUEUE_SLOT_VECTORS + QUEUE_HEADER_VECTORS) * 16u);
    text.at = 0u;
    text.end = headerWord(request, PATHS_OFFSETS_BASE);
    return;
  }
  Words offsets = Words(headerAddress(request, PATHS_OFFSETS));
  uint base = headerWord(request, PATHS_OFFSETS_BASE);
  text.base = headerAddress(request, PATHS_BYTES);
  text.at = offsets.words[index] - base;
  text.end = offsets.words[index + 1u] - base;
}

void answer(uint request, uint sequence, uint index, uint result) {
  if ((headerWord(request, PATHS_OPERATION) & PATHS_IS_INLINE) != 0u) {
    sh_answers[request] = result;
    return;
  }
  uint at = headerWord(request, PATHS_RESULTS_AT) + index;
  Results(launch.outputs).values[at] = uvec2(result, sequence + sealMix(uvec3(result, 0u, 0u)));
}

// One lane, one path.
void resolveAlone(uint request, uint sequence, uint index) {
  openPath(request, sequence, index);
  bool isFollowing = (headerWord(request, PATHS_OPERATION) & PATHS_FOLLOW) != 0u;
  answer(request, sequence, index, walk(headerWord(request, PATHS_DIRECTORY), isFollowing));
}

// All lanes of a subgroup, one path.
void resolveAsOne(uint request, uint sequence, uint index) {
  openPath(request, sequence, index);
  bool isFollowing = (headerWord(request, PATHS_OPERATION) & PATHS_FOLLOW) != 0u;
  uint result = resolveTogether(headerWord(request, PATHS_DIRECTORY), isFollowing);
  if (gl_SubgroupInvocationID == 0u) {
    if (result == PATHS_UNRESOLVED) resolveAlone(request, sequence, index);
    else answer(request, sequence, index, result);
  }
}

// All lanes: stores the runs of a write request.
void store() {
  uint count = headerWord(0u, PATHS_COUNT);
  Vectors runs = Vectors(headerAddress(0u, PATHS_OFFSETS));
  Vectors source = Vectors(headerAddress(0u, PATHS_BYTES));
  uint spent = 0u;
  for (uint run = gl_WorkGroupID.x; run < count; run += gl_NumWorkGroups.x) {
    uvec4 place = runs.vectors[run];
    Vectors target = Vectors(tableAddress(place.x));
    for (uint index = gl_LocalInvocationIndex; index < place.z; index += gl_WorkGroupSize.x) {
      target.vectors[index] = source.vectors[place.y + index];
      spent++;
    }
    spent++;
  }
  memoryBarrierBuffer();
  spentRounds += spent;
}

void perform(uint first, uint count) {
  spentRounds = 0u;
  if (isWrite(0u)) store();
  else {
    uint subgroups = gl_NumSubgroups * gl_NumWorkGroups.x;
    uint subgroup = gl_SubgroupID * gl_NumWorkGroups.x + gl_WorkGroupID.x;
    for (uint request = 0u; request < count; request++) {
      uint pathCount = headerWord(request, PATHS_COUNT);
      uint width = clamp((pathCount + subgroups - 1u) / subgroups, 1u, gl_SubgroupSize);
      if (width <= TOGETHER_PATHS_MAX) {
        for (uint index = subgroup; index < pathCount; index += subgroups) resolveAsOne(request, first + request, index);
        width = 1u;
      } else if (gl_SubgroupInvocationID < width) {
        for (uint index = subgroup * width + gl_SubgroupInvocationID; index < pathCount; index += subgroups * width) {
          resolveAlone(request, first + request, index);
          spentRounds++;
        }
      }
      // The next request begins at the subgroups that this one left idle.
      subgroup = (subgroup + subgroups - min((pathCount + width - 1u) / width, subgroups)) % subgroups;
      spentRounds++;
    }
  }
  // Lanes of a subgroup take their turns in each loop together: no more than all of theirs.
  if (launch.canaryRounds != 0u) atomicMax(sh_spent, subgroupAdd(spentRounds) + PATHS_GRANULES_MAX / gl_WorkGroupSize.x);
}

uint64_t contribution(uint index) { return uint64_t(sh_answers[index]); }
