// automaton.glsl: the two tables of a line automaton, and single steps on them.
//
// The hot part of the tables lies in shared memory (MATCH_TABLE_… says where): the columns of all bytes, the rows that
// text of ASCII leads to, and the search table. The rest is read from the slot that the host wrote, past the caches
// near the processor: the host puts other tables there while the kernel runs.
// src/search/automaton/line-automaton.ts says what the tables mean, src/search/gpu/match-tables.ts lays them out.

// Words of shared memory for the hot part; src/search/gpu/match-shape.ts chooses.
#ifndef TABLE_WORDS
#define TABLE_WORDS 6144
#endif

layout(buffer_reference, scalar, buffer_reference_align = 16) volatile coherent readonly buffer TableVectors {
  uvec4 vectors[];
};
layout(buffer_reference, scalar, buffer_reference_align = 4) volatile coherent readonly buffer TableWords {
  uint words[];
};

const uint LINE_FEED = 0x0Au;
const uint CONTEXT_EDGE = 0u;
const uint CONTEXT_WORD = 1u;
const uint CONTEXT_OTHER = 2u;
const uint CONTEXT_HIGH = 3u;

shared uint sh_table[TABLE_WORDS];
// Number and address of the tables at hand.
shared uint sh_tableNumber;
shared uint64_t sh_tableAddress;

// One of the two tables, in registers.
struct Table {
  uint hot, hotStates, hotColumns; // where its hot rows begin, and how large they are
  uint cold, columns;              // the same of the whole table, in the slot
  uint starts;                     // where its first states are
};

Table forwardTable() {
  return Table(sh_table[MATCH_TABLE_FORWARD], sh_table[MATCH_TABLE_FORWARD_STATES], sh_table[MATCH_TABLE_HOT_COLUMNS],
               sh_table[MATCH_TABLE_COLD_FORWARD], sh_table[MATCH_TABLE_COLUMNS], MATCH_TABLE_FORWARD_START);
}

Table reverseTable() {
  return Table(sh_table[MATCH_TABLE_REVERSE], sh_table[MATCH_TABLE_REVERSE_STATES], sh_table[MATCH_TABLE_HOT_COLUMNS],
               sh_table[MATCH_TABLE_COLD_REVERSE], sh_table[MATCH_TABLE_COLUMNS], MATCH_TABLE_REVERSE_START);
}

// All threads: copies the hot part of other tables, `vectors` vectors, to shared memory. A barrier must follow.
void takeTable(uint number, uint64_t address, uint vectors) {
  bool isNew = sh_tableNumber != number;
  barrier();
  if (!isNew) return;
  uint end = min(vectors, uint(TABLE_WORDS) / 4u);
  for (uint index = gl_LocalInvocationIndex; index < end; index += gl_WorkGroupSize.x) {
    uvec4 vector = TableVectors(address).vectors[index];
    sh_table[index * 4u + 0u] = vector.x;
    sh_table[index * 4u + 1u] = vector.y;
    sh_table[index * 4u + 2u] = vector.z;
    sh_table[index * 4u + 3u] = vector.w;
  }
  if (gl_LocalInvocationIndex == 0u) {
    sh_tableNumber = number;
    sh_tableAddress = address;
  }
}

uint columnOf(uint byte) { return sh_table[MATCH_TABLE_BYTES + byte]; }

// What follows `state` in a column: the next state, and whether that tells of a match.
uint entryOf(Table table, uint state, uint column) {
  if (state < table.hotStates && column < table.hotColumns)
    return sh_table[table.hot + state * table.hotColumns + column];
  uint index = state * table.columns + column;
  uint word = TableWords(sh_tableAddress).words[table.cold + index / 2u];
  return index % 2u == 0u ? word & 0xFFFFu : word >> 16;
}

// What a byte is to the place beside it.
uint contextOf(uint byte) {
  if (byte == LINE_FEED) return CONTEXT_EDGE;
  if (byte >= 0x80u) return CONTEXT_HIGH;
  uint letter = byte | 0x20u;
  bool isWord = (byte >= 0x30u && byte <= 0x39u) || (letter >= 0x61u && letter <= 0x7Au) || byte == 0x5Fu;
  return isWord ? CONTEXT_WORD : CONTEXT_OTHER;
}

uint startOf(Table table, uint context) { return sh_table[table.starts + context]; }
