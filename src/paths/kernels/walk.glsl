// One lane resolves one path, as Linux's link_path_walk does: one component per round. Cutting out a component also
// hashes it.
#include "entry.glsl"

const uint NAME_BYTES_MAX = 255u;
const uint PATH_BYTES_MAX = 4095u;
const uint SYMLINKS_MAX = 40u;
const uint ENOENT = 2u;
const uint EBADF = 9u;
const uint ENOTDIR = 20u;
const uint EINVAL = 22u;
const uint ENAMETOOLONG = 36u;
const uint ELOOP = 40u;
// Rounds to account for each component, where loops are limited.
const uint ROUNDS_EACH = 16u;

// The rests of the texts that led to symlinks. Only paths with symlinks before their end use this array.
Text texts[SYMLINKS_MAX];

// Whether the path itself contains a NUL at or after `at`. This covers the part that the walk did not reach.
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
  uint result = 0u; // any other value ends the walk: the answer
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
  bool isTarget = false; // the current text is the target of a symlink
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
    kind = KIND_DIRECTORY; // the walk continues in the directory of the link
    if (!isTarget) path.at = text.at; // remembers how far the path itself was read
    if (text.at != text.end) {
      texts[depth] = text;
      depth++;
    }
    isTarget = true;
    uint target = sh_table[HEADER_NAMES_AT] +
                  (inodeWord(child >> TABLE_KIND_BITS) >> TABLE_KIND_BITS) * TABLE_VECTOR_WORDS;
    text.base = tableAddress(target);
    text.at = TABLE_TARGET_BYTES * 4u;
    text.end = text.at + Words(text.base).words[TABLE_TARGET_LENGTH];
    windowIndex = NO_VECTOR;
    if (textByte(text.at) == 0x2Fu) current = ROOT_INODE;
    skipSlashes();
  }
  if (int(result) < 0) {
    // A NUL anywhere in the path takes precedence over any other error of the walk.
    if (!isTarget) path.at = text.at;
    text = path;
    windowIndex = NO_VECTOR;
    hasNul = hasNul || hasNulBehind();
  }
  return hasNul ? failure(EINVAL) : result;
}
