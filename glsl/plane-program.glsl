// plane-program.glsl: reads the steps of a program from memory, so that a pattern needs no kernel of its own.
//
// Each thread has a column of streams and one of carries in shared memory, which no other thread looks at. How steps
// are written is told in generated/planes.glsl; src/search/gpu/plane-code.ts writes them.

layout(buffer_reference, scalar, buffer_reference_align = 8) readonly buffer PlaneSteps { uvec2 steps[]; };

shared Words sh_streams[PLANE_CODE_SLOTS * gl_WorkGroupSize.x];
shared uint sh_carries[PLANE_CODE_CARRIES * gl_WorkGroupSize.x];
shared uvec2 sh_steps[PLANE_CODE_HEAD + PLANE_CODE_STEPS];

struct PlaneCarries { uint none; };

// All threads: brings the program into shared memory.
void beginPlanes() {
  uint count = PLANE_CODE_HEAD + min(PlaneSteps(launch.code).steps[0].x, PLANE_CODE_STEPS);
  for (uint index = gl_LocalInvocationIndex; index < count; index += gl_WorkGroupSize.x)
    sh_steps[index] = PlaneSteps(launch.code).steps[index];
}

// The place of a thread's stream, whose slot is a byte of a code.
uint slotAt(uint code, uint shift) {
  return (code >> shift & 0xFFu) * gl_WorkGroupSize.x + gl_LocalInvocationIndex;
}

PlaneCarries planeCarries() {
  for (uint index = 0u; index < PLANE_CODE_CARRIES; index++)
    sh_carries[index * gl_WorkGroupSize.x + gl_LocalInvocationIndex] = sh_steps[0].y >> index << 31;
  return PlaneCarries(0u);
}

Words planeStep(uvec2 code, Words left, Words right) {
  uint carryAt = slotAt(code.y, 16u);
  switch (code.x & 0xFFu) {
    case PLANE_CODE_AND: return left & right;
    case PLANE_CODE_OR: return left | right;
    case PLANE_CODE_XOR: return left ^ right;
    case PLANE_CODE_WITHOUT: return left & ~right;
    case PLANE_CODE_NOT: return ~left;
    case PLANE_CODE_CHOOSE: return left & right | ~left & sh_streams[slotAt(code.y, 0u)];
    case PLANE_CODE_ADVANCE: return planeAdvance(left, code.y >> 8 & 0xFFu, sh_carries[carryAt]);
    case PLANE_CODE_FOLLOW: return planeAdvance(left, code.y >> 8 & 0xFFu, sh_carries[carryAt]) & right;
    default: return planeStar(left, right, sh_carries[carryAt]);
  }
}

PlaneLines planeLines(Words planes[8], inout PlaneCarries carries) {
  for (uint plane = 0u; plane < 8u; plane++)
    sh_streams[plane * gl_WorkGroupSize.x + gl_LocalInvocationIndex] = planes[plane];
  uint end = PLANE_CODE_HEAD + min(sh_steps[0].x, PLANE_CODE_STEPS);
  uvec2 following = sh_steps[PLANE_CODE_HEAD];
  for (uint index = PLANE_CODE_HEAD; index < end; index++) {
    uvec2 code = following;
    following = sh_steps[min(index + 1u, end - 1u)];  // on its way while the step is done
    sh_streams[slotAt(code.x, 8u)] =
        planeStep(code, sh_streams[slotAt(code.x, 16u)], sh_streams[slotAt(code.x, 24u)]);
  }
  uint results = sh_steps[1].x;
  bool hasDoubts = (results >> 16 & 0xFFu) != PLANE_CODE_NO_SLOT;
  return PlaneLines(sh_streams[slotAt(results, 0u)], sh_streams[slotAt(results, 8u)],
                    hasDoubts ? sh_streams[slotAt(results, 16u)] : Words(0u));
}
