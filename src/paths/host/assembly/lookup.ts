/**
 * The lookup kernel of the host engine. It resolves packed paths in the path table, as Linux does.
 *
 * Input → output: paths in linear memory → one i32 each, inode or −errno. The table begins at address 0
 * (src/paths/table/table.schema.ts). The memory is imported and shared. The kernel writes only results and its stack.
 * So any number of threads may run it on the same memory, each with its own stack, while nobody writes the table.
 *
 * The kernel reads up to 16 bytes past the last path, so callers keep that much memory behind it.
 * References: src/paths/reference/index.ts, src/paths/lookup/path-walker.ts.
 *
 * The stack block contains:
 *   byte 0        48 rests (begin, end) of paths behind symlinks that are being followed
 *   byte 384      128 levels: (bytes of a text, directory, symlinks followed)
 *   byte 2,048    the memo: 8,192 slots of 128 bytes
 *
 * A level is the result for a path's text up to and including a slash. The next path begins at the deepest level whose
 * text it shares. So in a sorted list, a path costs little more than its last component. The memo keeps levels of
 * earlier paths by a hash of their text, until the table changes. So lists in any other order are fast too.
 *
 *   slot: the table's change number │ directory for relative paths │ bytes of text │ directory │ symlinks followed │ …
 *         │ text, from byte 32 on
 */

const ENOENT: i32 = 2;
const EBADF: i32 = 9;
const ENOTDIR: i32 = 20;
const EINVAL: i32 = 22;
const ENAMETOOLONG: i32 = 36;
const ELOOP: i32 = 40;

const NAME_BYTES_MAX: u32 = 255;
const PATH_BYTES_MAX: u32 = 4095;
const SYMLINKS_MAX: u32 = 40;
const ROOT_INODE: u32 = 1;
const KIND_DIRECTORY: u32 = 2;
const KIND_SYMLINK: u32 = 3;

// Byte offsets in the table's header.
const HEADER_HASH_SEED: u32 = 8;
const HEADER_HASH_MASK: u32 = 12;
const HEADER_BUCKET_COUNT: u32 = 16;
const HEADER_BUCKET_MASK: u32 = 20;
const HEADER_INODES_AT: u32 = 28;
const HEADER_BUCKETS_AT: u32 = 32;
const HEADER_OVERFLOW_AT: u32 = 36;
const HEADER_NAMES_AT: u32 = 40;
const HEADER_INODE_COUNT: u32 = 48;
const HEADER_CHANGES: u32 = 72;

// Byte offsets in a bucket.
const BUCKET_SHIFT: u32 = 6;
const BUCKET_SLOT_BYTES: u32 = 20;
const BUCKET_CHILD: u32 = 20;
const BUCKET_RECORD: u32 = 40;
const BUCKET_NEXT: u32 = 60;
const CHAIN_MAX: u32 = 0x100000;

const HASH_LENGTH: u32 = 0x9e3779b1;
const HASH_WORD: u32 = 0x85ebca77;
const HASH_FINISH: u32 = 0xc2b2ae3d;
const HASH_PARENT: u32 = 0x27d4eb2f;
const HASH_BUCKET: u32 = 0x85ebca6b;
const HASH_TAG: u32 = 0xcc9e2d51;
const HASH_TAG_PARENT: u32 = 0x165667b1;

const SLASH: u32 = 0x2f;
const DOT: u32 = 0x2e;

const LEVELS: u32 = 384;
const LEVEL_SIZE: u32 = 12;
const LEVELS_MAX: u32 = 128;

const MEMORY: u32 = 2048;
const MEMORY_MASK: u32 = 8191;
const MEMORY_SHIFT: u32 = 7;
const MEMORY_TEXT: u32 = 32;
const MEMORY_TEXT_MAX: u32 = 96;
const MEMORY_FACTOR: u64 = 0x9e3779b97f4a7c15;

// Values of the table's header, read once per call. The table does not change during a call.
let hashSeed: u32 = 0;
let hashMask: u32 = 0;
let bucketCount: u32 = 0;
let bucketMask: u32 = 0;
let inodes: u32 = 0;
let inodeCount: u32 = 0;
let buckets: u32 = 0;
let overflow: u32 = 0;
let names: u32 = 0;
let changes: u32 = 0;

