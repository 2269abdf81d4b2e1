// Entries of the table: from a directory's inode and a name to the child word.
#include "text.glsl"

// Rounds to account for each bucket and candidate. Drivers that limit loops also count the exit of a loop, and a loop
// that no lane enters.
const uint ROUNDS_BUCKET = 4u;
const uint ROUNDS_CANDIDATE = 3u;

// Whether the record's parent and name are those of the component.
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

// The same for a component whose text lies in shared memory.
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

// The child word of the entry (parent, component); 0 if there is no entry. `isTogether`: the component's text lies in
// shared memory.
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
    uint matches = (a.x == tag ? 1u : 0u) | (a.y == tag ? 2u : 0u) | (a.z == tag ? 4u : 0u) |
                   (a.w == tag ? 8u : 0u) | (b.x == tag ? 16u : 0u);
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
