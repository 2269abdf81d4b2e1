// The workgroup's view of the table: its header, and the addresses of its pages. A request that names another
// generation makes the workgroup read both again.
//
// Words and Vectors are volatile: loads of table words bypass caches that are not coherent. The table is written only
// while no lookup is in flight.
#include "generated/paths.glsl"

const uint KIND_DIRECTORY = 2u;
const uint KIND_SYMLINK = 3u;
const uint ROOT_INODE = 1u;

shared uint sh_table[16];
shared uint sh_pages[PATHS_PAGES_MAX];
shared uint sh_generation; // 0: none
// The address of the guesses (together.glsl), and their number minus one. The number is a power of two.
shared uint64_t sh_guesses;
shared uint sh_guessMask;

uint64_t tableAddress(uint word) {
  return (uint64_t(sh_pages[word >> TABLE_PAGE_BITS]) << PATHS_PAGE_ADDRESS_BITS) +
         uint64_t((word & (TABLE_PAGE_WORDS - 1u)) * 4u);
}

uint inodeWord(uint inode) { return Words(tableAddress(sh_table[HEADER_INODES_AT] + inode)).words[0]; }

// Reads the header and the page addresses if `generation` is not the one that was read last. All lanes call this. A
// barrier must follow before the table is used.
void readTable(uint generation, uint pages, bool isWrite) {
  if (sh_generation == generation) return;
  Words directory = Words(launch.state);
  for (uint index = gl_LocalInvocationIndex; index < pages; index += gl_WorkGroupSize.x)
    sh_pages[index] = directory.words[index];
  barrier();
  for (uint index = gl_LocalInvocationIndex; index < 16u; index += gl_WorkGroupSize.x)
    sh_table[index] = Words(tableAddress(0u)).words[index];
  if (gl_LocalInvocationIndex == 0u) {
    sh_guesses = packUint2x32(
        uvec2(directory.words[PATHS_GUESSES_ADDRESS], directory.words[PATHS_GUESSES_ADDRESS + 1u]));
    sh_guessMask = directory.words[PATHS_GUESS_MASK];
    sh_generation = isWrite ? 0u : generation; // after a write, the next request reads again
  }
}
