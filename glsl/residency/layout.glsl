// layout.glsl: the memory and the variables of the resident loop, and access to requests and completions.

layout(local_size_x = 64, local_size_x_id = 0) in;

layout(push_constant, scalar) uniform LaunchBlock { Launch launch; };

layout(buffer_reference, scalar, buffer_reference_align = 16) volatile coherent buffer ControlReference {
  Control value;
};
layout(buffer_reference, scalar, buffer_reference_align = 16) volatile coherent buffer Vectors { uvec4 vectors[]; };
layout(buffer_reference, scalar, buffer_reference_align = 8) coherent buffer Counters { uint64_t values[]; };
layout(buffer_reference, scalar, buffer_reference_align = 4) volatile coherent buffer Words { uint words[]; };
layout(buffer_reference, scalar, buffer_reference_align = 8) volatile coherent buffer DoubleWords {
  uint64_t values[];
};

// A command is COMMAND_EXIT, or a priority and a number of requests. The number takes the low COMMAND_COUNT_BITS bits.
const uint COMMAND_EXIT = 0xFFFFFFFFu;
const uint COMMAND_COUNT_BITS = 8u;

const uint BATCH_WORDS = QUEUE_REQUESTS_PER_POLL * QUEUE_HEADER_WORDS;

// The headers of the current batch: QUEUE_HEADER_WORDS payload words for each request, without the seals.
shared uint sh_header[RESIDENCY_PRIORITIES * BATCH_WORDS];
// The command of the polling subgroup. Even and odd polls write different elements, so each poll needs only
// one barrier.
shared uint sh_command[2];
// Loop rounds that perform() reported.
shared uint sh_spent;
// 1 after the canary loop showed that the driver ends loops early.
shared uint sh_loopsEnded;
#ifdef RESIDENCY_SUSPENDS
shared uint sh_finished;
shared uint64_t sh_progress[RESIDENCY_PRIORITIES];
// Lanes (threads) that countActive() counted, and how many of these lanes were active.
shared uint sh_activeLanes;
shared uint sh_countedLanes;
#endif

// The priority and the first sequence number of the current batch. A variable that lives across perform() costs every
// thread a register. With one priority, both values are known without a variable.
#if RESIDENCY_PRIORITIES == 2
uint currentPriority = 0u;
uint currentFirst = 0u;
#else
const uint currentPriority = 0u;
#endif

void initialize();
void prepare(uint first, uint count);
void perform(uint first, uint count);
uint64_t contribution(uint index);
uint batchLimit(uint available);
#ifdef RESIDENCY_ANSWERS
void unanswered(uint index);
#endif
#ifdef RESIDENCY_ALONE
bool isAlone(uint index);
bool serve(uint sequence, out uint64_t result);
// 1 if the poll has already answered a request. Even and odd polls write different elements.
shared uint sh_served[2];
#endif

uint slotOf(uint priority, uint sequence) { return priority * (launch.slotMask + 1u) + (sequence & launch.slotMask); }

// Payload word `index` of the request at position `request` of the batch.
uint headerWord(uint request, uint index) {
#if RESIDENCY_PRIORITIES == 1
  return sh_header[request * QUEUE_HEADER_WORDS + index];
#else
  return sh_header[currentPriority * BATCH_WORDS + request * QUEUE_HEADER_WORDS + index];
#endif
}

// Payload vector `index` behind the header of the request with this sequence number.
uvec4 extensionVector(uint sequence, uint index) {
  return Vectors(launch.slots)
      .vectors[slotOf(currentPriority, sequence) * QUEUE_SLOT_VECTORS + QUEUE_HEADER_VECTORS + index];
}

// Writes vector `index` (1 or higher) of the completion of a request of the current priority. Only the loop writes
// vector 0.
void writeCompletionVector(uint sequence, uint index, uvec3 content) {
  Vectors(launch.completions).vectors[slotOf(currentPriority, sequence) * launch.completionVectors + index] =
      sealed(content, sequence);
}
