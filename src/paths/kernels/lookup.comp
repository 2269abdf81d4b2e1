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
#define RESIDENCY_ALONE
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
const uint ALL = 0xFFFFFFFFu;
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
// What inline requests came to: it travels with their completions. The second word: not 0 if the first workgroup answers alone.
shared uvec2 sh_answers[QUEUE_REQUESTS_PER_POLL];

// Texts that subgroups have before them whole: a vector a lane, and one more that is looked at and not used.
const uint TOGETHER_THREADS_MAX = 512u;
shared uvec4 sh_text[TOGETHER_THREADS_MAX + 1u];
// Where each component begins and where its last byte is, in bytes of sh_text.
shared uvec2 sh_bounds[TOGETHER_THREADS_MAX];

// The lanes of a subgroup see what they stored in shared memory.
void meet() {
  if (IS_IN_STEP == 0u) subgroupBarrier();
  else subgroupMemoryBarrierShared();
}

void initialize() {
  if (gl_LocalInvocationIndex == 0u) sh_edition = 0u;
}

bool isInline(uint request) { return (headerWord(request, PATHS_OPERATION) & PATHS_IS_INLINE) != 0u; }
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
  if (gl_LocalInvocationIndex < count) sh_answers[gl_LocalInvocationIndex] = uvec2(0u, headerWord(gl_LocalInvocationIndex, PATHS_OPERATION) & PATHS_IS_ALONE);
  if (sh_edition == headerWord(0u, PATHS_EDITION)) return;
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


// The vector of the text in hand that was read last.
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
  uvec4 words; // its first four bytes in x, zeros behind its end; all of its first sixteen where it lies in shared memory
  bool hasNul;
};

// The hash of a name (table-hash.ts), word by word; its length comes last.
uint mixWord(uint hash, uint value) {
  hash = (hash ^ value) * HASH_WORD;
  return hash ^ hash >> 15;
}

uint mixLength(uint hash, uint lengthBytes) {
  hash ^= lengthBytes * HASH_LENGTH;
  hash = (hash ^ hash >> 13) * HASH_FINISH;
  return hash ^ hash >> 16;
}

// Cuts the component that begins at text.at, and hashes it on the way.
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

// Four bytes of the text from `at` on; those behind its end mean nothing.
uint textWordAt(uint at) {
  uint shift = at % 4u * 8u;
  uint low = textWord(at >> 2) >> shift;
  return shift == 0u || (at | 3u) + 1u >= text.end ? low : low | textWord((at >> 2) + 1u) << (32u - shift);
}

// Four bytes of the text from byte `at` on.
uint textHere(uint at) {
  uint word = at / 4u % (TOGETHER_THREADS_MAX * 4u); // software drivers load for lanes that have left, too
  uvec2 both = uvec2(sh_text[word / 4u][word % 4u], sh_text[(word + 1u) / 4u][(word + 1u) % 4u]);
  return uint(packUint2x32(both) >> (at % 4u * 8u));
}