/** Bytes of a path up to and including its last slash; 0 if it has none. */
// @ts-ignore: decorator
@inline
function directoryBytes(begin: u32, length: u32): u32 {
  const slashes = i8x16.splat(<i8>SLASH);
  let end = length;
  // From the end backwards, 16 bytes at a time. Bytes before the path are masked.
  while (end > 16) {
    const mask = i8x16.bitmask(i8x16.eq(v128.load(begin + end - 16), slashes));
    if (mask != 0) return end - 16 + 32 - clz(mask);
    end -= 16;
  }
  const mask = i8x16.bitmask(i8x16.eq(v128.load(begin), slashes)) & ((1 << end) - 1);
  return mask == 0 ? 0 : 32 - clz(mask);
}

/** The slot of the memo for a text. */
// @ts-ignore: decorator
@inline
function slotOf(stack: u32, begin: u32, length: u32): u32 {
  let hash: u64 = length;
  let at: u32 = 0;
  for (; at + 8 <= length; at += 8) {
    hash = (hash ^ load<u64>(begin + at)) * MEMORY_FACTOR;
    hash ^= hash >> 32;
  }
  if (at < length) {
    hash = (hash ^ (load<u64>(begin + at) << (64 - 8 * (length - at)))) * MEMORY_FACTOR;
    hash ^= hash >> 32;
  }
  return stack + MEMORY + ((<u32>(hash >> 16) & MEMORY_MASK) << MEMORY_SHIFT);
}

// @ts-ignore: decorator
@inline
function remember(slot: u32, begin: u32, level: u32, start: u32): void {
  const length = load<u32>(level);
  store<u32>(slot, changes);
  store<u32>(slot, start, 4);
  store<u32>(slot, length, 8);
  store<u32>(slot, load<u32>(level, 4), 12);
  store<u32>(slot, load<u32>(level, 8), 16);
  // Stores whole vectors. Bytes behind the text do no harm.
  for (let at: u32 = 0; at < length; at += 16)
    v128.store(slot + MEMORY_TEXT + at, v128.load(begin + at));
}

/** Address of the first slash in [at, end), or end. */
// @ts-ignore: decorator
@inline
function slashIn(at: u32, end: u32): u32 {
  const slashes = i8x16.splat(<i8>SLASH);
  while (at < end) {
    const mask = i8x16.bitmask(i8x16.eq(v128.load(at), slashes));
    if (mask != 0) return min(at + ctz(mask), end);
    at += 16;
  }
  return end;
}

/** Number of equal bytes at the beginning of two texts, at most `limit`. */
// @ts-ignore: decorator
@inline
function sharedBytes(a: u32, b: u32, limit: u32): u32 {
  for (let at: u32 = 0; at < limit; at += 16) {
    const mask = i8x16.bitmask(i8x16.ne(v128.load(a + at), v128.load(b + at)));
    if (mask != 0) return min(at + ctz(mask), limit);
  }
  return limit;
}

/** Whether there is a NUL in [at, end). */
function hasNul(at: u32, end: u32): bool {
  for (; at < end; at++) if (load<u8>(at) == 0) return true;
  return false;
}

/** The low `count` bytes of a word; 1 to 4. */
// @ts-ignore: decorator
@inline
function lowBytes(word: u32, count: u32): u32 {
  return word & (0xffffffff >> (32 - 8 * count));
}

/** Whether the bytes at `a`, padded with zeros, equal the words at `b`. */
// @ts-ignore: decorator
@inline
function isSame(a: u32, b: u32, length: u32): bool {
  let left = length;
  while (left >= 8) {
    if (load<u64>(a) != load<u64>(b)) return false;
    a += 8;
    b += 8;
    left -= 8;
  }
  if (left == 0) return true;
  return (load<u64>(a) & (<u64>-1 >> (64 - 8 * left))) == (load<u64>(b) & (<u64>-1 >> (64 - 8 * left)));
}

