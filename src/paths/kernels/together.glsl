// One subgroup resolves one path: all its components at once.
//
// Lane k cuts out component k, guesses which directory contains it, and looks it up there. All lanes do this at the
// same time. Then lane k compares its guess with the directory that lane k - 1 found. From the start of the path up to
// the first wrong guess, every step is verified byte for byte, as in walk(). At the first wrong guess the right
// directory is now known. So each round advances by at least one component, and the corrected guess is stored for the
// next path. A guess is stored under the hash of the path before the component. A guess may be wrong at any time; a
// wrong guess costs one round.
#include "walk.glsl"

// One bit for each byte of the 16 that is equal to the byte repeated four times in `pattern`.
uint bytesEqual(uvec4 vector, uint pattern) {
  uvec4 other = vector ^ pattern;
  uvec4 high = ~(((other & 0x7F7F7F7Fu) + 0x7F7F7F7Fu) | other | 0x7F7F7F7Fu) >> 7;
  uvec4 bits = (high | high >> 7 | high >> 14 | high >> 21) & 0xFu;
  return bits.x | bits.y << 4 | bits.z << 8 | bits.w << 12;
}

// Resolves the path in `text`, which is the same in all lanes. PATHS_UNRESOLVED if the path is too long, or contains
// dots, symlinks or a NUL: then walk() must resolve it.
uint resolveTogether(uint directory, bool isFollowing) {
  uint lane = gl_SubgroupInvocationID;
  uint here = gl_SubgroupID * gl_SubgroupSize;
  uint firstVector = text.at / 16u;
  uint vectors = (text.end + 15u) / 16u - firstVector;
  if (text.at == text.end || vectors > gl_SubgroupSize) return PATHS_UNRESOLVED;
  uvec4 vector = Vectors(text.base).vectors[firstVector + min(lane, vectors - 1u)];
  sh_text[here + lane] = vector;

  // Bits of the bytes that belong to names in this lane's vector. From these bits and the neighbours' bits follow the
  // bounds of the names.
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
  uint ended = number - (before & names); // the previous name may continue here
  while ((begins | ends) != 0u) {
    if (begins != 0u) sh_bounds[number++].x = firstByte + uint(findLSB(begins));
    if (ends != 0u) sh_bounds[ended++].y = firstByte + uint(findLSB(ends));
    begins &= begins - 1u;
    ends &= ends - 1u;
  }
  meet();

  if (total == 0u) return ROOT_INODE;
  uint shift = (here - firstVector) * 16u; // from byte offsets of the text to those of sh_text
  bool isAbsolute = sh_bounds[here].x != text.at + shift;
  bool mustBeDirectory = sh_bounds[here + total - 1u].y + 1u != text.end + shift;
  uint start = isAbsolute ? ROOT_INODE : directory;
  if (start != ROOT_INODE && (start >= sh_table[HEADER_INODE_COUNT] ||
                              (inodeWord(start) & TABLE_KIND_MASK) != KIND_DIRECTORY)) return PATHS_UNRESOLVED;

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
