// counter: counts by key, in a hash table that never leaves the device.
//
// in     Request   operation: 0 looks up, 1 adds `amount`; key: up to 16 bytes in 4 words, the rest zeros; keyBytes: how many
// out    Response  count after the operation, 0 for a key that was never added to; fails with code 1 when there is no room for a new key
// state  table     entries of 32 bytes, open addressing, linear probing; nothing is ever removed
// shape  one workgroup; its threads look at one entry each, side by side
// reference   counter.reference.ts
#version 460
#include "kernel.glsl"

struct Entry {
  uvec4 key;
  uint64_t count;
  uint mark; // 0: free; else 1 + bytes of the key
  uint reserved;
};
layout(buffer_reference, scalar, buffer_reference_align = 16) buffer Table { Entry entries[]; };

const uint CAPACITY = TABLE_STATE_BYTES / 32u;
const uint OPERATION_ADD = 1u;
const uint CODE_FULL = 1u;
const uint NONE = 0xFFFFFFFFu;

// How far from its home the first entry lies that is free or has the key.
shared uint sh_nearest;

uint scatter(uvec4 key, uint mark) {
  uint hash = mark * 0x9E3779B9u;
  hash = (hash ^ key.x) * 0x85EBCA6Bu;
  hash = (hash ^ hash >> 15u ^ key.y) * 0xC2B2AE35u;
  hash = (hash ^ hash >> 13u ^ key.z) * 0x27D4EB2Fu;
  hash = (hash ^ hash >> 16u ^ key.w) * 0x165667B1u;
  return hash ^ hash >> 15u;
}

void perform(uint slot) {
  Request request = requestAt(slot);
  Table table = Table(tableState());
  uvec4 key = uvec4(request.key[0], request.key[1], request.key[2], request.key[3]);
  uint mark = 1u + request.keyBytes;
  uint home = scatter(key, mark) % CAPACITY;

  // A stretch of entries at a time, one a thread, until one of them is free or has the key. The nearest one counts, as
  // a sequential search would have found it.
  uint nearest = NONE;
  uint rounds = 0u;
  for (uint begin = 0u; begin < CAPACITY && nearest == NONE; begin += gl_WorkGroupSize.x) {
    if (gl_LocalInvocationIndex == 0u) sh_nearest = NONE;
    barrier();
    uint distance = begin + gl_LocalInvocationIndex;
    bool isInside = distance < CAPACITY;
    countActive(isInside);
    if (isInside) {
      Entry entry = table.entries[(home + distance) % CAPACITY];
      if (entry.mark == 0u || (entry.mark == mark && entry.key == key)) atomicMin(sh_nearest, distance);
    }
    barrier();
    nearest = sh_nearest;
    barrier(); // all have read it before it is set anew
    rounds++;
  }
  spend(rounds);

  if (gl_LocalInvocationIndex != 0u) return;
  uint index = (home + nearest) % CAPACITY;
  bool isKnown = nearest != NONE && table.entries[index].mark != 0u;
  uint64_t count = isKnown ? table.entries[index].count : 0ul;
  if (request.operation == OPERATION_ADD) {
    if (nearest == NONE) {
      fail(slot, CODE_FULL);
      return;
    }
    count += uint64_t(request.amount);
    table.entries[index] = Entry(key, count, mark, 0u);
  }
  respond(slot, Response(count));
}
