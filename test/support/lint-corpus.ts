/**
 * Kernels that break a rule of `everwarp lint`, and close ones that do not. Every kernel is GLSL that the real compiler
 * takes. `bad` must break the rule it stands under, and may break others; `good` must not break it.
 */

/** A rule's kernels. */
export interface CorpusEntry {
  readonly rule: string;
  readonly bad: readonly string[];
  readonly good: readonly string[];
}

/** Everything that the kernels share. `body` is what lies behind the declarations. */
export function kernelText(body: string, threads = 64): string {
  return `#version 460
#extension GL_EXT_buffer_reference : require
#extension GL_EXT_shader_explicit_arithmetic_types_int64 : require
#extension GL_KHR_memory_scope_semantics : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_vote : require
#extension GL_KHR_shader_subgroup_ballot : require
#extension GL_KHR_shader_subgroup_arithmetic : require
layout(local_size_x = ${threads}) in;
layout(buffer_reference, std430) buffer Words { uint words[]; };
layout(buffer_reference, std430) buffer Vectors { uvec4 vectors[]; };
layout(push_constant) uniform Push {
  uint64_t control, slots, completions, state;
  uint completionVectors, limit;
};
shared uint sh_word, sh_other, sh_stop;
shared uint sh_many[64];
#define LANE gl_LocalInvocationIndex
#define STATE Words(state).words
#define CONTROL Words(control).words
#define SLOTS Words(slots).words
${body}
`;
}

const main = (body: string): string => `void main() { ${body} }`;

/** The poll loop that works, with `work` behind the barrier. */
const polling = (work: string): string =>
  main(`for (;;) {
  if (LANE == 0u) { sh_stop = CONTROL[0]; sh_word = SLOTS[0]; }
  barrier();
  if (sh_stop != 0u) break;
  ${work}
  barrier();
}`);

