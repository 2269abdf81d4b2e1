// occupancy: how many workgroups are there together? Each takes a ticket, signs in and stays until the host closes,
// having seen that nobody new has come; whoever comes after that leaves at once and does not count.
//
// in   limit polls of a workgroup; control[0] not 0: closed by the host
// out  answer[ticket] = value for each workgroup that came in time; target[OCCUPANCY_*] zeroed before
// dispatch shape: more workgroups than can be there together, of any size (constant 0)
// memory order: the first to leave sets CLOSED in device memory, so that late ones are told even where a running kernel
//      does not see the host
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
    bool isClosed = atomicLoad(tickets.words[OCCUPANCY_CLOSED], gl_ScopeDevice, gl_StorageSemanticsBuffer, gl_SemanticsAcquire) != 0u;
    if (!isClosed) {
      uint ticket = atomicAdd(tickets.words[OCCUPANCY_TICKETS], 1u, gl_ScopeDevice, gl_StorageSemanticsBuffer, gl_SemanticsRelaxed);
      SeenWords(probe.answer).words[ticket] = probe.value;
      for (uint poll = 0u; poll < probe.limit && !isSet(control, true); poll++) {}
      atomicStore(tickets.words[OCCUPANCY_CLOSED], 1u, gl_ScopeDevice, gl_StorageSemanticsBuffer, gl_SemanticsRelease);
    }
  }
  // All threads hold their places until the first one leaves.
  barrier();
}
