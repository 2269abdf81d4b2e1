// occupancy: how many workgroups can be resident together? Each workgroup takes a ticket, signs in, and stays. The host
// closes the sign-in when no new workgroup has come for a while. A workgroup that starts later leaves at once and does
// not count.
//
// in   limit = maximum polls of a workgroup; control[0] is not 0 once the host has closed the sign-in
// out  answer[ticket] = value for each workgroup that came in time; target[OCCUPANCY_*] must be zero before
// dispatch shape: more workgroups than can be resident together, of any size (constant 0)
// memory order: the first workgroup to leave sets CLOSED in device memory. So late workgroups learn it even on a device
//      where a running kernel does not see the host's stores
// reference: none, the device decides
#version 460
#extension GL_KHR_memory_scope_semantics : require
#include "probe.glsl"

layout(local_size_x = 64, local_size_x_id = 0) in;

layout(buffer_reference, scalar, buffer_reference_align = 4) coherent buffer Tickets { uint words[]; };

void main() {
  if (gl_LocalInvocationIndex == 0u) {
    Tickets tickets = Tickets(probe.target);
    SeenWords control = SeenWords(probe.control);
    bool isClosed = atomicLoad(tickets.words[OCCUPANCY_CLOSED], gl_ScopeDevice, gl_StorageSemanticsBuffer,
                               gl_SemanticsAcquire) != 0u;
    if (!isClosed) {
      uint ticket = atomicAdd(tickets.words[OCCUPANCY_TICKETS], 1u, gl_ScopeDevice, gl_StorageSemanticsBuffer,
                              gl_SemanticsRelaxed);
      SeenWords(probe.answer).words[ticket] = probe.value;
      for (uint poll = 0u; poll < probe.limit && !isSet(control, true); poll++) {}
      atomicStore(tickets.words[OCCUPANCY_CLOSED], 1u, gl_ScopeDevice, gl_StorageSemanticsBuffer, gl_SemanticsRelease);
    }
  }
  // All threads occupy the device until the first thread leaves.
  barrier();
}