/** All kernels by rule. */
export const CORPUS: readonly CorpusEntry[] = [
  {
    rule: "early-exit",
    bad: [
      main("if (LANE != 0u) return; while (true) { if (CONTROL[0] != 0u) break; STATE[0]++; }"),
      main("if (LANE >= limit) return; STATE[LANE] = 1u; barrier(); STATE[LANE] = STATE[63u - LANE];"),
      polling("if (STATE[LANE] == 7u) break;"),
      main(
        "if (gl_GlobalInvocationID.x > limit) return; sh_many[LANE] = 1u; barrier(); STATE[LANE] = sh_many[0];",
      ),
      polling("if (subgroupElect()) return;"),
      `bool isOut(uint at) { return STATE[at] == 0u; }
       void main() { if (isOut(LANE)) return; barrier(); STATE[LANE] = 2u; }`,
    ],
    good: [
      main("if (limit == 0u) return; STATE[LANE] = 1u; barrier(); STATE[LANE] = STATE[63u - LANE];"),
      `void work() { if (LANE != 0u) return; sh_word = 1u; }
       void main() { work(); barrier(); STATE[LANE] = sh_word; }`,
      polling("if (sh_word == 7u) break;"),
      main("barrier(); if (LANE != 0u) return; for (uint i = 0u; i < limit; i++) STATE[i] = i;"),
      main("if (gl_WorkGroupID.x > limit) return; barrier(); STATE[LANE] = 1u;"),
      polling("if (LANE < 32u) STATE[LANE]++;"),
    ],
  },
  {
    rule: "divergent-barrier",
    bad: [
      main("if (LANE < 32u) barrier(); STATE[LANE] = 1u;"),
      main("for (uint i = LANE; i < limit; i += 64u) { STATE[i]++; barrier(); }"),
      main("if (STATE[LANE] == 1u) { sh_many[LANE] = 2u; barrier(); } STATE[LANE] = 3u;"),
      main("uint got = atomicAdd(STATE[0], 1u); if (got == 0u) barrier(); STATE[LANE] = got;"),
      main("if (gl_SubgroupID == 0u) { sh_word = 1u; barrier(); } STATE[LANE] = 1u;"),
      `void meet() { barrier(); }
       void main() { uint x = LANE * 3u; uint y = x + 1u; if ((y & 1u) == 0u) meet(); STATE[LANE] = y; }`,
      main("if (LANE == 0u) sh_word = STATE[0]; if (sh_word == 1u) barrier(); STATE[LANE] = 1u;"),
      // Hidden in a function with a switch, a do-while, a ternary, a ballot, and a broadcast that is overwritten.
      `bool isLast(uint way) { switch (way) { case 0u: return LANE > 3u; default: return limit > 2u; } }
       void main() { if (!isLast(gl_WorkGroupID.x)) barrier(); STATE[LANE] = 1u; }`,
      main(
        "uint left = STATE[0] + LANE; do { barrier(); left = subgroupBroadcastFirst(left) >> 1; } while (left > 4u);",
      ),
      main("uint count = LANE < 7u ? limit : 3u; for (uint i = 0u; i < count; i++) barrier();"),
      main(
        "uvec4 votes = subgroupBallot(STATE[LANE] > 2u); if (subgroupBallotBitCount(votes) > 4u) barrier();",
      ),
      main(
        `if (LANE == 0u) sh_word = limit; barrier(); uint first = sh_word; if (LANE == 9u) sh_word = 7u;
        if (first != sh_word) barrier();`,
      ),
      // Parts of a variable, stored to one by one and chosen by a thread.
      main("uint parts[4]; parts[0] = 1u; parts[LANE & 3u] = 2u; if (parts[0] == 1u) barrier();"),
      main("uvec3 parts = uvec3(1u); parts.yz = uvec2(LANE, 1u); if (parts.y == 1u) barrier();"),
    ],
    good: [
      main("uvec2 parts; parts.x = limit; parts.y = LANE; if (parts.x > 3u) barrier(); STATE[parts.y] = 1u;"),
      main(
        "uint parts[2]; parts[0] = limit; parts[1] = LANE; if (parts[0] > 3u) barrier(); STATE[parts[1]] = 1u;",
      ),
      `bool goesOn(uint i) { if (STATE[i] == 0u) return false; barrier(); return true; }
       void main() { uint i = 0u; while (i < 10u && goesOn(i)) i++; }`,
      main(
        `for (uint i = 0u; i < 9u; i++) { switch (STATE[i]) { case 0u: continue; case 1u: break; default: return; }
        barrier(); }`,
      ),
      main(
        `uint sum = subgroupAdd(STATE[LANE]); if (subgroupElect()) sh_many[gl_SubgroupID] = sum; barrier();
        uint all_ = 0u; for (uint i = 0u; i < gl_NumSubgroups; i++) all_ += sh_many[i]; if (all_ > 3u) barrier();`,
      ),
      main(
        `uint i = 0u; do { barrier(); if (LANE == 0u) sh_word = STATE[i]; barrier(); }
        while (sh_word != 0u && ++i < 9u);`,
      ),
      main("if (LANE < 32u) sh_many[LANE] = 1u; barrier(); STATE[LANE] = 1u;"),
      main("for (uint i = 0u; i < limit; i += 64u) { if (i + LANE < limit) STATE[i + LANE]++; barrier(); }"),
      main("if (STATE[0] == 1u) { sh_many[LANE] = 2u; barrier(); } STATE[LANE + 1u] = 3u;"),
      main(
        "if (LANE == 0u) sh_word = atomicAdd(STATE[0], 1u); barrier(); if (sh_word == 0u) barrier(); STATE[LANE] = 1u;",
      ),
      main("if (gl_NumSubgroups == 1u) { sh_word = 1u; barrier(); } STATE[LANE] = 1u;"),
      `void meet() { barrier(); }
       void main() { uint x = gl_WorkGroupID.x * 3u; uint y = x + 1u; if ((y & 1u) == 0u) meet(); STATE[LANE] = y; }`,
      main("if (LANE == 0u) sh_word = STATE[0]; barrier(); if (sh_word == 1u) barrier(); STATE[LANE] = 1u;"),
    ],
  },
  {
    rule: "unbounded-loop",
    bad: [
      main("while (true) STATE[LANE]++;"),
      main("uint at = 0u; while (STATE[at] != 0u) at = STATE[at]; STATE[0] = at;"),
      main("if (LANE == 0u) { uint slot = 0u; while (STATE[slot] != 7u) slot++; STATE[0] = slot; }"),
      main("for (uint i = 0u;; i++) { if (STATE[i] == 3u) break; STATE[i] = 4u; }"),
      main("bool isDone = false; while (!isDone) { isDone = atomicAdd(STATE[0], 1u) == 100u; }"),
      main("uint i = 0u; while (STATE[0] == 0u || i < 10u) i++; STATE[1] = i;"),
    ],
    good: [
      main("for (uint i = 0u; i < limit; i++) STATE[LANE]++;"),
      main("uint at = 0u; for (uint n = 0u; n < 99u && STATE[at] != 0u; n++) at = STATE[at]; STATE[0] = at;"),
      main(
        "if (LANE == 0u) { uint slot = 0u; while (slot < limit && STATE[slot] != 7u) slot++; STATE[0] = slot; }",
      ),
      main("for (uint i = 0u;; i++) { if (STATE[i] == 3u || i == limit) break; STATE[i] = 4u; }"),
      main("uint bits = STATE[LANE]; while (bits != 0u) { STATE[findLSB(bits)]++; bits &= bits - 1u; }"),
      main(
        `uint low = 0u, high = limit; while (low < high) { uint m = (low + high) / 2u;
        if (STATE[m] < 5u) low = m + 1u; else high = m; } STATE[0] = low;`,
      ),
    ],
  },
  {
    rule: "stop-not-first",
    bad: [
      main(
        `for (;;) { STATE[LANE]++; if (LANE == 0u) sh_stop = CONTROL[0]; barrier();
        if (sh_stop != 0u) break; barrier(); }`,
      ),
      main(
        "for (;;) { barrier(); if (LANE == 0u) sh_stop = CONTROL[0]; barrier(); if (sh_stop != 0u) break; }",
      ),
      main(
        `for (;;) { if (LANE == 0u) { sh_word = SLOTS[0]; sh_stop = CONTROL[0]; } barrier();
        if (sh_stop != 0u) break; barrier(); }`,
      ),
      main(
        `for (;;) { if (LANE == 0u) { atomicAdd(STATE[0], 1u); sh_stop = CONTROL[0]; } barrier();
        if (sh_stop != 0u) break; barrier(); }`,
      ),
      main(
        `for (;;) { if (LANE == 0u) sh_word = SLOTS[0]; barrier(); if (sh_word != 0u) STATE[LANE]++;
        barrier(); if (STATE[99] == 1u) break; barrier(); }`,
      ),
    ],
    good: [
      polling("STATE[LANE]++;"),
      main(
        "for (;;) { if (LANE == 0u) sh_stop = CONTROL[0]; barrier(); if (sh_stop != 0u) break; barrier(); }",
      ),
      main(
        `for (;;) { if (LANE == 0u) { sh_stop = CONTROL[0]; sh_word = SLOTS[0]; } barrier();
        if (sh_stop != 0u) break; barrier(); }`,
      ),
      main(
        `for (;;) { if (LANE == 0u) { sh_stop = CONTROL[0]; atomicAdd(STATE[0], 1u); } barrier();
        if (sh_stop != 0u) break; barrier(); }`,
      ),
      main("for (uint i = 0u; i < limit; i++) { STATE[LANE] += SLOTS[i]; barrier(); }"),
    ],
  },
  {
    rule: "single-lane-work",
    bad: [
      main(`if (LANE == 0u) { uint pc = 0u; while (pc < limit) { uint op = STATE[pc]; if (op == 0u) break;
        sh_word += op; pc++; } } barrier(); STATE[LANE] = sh_word;`),
      main("if (subgroupElect()) for (uint i = 0u; i < limit; i++) STATE[i]++; barrier(); STATE[LANE] = 1u;"),
      main(
        `if (LANE == 0u) { uint slot = 0u; while (STATE[slot] != 7u) slot++; sh_word = slot; } barrier();
        STATE[LANE] = sh_word;`,
      ),
      `void sum() { if (LANE != 0u) return; for (uint i = 0u; i < limit; i++) sh_word += STATE[i]; }
       void main() { sum(); barrier(); STATE[LANE] = sh_word; }`,
      main(
        `if (gl_LocalInvocationID.x == 0u) for (uint i = 0u; i < STATE[0]; i++) sh_many[i] = STATE[i];
        barrier(); STATE[LANE] = sh_many[LANE];`,
      ),
    ],
    good: [
      main(
        `uint sum = 0u; for (uint i = LANE; i < limit; i += 64u) sum += STATE[i];
        atomicAdd(sh_word, sum); barrier(); STATE[LANE] = sh_word;`,
      ),
      main("if (subgroupElect()) for (uint i = 0u; i < 8u; i++) STATE[i]++; barrier(); STATE[LANE] = 1u;"),
      main(
        `if (LANE == 0u) for (uint i = 0u; i < gl_NumSubgroups; i++) sh_word += sh_many[i]; barrier();
        STATE[LANE] = sh_word;`,
      ),
      main("barrier(); if (LANE != 0u) return; for (uint i = 0u; i < limit; i++) STATE[i] = i;"),
      main(
        "if (LANE == 0u) { uint n = 0u; while (n < limit && CONTROL[0] == 0u) n++; } barrier(); STATE[LANE] = 1u;",
      ),
    ],
  },
  {
    rule: "queue-read-not-broadcast",
    bad: [
      main("for (;;) { if (CONTROL[0] != 0u) break; STATE[LANE]++; }"),
      main(
        `for (;;) { uint stop = CONTROL[0]; uint word = SLOTS[LANE]; if (stop != 0u) break;
        if (word != 0u) STATE[LANE]++; }`,
      ),
      main("for (;;) { bool isStop = CONTROL[0] != 0u; if (isStop) break; barrier(); STATE[LANE]++; }"),
      main(
        `for (;;) { if (LANE == 0u) sh_stop = CONTROL[0]; if (SLOTS[0] == 1u) STATE[LANE]++; barrier();
        if (sh_stop != 0u) break; barrier(); }`,
      ),
      `uint flag() { return CONTROL[0]; }
       void main() { for (;;) { if (flag() == 1u) return; STATE[LANE]++; } }`,
      // The member that names one thread is stored to again, with the whole struct.
      `struct Own { bool isFirst; uint spare; };
       void main() { Own own; own.isFirst = LANE == 0u; if (limit > 2u) own = Own(true, 1u);
         for (;;) { uint stop = 0u; if (own.isFirst) stop = CONTROL[0]; if (stop != 0u) break; STATE[LANE]++; } }`,
    ],
    good: [
      polling("STATE[LANE]++;"),
      main("for (;;) { if (subgroupAny(CONTROL[0] != 0u)) break; STATE[LANE]++; }"),
      main(
        "for (;;) { uint stop = subgroupBroadcastFirst(CONTROL[0]); if (stop != 0u) break; STATE[LANE]++; }",
      ),
      polling("uint word = SLOTS[LANE + 1u]; if (word != 0u) STATE[LANE]++;"),
      `uint flag() { return CONTROL[0]; }
       void main() { for (;;) { if (LANE == 0u) sh_stop = flag(); barrier(); if (sh_stop == 1u) return;
         STATE[LANE]++; barrier(); } }`,
    ],
  },
  {
    rule: "spin-without-barrier",
    bad: [
      main("if (LANE == 0u) sh_word = 1u; while (sh_word == 0u) {} STATE[LANE] = 1u;"),
      main(
        "if (LANE < 32u) atomicAdd(sh_word, 1u); while (sh_word != 32u) { memoryBarrierShared(); } STATE[LANE] = 1u;",
      ),
      main("sh_many[LANE] = 1u; for (;;) { if (sh_many[63u - LANE] == 1u) break; } STATE[LANE] = 1u;"),
      `bool isReady() { return sh_word == 1u; }
       void main() { if (LANE == 0u) sh_word = 1u; while (!isReady()) {} STATE[LANE] = 1u; }`,
      main(
        "if (LANE == 0u) sh_word = 1u; uint seen = 0u; do { seen = sh_word; } while (seen == 0u); STATE[LANE] = seen;",
      ),
    ],
    good: [
      main("if (LANE == 0u) sh_word = 1u; barrier(); STATE[LANE] = sh_word;"),
      main("while (sh_word < 10u) { barrier(); if (LANE == 0u) sh_word++; barrier(); } STATE[LANE] = 1u;"),
      main("for (uint i = 0u; i < sh_word; i++) STATE[LANE] += i;"),
      main("uint n = 0u; while (sh_word == 0u && n < 100u) n++; STATE[LANE] = n;"),
      main("for (uint i = LANE; i < 64u; i += 64u) sh_many[i] = 0u; barrier(); STATE[LANE] = sh_many[LANE];"),
    ],
  },
  {
    rule: "store-after-publish",
    bad: [
      main(
        `uint s = gl_WorkGroupID.x; Vectors(completions).vectors[s * completionVectors] = uvec4(1u);
        Vectors(completions).vectors[s * completionVectors + 1u] = uvec4(2u);`,
      ),
      `void answer(uint s, uint i) { Vectors(completions).vectors[s * completionVectors + i] = uvec4(i); }
       void main() { uint s = SLOTS[0];
         Vectors(completions).vectors[s * completionVectors] = uvec4(1u); barrier(); answer(s, 1u); }`,
      main(
        `uint s = LANE; Words(completions).words[s * completionVectors + 1u] = 2u;
        Words(completions).words[s * completionVectors] = 1u;`,
      ),
      main(
        `uint s = LANE; Vectors(completions).vectors[s * completionVectors] = uvec4(1u);
        if (limit > 3u) Vectors(completions).vectors[s * completionVectors + 2u] = uvec4(2u);`,
      ),
      main(
        `uint s = LANE; if (limit == 1u) Words(completions).words[s * completionVectors + 3u] = 2u;
        Words(completions).words[s * completionVectors] = 1u;`,
      ),
    ],
    good: [
      main(
        `uint s = gl_WorkGroupID.x; Vectors(completions).vectors[s * completionVectors + 1u] = uvec4(2u);
        Vectors(completions).vectors[s * completionVectors] = uvec4(1u);`,
      ),
      `void answer(uint s, uint i) { Vectors(completions).vectors[s * completionVectors + i] = uvec4(i); }
       void main() { uint s = SLOTS[0]; answer(s, 1u); barrier();
         Vectors(completions).vectors[s * completionVectors] = uvec4(1u); }`,
      main(
        `uint s = LANE; Words(completions).words[s * completionVectors + 1u] = 2u; memoryBarrierBuffer();
        Words(completions).words[s * completionVectors] = 1u;`,
      ),
      main(
        `for (uint s = 0u; s < limit; s++) {
        Vectors(completions).vectors[s * completionVectors + 1u] = uvec4(2u);
        Vectors(completions).vectors[s * completionVectors] = uvec4(1u); }`,
      ),
      main(
        `uint s = LANE;
        if (limit > 3u) Vectors(completions).vectors[s * completionVectors + 2u] = uvec4(2u);
        Vectors(completions).vectors[s * completionVectors] = uvec4(1u);`,
      ),
    ],
  },
  {
    rule: "doorbell-polled-by-many",
    bad: [
      main("if (LANE == 0u) while (CONTROL[0] == 0u) {} barrier(); STATE[LANE] = 1u;"),
      main(
        `if (LANE == 0u) { uint word; do { word = SLOTS[4]; } while (word == 0u); sh_word = word; }
        barrier(); STATE[LANE] = sh_word;`,
      ),
      `void wait() { while (CONTROL[1] != 1u) {} }
       void main() { if (LANE == 0u) wait(); barrier(); STATE[LANE] = 1u; }`,
      main(
        `if (gl_SubgroupID == 0u && subgroupElect()) for (;;) { if (SLOTS[1] == 2u) break; } barrier();
        STATE[LANE] = 1u;`,
      ),
      main(
        `if (LANE == 0u) 
          while (atomicLoad(CONTROL[0], gl_ScopeDevice, gl_StorageSemanticsBuffer, gl_SemanticsAcquire) == 0u) {}
        barrier(); STATE[LANE] = 1u;`,
      ),
    ],
    good: [
      main("if (gl_GlobalInvocationID.x == 0u) while (CONTROL[0] == 0u) {} barrier(); STATE[LANE] = 1u;"),
      main(
        `if (LANE == 0u && gl_WorkGroupID.x == 0u) { uint word; do { word = SLOTS[4]; }
        while (word == 0u); sh_word = word; } barrier(); STATE[LANE] = sh_word;`,
      ),
      main(
        "if (LANE == 0u) for (uint n = 0u; n < limit && CONTROL[1] != 1u; n++) {} barrier(); STATE[LANE] = 1u;",
      ),
      polling("STATE[LANE]++;"),
      main(
        "if (LANE == 0u) for (uint i = 0u; i < limit; i++) sh_word += SLOTS[i]; barrier(); STATE[LANE] = sh_word;",
      ),
    ],
  },
  {
    rule: "counter-and-flag-share-a-line",
    bad: [
      main("if (LANE == 0u) CONTROL[1] = 1u;"),
      main("if (LANE == 0u) atomicAdd(SLOTS[3], 1u);"),
      `layout(set = 0, binding = 0) buffer Both { uint flag; uint count; };
       void main() { while (flag == 0u) atomicAdd(count, 1u); }`,
      `layout(set = 0, binding = 0) buffer Both { uint count; uint reserved[8]; uint flag; };
       void main() { while (flag == 0u) count = 1u; }`,
      `layout(buffer_reference, std430) buffer Both { uint flag; uint a; uint b; };
       void main() { Both both = Both(state); for (;;) { if (both.flag == 1u) break; both.b = 4u; } }`,
    ],
    good: [
      main("if (LANE == 0u) STATE[1] = CONTROL[1];"),
      main("if (LANE == 0u) atomicAdd(STATE[3], SLOTS[3]);"),
      `layout(set = 0, binding = 0) buffer Both { uint flag; uint reserved[15]; uint count; };
       void main() { while (flag == 0u) atomicAdd(count, 1u); }`,
      `layout(set = 0, binding = 0) buffer Both { uint count; uint reserved[16]; uint flag; };
       void main() { while (flag == 0u) count = 1u; }`,
      `layout(set = 0, binding = 0) buffer Both { uint size; uint sum; };
       void main() { for (uint i = 0u; i < size; i++) sum += i; }`,
    ],
  },
];