// Hashes a component whose bounds are known, as takeComponent does; its first sixteen bytes at once.
Component componentHere(uvec2 bounds) {
  Component component;
  component.at = bounds.x;
  component.lengthBytes = bounds.y + 1u - bounds.x;
  uvec4 value = uvec4(textHere(bounds.x), textHere(bounds.x + 4u), textHere(bounds.x + 8u), textHere(bounds.x + 12u));
  ivec4 bits = clamp(int(component.lengthBytes) - ivec4(0, 4, 8, 12), 0, 4) * 8;
  uvec4 behind = uvec4(bits.x < 32 ? ALL << bits.x : 0u, bits.y < 32 ? ALL << bits.y : 0u, bits.z < 32 ? ALL << bits.z : 0u, bits.w < 32 ? ALL << bits.w : 0u);
  uint zeros = zeroBytes(value.x | behind.x) | zeroBytes(value.y | behind.y) | zeroBytes(value.z | behind.z) | zeroBytes(value.w | behind.w);
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

// ── The table ──

// Is this record's name the component?
bool isRecordOf(uint64_t address, uint parent, Component component) {
  uvec4 head = Vectors(address).vectors[0];
  if (head.x != parent || head.y != component.lengthBytes || head.z != component.words.x) return false;
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

// The same where the component lies in shared memory.
bool isRecordHere(uint64_t address, uint parent, Component component) {
  uvec4 head = Vectors(address).vectors[0];
  uvec4 more = uvec4(component.words.zw, 0u, 0u);
  if (component.lengthBytes > 8u) more = Vectors(address).vectors[1];
  bool isSame = head == uvec4(parent, component.lengthBytes, component.words.xy) && more.xy == component.words.zw;
  for (uint index = 4u; isSame && index * 4u < component.lengthBytes; index++) {
    uint place = index + TABLE_RECORD_NAME;
    if (place % 4u == 0u) more = Vectors(address).vectors[place / 4u];
    uint low = (place & 1u) == 0u ? more.x : more.y;
    uint high = (place & 1u) == 0u ? more.z : more.w;
    uint left = component.lengthBytes - index * 4u;
    uint after = left < 4u ? ALL << (left * 8u) : 0u;
    isSame = ((place & 2u) == 0u ? low : high) == (textHere(component.at + index * 4u) & ~after);
  }
  return isSame;
}

// The child word of the entry (parent, component); 0 where there is none. `isTogether`: the component lies in shared memory.
uint findChild(uint parent, Component component, bool isTogether) {
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
    if (!isTogether) spentRounds += ROUNDS_BUCKET;
    Vectors vectors = Vectors(tableAddress(at));
    uvec4 a = vectors.vectors[0]; // tags 0–3
    uvec4 b = vectors.vectors[1]; // tag 4, children 0–2
    uvec4 c = vectors.vectors[2]; // children 3–4, records 0–1
    uvec4 d = vectors.vectors[3]; // records 2–4, next
    uint matches = (a.x == tag ? 1u : 0u) | (a.y == tag ? 2u : 0u) | (a.z == tag ? 4u : 0u) | (a.w == tag ? 8u : 0u) | (b.x == tag ? 16u : 0u);
    while (matches != 0u) {
      uint slot = uint(findLSB(matches));
      matches &= matches - 1u;
      if (!isTogether) spentRounds += ROUNDS_CANDIDATE;
      uint child = slot < 2u ? (slot == 0u ? b.y : b.z) : (slot == 2u ? b.w : slot == 3u ? c.x : c.y);
      uint record = slot < 2u ? (slot == 0u ? c.z : c.w) : (slot == 2u ? d.x : slot == 3u ? d.y : d.z);
      if (child == 0u) continue;
      uint64_t address = tableAddress(sh_table[HEADER_NAMES_AT] + record * TABLE_VECTOR_WORDS);
      bool isFound;
      if (isTogether) isFound = isRecordHere(address, parent, component);
      else isFound = isRecordOf(address, parent, component);
      if (isFound) return child;
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
    if (component.lengthBytes == 1u && component.words.x == 0x2Eu) continue;
    if (component.lengthBytes == 2u && component.words.x == 0x2E2Eu) {
      current = inodeWord(current) >> TABLE_KIND_BITS;
      continue;
    }
    uint child = findChild(current, component, false);
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
  uint firstVector = text.at / 16u;
  uint vectors = (text.end + 15u) / 16u - firstVector;
  if (text.at == text.end || vectors > gl_SubgroupSize) return PATHS_UNRESOLVED;
  uvec4 vector = Vectors(text.base).vectors[firstVector + min(lane, vectors - 1u)];
  sh_text[here + lane] = vector;

  // The bytes of names in this lane's vector, and around it: where they begin and end.
  uint inside = lane < vectors ? 0xFFFFu : 0u;
  if (lane == 0u) inside &= 0xFFFFu << text.at % 16u;
  if (lane + 1u == vectors) inside &= 0xFFFFu >> (15u - (text.end - 1u) % 16u);
  uint names = inside & ~bytesEqual(vector, SLASHES);
  uint before = subgroupShuffle(names, max(lane, 1u) - 1u) >> 15;
  uint behind = subgroupShuffle(names, min(lane + 1u, gl_SubgroupSize - 1u)) & 1u;
  if (lane == 0u) before = 0u;
  if (lane + 1u == gl_SubgroupSize) behind = 0u;
  uint begins = names & ~(names << 1 | before);
  uint ends = names & ~(names >> 1 | behind << 15);
  uint beginsBefore = subgroupExclusiveAdd(uint(bitCount(begins)));
  uint total = subgroupShuffle(beginsBefore + uint(bitCount(begins)), gl_SubgroupSize - 1u);
  if (total > min(gl_SubgroupSize, 32u)) return PATHS_UNRESOLVED;
  uint firstByte = (here + lane) * 16u;
  uint number = here + beginsBefore;
  uint ended = number - (before & names); // the name before may go on here
  while ((begins | ends) != 0u) {
    if (begins != 0u) sh_bounds[number++].x = firstByte + uint(findLSB(begins));
    if (ends != 0u) sh_bounds[ended++].y = firstByte + uint(findLSB(ends));
    begins &= begins - 1u;
    ends &= ends - 1u;
  }
  meet();

  if (total == 0u) return ROOT_INODE;
  uint shift = (here - firstVector) * 16u; // from the text's bytes to those of sh_text
  bool isAbsolute = sh_bounds[here].x != text.at + shift;
  bool mustBeDirectory = sh_bounds[here + total - 1u].y + 1u != text.end + shift;
  uint start = isAbsolute ? ROOT_INODE : directory;
  if (start != ROOT_INODE && (start >= sh_table[HEADER_INODE_COUNT] || (inodeWord(start) & TABLE_KIND_MASK) != KIND_DIRECTORY)) return PATHS_UNRESOLVED;

  Component component = componentHere(sh_bounds[here + min(lane, total - 1u)]);
  bool isDots = component.lengthBytes <= 2u && component.words.x == (component.lengthBytes == 1u ? 0x2Eu : 0x2E2Eu);
  if (subgroupAny(isDots || component.hasNul || component.lengthBytes > NAME_BYTES_MAX)) return PATHS_UNRESOLVED;

  uint part = (component.hash ^ (lane + 1u) * HASH_TAG_PARENT) * HASH_TAG;
  uint place = subgroupExclusiveAdd(lane < total ? part ^ part >> 15 : 0u) ^ start * HASH_PARENT;
  place = (place ^ place >> 16) * HASH_BUCKET;
  place = (place ^ place >> 15) & sh_guessMask;
  uint guess = start;
  if (lane != 0u && lane < total) guess = Words(sh_guesses).words[place] & (ALL >> TABLE_KIND_BITS);
  uint child = 0u;
  bool isOpen = lane < total && guess != 0u;
  uint found = 0u;
  bool isDone = false;
  for (uint round = 0u; round < gl_SubgroupSize; round++) {
    if (isOpen) child = findChild(guess, component, true);
    uint reached = subgroupShuffle(child, max(lane, 1u) - 1u);
    bool isWrong = lane != 0u && lane < total && reached != (guess << TABLE_KIND_BITS | KIND_DIRECTORY);
    uint wrong = subgroupBallot(isWrong).x;
    isDone = wrong == 0u;
    uint next = isDone ? total : uint(findLSB(wrong));
    found = subgroupShuffle(child, (next - 1u) % gl_SubgroupSize);
    if (isDone || (found & TABLE_KIND_MASK) != KIND_DIRECTORY) break;
    isOpen = lane == next;
    if (isOpen) {
      guess = found >> TABLE_KIND_BITS;
      Words(sh_guesses).words[place] = guess;
    }
  }
  uint kind = found & TABLE_KIND_MASK;
  if (kind == KIND_SYMLINK && (!isDone || isFollowing || mustBeDirectory)) return PATHS_UNRESOLVED;
  if (found == 0u) return failure(ENOENT);
  return kind != KIND_DIRECTORY && (!isDone || mustBeDirectory) ? failure(ENOTDIR) : found >> TABLE_KIND_BITS;
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
    text.end = headerWord(request, PATHS_TEXT_BYTES);
    return;
  }
  Words offsets = Words(headerAddress(request, PATHS_OFFSETS));
  uint base = headerWord(request, PATHS_OFFSETS_BASE);
  text.base = headerAddress(request, PATHS_BYTES);
  text.at = offsets.words[index] - base;
  text.end = offsets.words[index + 1u] - base;
}

void answer(uint request, uint sequence, uint index, uint result) {
  if (isInline(request)) {
    sh_answers[request].x = result;
    return;
  }
  uint at = headerWord(request, PATHS_RESULTS_AT) + index;
  Results(launch.outputs).values[at] = uvec2(result, sequence + sealMix(uvec3(result, 0u, 0u)));
}

// Resolves the path at `index` of a request: with all lanes of the subgroup, or each lane one of its own.
void resolve(uint request, uint sequence, uint index, bool isTogether) {
  uint directory = headerWord(request, PATHS_DIRECTORY);
  bool isFollowing = (headerWord(request, PATHS_OPERATION) & PATHS_FOLLOW) != 0u;
  openPath(request, sequence, index);
  uint result = PATHS_UNRESOLVED;
  if (text.end < text.at || text.end > headerWord(request, PATHS_TEXT_BYTES)) result = PATHS_MISPLACED;
  else if (isTogether) result = resolveTogether(directory, isFollowing);
  if (isTogether && gl_SubgroupInvocationID != 0u) return;
  if (result == PATHS_UNRESOLVED) result = walk(directory, isFollowing);
  answer(request, sequence, index, result);
  spentRounds++;
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
    uint place = gl_SubgroupID * gl_NumWorkGroups.x + gl_WorkGroupID.x;
    for (uint request = 0u; request < count; request++) {
      // Of few paths each subgroup takes one, with all its lanes; of many, each lane takes one, then the next of its own.
      uint pathCount = headerWord(request, PATHS_COUNT);
      bool isTogether = TOGETHER_PATHS_MAX != 0u && (isInline(request) || pathCount <= subgroups * TOGETHER_PATHS_MAX);
      // Who takes which follows from the request alone, as other workgroups may take it in another batch. Each begins elsewhere, so that small ones meet seldom.
      uint turn, low;
      umulExtended((first + request) * HASH_WORD, subgroups, turn, low);
      uint subgroup = place + turn < subgroups ? place + turn : place + turn - subgroups;
      uint begin = subgroup;
      uint stride = subgroups;
      if (isInline(request)) {
        begin = gl_WorkGroupID.x == 0u && gl_SubgroupID == request % gl_NumSubgroups ? 0u : 1u;
        if (!isTogether) begin += gl_SubgroupInvocationID;
      } else if (!isTogether) {
        uint width = min((pathCount + subgroups - 1u) / subgroups, gl_SubgroupSize);
        begin = gl_SubgroupInvocationID < width ? subgroup * width + gl_SubgroupInvocationID : pathCount;
        stride = subgroups * width;
      }
      for (uint index = begin; index < pathCount; index += stride) resolve(request, first + request, index, isTogether);
      spentRounds++;
    }
  }
  // Lanes of a subgroup take their turns in each loop together: no more than all of theirs.
  if (launch.canaryRounds != 0u) atomicMax(sh_spent, subgroupAdd(spentRounds) + PATHS_GRANULES_MAX / gl_WorkGroupSize.x);
}

uint64_t contribution(uint index) { return uint64_t(sh_answers[index].x); }

bool isAlone(uint index) { return sh_answers[index].y != 0u; }

// A path that comes alone, in the edition that the workgroup knows, is resolved by the subgroup that sees it; walks are left to perform().
bool serve(uint sequence, out uint64_t result) {
  meet();
  if (TOGETHER_PATHS_MAX == 0u || (headerWord(0u, PATHS_OPERATION) & PATHS_IS_ALONE) == 0u || sh_edition != headerWord(0u, PATHS_EDITION)) return false;
  openPath(0u, sequence, 0u);
  uint inode = resolveTogether(headerWord(0u, PATHS_DIRECTORY), (headerWord(0u, PATHS_OPERATION) & PATHS_FOLLOW) != 0u);
  result = uint64_t(inode);
  return inode != PATHS_UNRESOLVED;
}
