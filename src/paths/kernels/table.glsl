// The table as a workgroup knows it: its header and where its pages lie, read anew when a request names another
// generation.
//
// Who reads a word of the table reads it past the caches that are not coherent (Words and Vectors are volatile); it is
// written only while no lookup is in flight.
#include "generated/paths.glsl"

const uint KIND_DIRECTORY = 2u;
const uint KIND_SYMLINK = 3u;
const uint ROOT_INODE = 1u;

shared uint sh_table[16];
shared uint sh_pages[PATHS_PAGES_MAX];
shared uint sh_generation; // 0: none
// Where guesses are kept (together.glsl), and how many less one: a power of two less one.
shared uint64_t sh_guesses;
shared uint sh_guessMask;

uint64_t tableAddress(uint word) {
  return (uint64_t(sh_pages[word >> TABLE_PAGE_BITS]) << PATHS_PAGE_ADDRESS_BITS) + uint64_t((word & (TABLE_PAGE_WORDS - 1u)) * 4u);
}

uint inodeWord(uint inode) { return Words(tableAddress(sh_table[HEADER_INODES_AT] + inode)).words[0]; }

// All lanes: sees to it that the workgroup knows the table that `generation` names. A barrier must follow before any of
// it is used.
void readTable(uint generation, uint pages, bool isWrite) {
  if (sh_generation == generation) return;
  Words directory = Words(launch.state);
  for (uint index = gl_LocalInvocationIndex; index < pages; index += gl_WorkGroupSize.x) sh_pages[index] = directory.words[index];
  barrier();
  for (uint index = gl_LocalInvocationIndex; index < 16u; index += gl_WorkGroupSize.x) sh_table[index] = Words(tableAddress(0u)).words[index];
  if (gl_LocalInvocationIndex == 0u) {
    sh_guesses = packUint2x32(uvec2(directory.words[PATHS_GUESSES_ADDRESS], directory.words[PATHS_GUESSES_ADDRESS + 1u]));
    sh_guessMask = directory.words[PATHS_GUESS_MASK];
    sh_generation = isWrite ? 0u : generation; // what a write is about to change is read by the next request
  }
}