/** @returns the child word of a name in a directory, or 0 */
// @ts-ignore: decorator
@inline
function find(parent: u32, at: u32, length: u32): u32 {
  let hash = hashSeed;
  const whole = at + (length & ~3);
  for (let from = at; from < whole; from += 4) {
    hash = (hash ^ load<u32>(from)) * HASH_WORD;
    hash ^= hash >> 15;
  }
  if ((length & 3) != 0) {
    hash = (hash ^ lowBytes(load<u32>(whole), length & 3)) * HASH_WORD;
    hash ^= hash >> 15;
  }
  hash ^= length * HASH_LENGTH;
  hash = (hash ^ (hash >> 13)) * HASH_FINISH;
  hash ^= hash >> 16;

  let place = hash ^ (parent * HASH_PARENT);
  place = (place ^ (place >> 16)) * HASH_BUCKET;
  place = (place ^ (place >> 15)) & hashMask;
  let index = place & bucketMask;
  if (index >= bucketCount) index = place & (bucketMask >> 1);
  let tag = (hash * HASH_TAG) ^ (parent * HASH_TAG_PARENT);
  tag = (tag ^ (tag >> 16)) & hashMask;

  let bucket = buckets + (index << BUCKET_SHIFT);
  for (let round: u32 = 0; round < CHAIN_MAX; round++) {
    for (let slot = bucket; slot < bucket + BUCKET_SLOT_BYTES; slot += 4) {
      if (load<u32>(slot) != tag) continue;
      const child = load<u32>(slot + BUCKET_CHILD);
      if (child == 0) return 0;
      const record = names + (load<u32>(slot + BUCKET_RECORD) << 4);
      // Parent and length are a record's first two words.
      if (load<u64>(record) != ((<u64>length << 32) | <u64>parent)) continue;
      if (isSame(at, record + 8, length)) return child;
    }
    const next = load<u32>(bucket + BUCKET_NEXT);
    if (next == 0) return 0;
    bucket = overflow + ((next - 1) << BUCKET_SHIFT);
  }
  return 0;
}

// @ts-ignore: decorator
@inline
function inodeWord(inode: u32): u32 {
  return load<u32>(inodes + (inode << 2));
}

let levelCount: u32 = 0;

// @ts-ignore: decorator
@inline
function pushLevel(stack: u32, textBytes: u32, directory: u32, links: u32): void {
  if (levelCount == LEVELS_MAX) return;
  const level = stack + LEVELS + levelCount * LEVEL_SIZE;
  store<u32>(level, textBytes);
  store<u32>(level, directory, 4);
  store<u32>(level, links, 8);
  levelCount++;
}

/** Walks [begin + done, end) from `current`, after this number of followed symlinks. */
function walk(begin: u32, done: u32, end: u32, current: u32, links: u32, follow: bool, stack: u32): i32 {
  let at = begin + done;
  // Whether the text, with an empty stack, is the path itself. Only the path itself has levels.
  let isOuter = true;
  let rests: u32 = 0;
  for (;;) {
    // At the beginning of every round, `current` is a directory.
    while (at < end && load<u8>(at) == SLASH) at++;
    if (at == end) {
      if (rests == 0) return current;
      rests--;
      at = load<u32>(stack + rests * 8);
      end = load<u32>(stack + rests * 8, 4);
      if (rests == 0 && isOuter) pushLevel(stack, at - begin + 1, current, links);
      continue;
    }
    const name = at;
    at = slashIn(at, end);
    const length = at - name;
    if (load<u8>(name) == DOT && length <= 2) {
      if (length == 1) continue;
      if (load<u8>(name + 1) == DOT) {
        current = inodeWord(current) >> 2;
        if (rests == 0 && isOuter && at < end) pushLevel(stack, at - begin + 1, current, links);
        continue;
      }
    }
    if (length > NAME_BYTES_MAX) return -ENAMETOOLONG;
    const child = find(current, name, length);
    if (child == 0) return -ENOENT;
    const kind = child & 3;
    if (kind == KIND_DIRECTORY) {
      current = child >> 2;
      if (rests == 0 && isOuter && at < end) pushLevel(stack, at - begin + 1, current, links);
      continue;
    }
    const hasMore = at < end || rests > 0;
    if (kind != KIND_SYMLINK || (!hasMore && !follow)) return hasMore ? -ENOTDIR : <i32>(child >> 2);
    if (links == SYMLINKS_MAX) return -ELOOP;
    links++;
    if (at < end) {
      store<u32>(stack + rests * 8, at);
      store<u32>(stack + rests * 8, end, 4);
      rests++;
    } else if (rests == 0) isOuter = false;
    const target = names + (inodeWord(child >> 2) >> 2 << 4);
    at = target + 4;
    end = at + load<u32>(target);
    if (load<u8>(at) == SLASH) current = ROOT_INODE;
  }
  return 0; // never reached; the compiler needs it
}

/**
 * Resolves paths.
 *
 * @param bytes address of the byte that the offset `base` stands for
 * @param limit number of bytes that may be read from there on
 * @param offsets address of count + 1 words
 * @param results address of count words
 * @param directory inode of the directory for relative paths
 * @param follow whether to follow a symlink that a whole path names
 * @param stack address of this thread's own block of 1 MiB and 2 KiB, initially zero
 */
export function lookup(
  bytes: u32,
  base: u32,
  limit: u32,
  offsets: u32,
  count: u32,
  results: u32,
  directory: u32,
  follow: bool,
  stack: u32,
): void {
  hashSeed = load<u32>(HEADER_HASH_SEED);
  hashMask = load<u32>(HEADER_HASH_MASK);
  bucketCount = load<u32>(HEADER_BUCKET_COUNT);
  bucketMask = load<u32>(HEADER_BUCKET_MASK);
  inodes = load<u32>(HEADER_INODES_AT) << 2;
  inodeCount = load<u32>(HEADER_INODE_COUNT);
  buckets = load<u32>(HEADER_BUCKETS_AT) << 2;
  overflow = load<u32>(HEADER_OVERFLOW_AT) << 2;
  names = load<u32>(HEADER_NAMES_AT) << 2;
  changes = load<u32>(HEADER_CHANGES);

  let relative: i32 = 0;
  const kind = directory < inodeCount ? inodeWord(directory) & 3 : 0;
  if (kind == 0) relative = -EBADF;
  else if (kind != KIND_DIRECTORY) relative = -ENOTDIR;

  levelCount = 0;
  let former: u32 = 0;
  let formerLength: u32 = 0;
  for (let index: u32 = 0; index < count; index++) {
    const offset = load<u32>(offsets + 4 * index) - base;
    const endOffset = load<u32>(offsets + 4 * index, 4) - base;
    let result: i32;
    const begin = bytes + offset;
    const length = endOffset - offset;
    const end = begin + length;
    if (endOffset < offset || endOffset > limit) result = -EINVAL;
    else if (length == 0) result = -ENOENT;
    else if (length > PATH_BYTES_MAX) result = -ENAMETOOLONG;
    else if (relative != 0 && load<u8>(begin) != SLASH) result = relative;
    else {
      const shared = sharedBytes(former, begin, min(formerLength, length));
      let level = stack + LEVELS + levelCount * LEVEL_SIZE;
      while (levelCount > 0 && load<u32>(level - LEVEL_SIZE) > shared) {
        levelCount--;
        level -= LEVEL_SIZE;
      }
      former = begin;
      formerLength = length;
      const from = load<u8>(begin) == SLASH ? ROOT_INODE : directory;
      const text = directoryBytes(begin, length);
      let slot: u32 = 0;
      if (text <= MEMORY_TEXT_MAX && text > 1 && (levelCount == 0 || load<u32>(level - LEVEL_SIZE) != text)) {
        slot = slotOf(stack, begin, text);
        const isKnown =
          load<u32>(slot) == changes &&
          load<u32>(slot, 4) == from &&
          load<u32>(slot, 8) == text &&
          sharedBytes(slot + MEMORY_TEXT, begin, text) == text;
        if (isKnown) {
          pushLevel(stack, text, load<u32>(slot, 12), load<u32>(slot, 16));
          slot = 0;
        }
      }
      if (levelCount > 0) {
        level = stack + LEVELS + (levelCount - 1) * LEVEL_SIZE;
        const done = load<u32>(level);
        result = walk(begin, done, end, load<u32>(level, 4), load<u32>(level, 8), follow, stack);
      } else result = walk(begin, 0, end, from, 0, follow, stack);
      if (slot != 0 && levelCount > 0) {
        level = stack + LEVELS + (levelCount - 1) * LEVEL_SIZE;
        if (load<u32>(level) == text) remember(slot, begin, level, from);
      }
    }
    if (result < 0 && length <= PATH_BYTES_MAX && endOffset <= limit && endOffset >= offset && hasNul(begin, end))
      result = -EINVAL;
    store<i32>(results + 4 * index, result);
  }
}
