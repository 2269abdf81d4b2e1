/**
 * What a kernel's checkpoint is on disk: its memory, and the requests that were published and not answered at that moment.
 *
 *     section   state      the state buffer
 *               position   where each workgroup stands (loop-memory.ts)
 *               requests   words: for each request its lane and word count, then its words; per lane oldest first
 *
 * Requests that had not been published yet are not in it: they are known to their callers alone.
 */
import { EverwarpError } from "../base/errors.ts";
import type { Device } from "../vulkan/index.ts";
import { type LoadCheckpointOptions, loadCheckpoint, saveCheckpoint } from "./checkpoint-file.ts";
import type { CheckpointIdentity } from "./checkpoint-format.ts";
import { type KernelMemory, kernelKeyOf, type KernelRecipe } from "./kernel-site.ts";
import { decodePosition, encodePosition } from "./loop-memory.ts";
import type { Lane } from "./request-lanes.ts";

/** A request of a checkpoint. */
export interface StoredRequest {
  readonly lane: Lane;
  readonly words: Uint32Array;
}

/** Who can go on with a checkpoint of this kernel on this device. */
export function identityOf(device: Device, recipe: KernelRecipe): CheckpointIdentity {
  const { info } = device;
  return {
    deviceKey: [info.name, info.vendorId, info.deviceId, info.deviceUuid].join(" "),
    driverKey: [info.driverName, info.driverInfo, info.driverVersion, info.driverUuid].join(" "),
    kernelKey: kernelKeyOf(recipe),
    layoutHash: recipe.types.layoutHash,
  };
}

/** @throws EW_PATH_NOT_FOUND, EW_PATH_UNWRITABLE; the old file is then as it was */
export async function saveKernel(
  file: string,
  identity: CheckpointIdentity,
  memory: KernelMemory,
  inFlight: readonly (readonly Uint32Array[])[],
): Promise<void> {
  const { state, position } = memory;
  const requests = inFlight.flatMap((words, lane) =>
    words.map((one) => ({ lane: lane as Lane, words: one })),
  );
  await saveCheckpoint(file, {
    identity,
    progress: {
      iterations: Number(position.totals[0] & BigInt(Number.MAX_SAFE_INTEGER)),
      phase: "parked",
      sequences: inFlight.map(() => 0),
      taken: position.taken[0],
      workgroupCount: position.workgroupCount,
      details: { requestsInFlight: requests.length },
    },
    sections: new Map([
      ["state", state],
      ["position", encodePosition(position)],
      ["requests", encodeRequests(requests)],
    ]),
  });
}

/** @throws what `loadCheckpoint` throws, EW_CHECKPOINT_CORRUPTED for sections that do not fit the kernel */
export async function loadKernel(
  file: string,
  expected: CheckpointIdentity,
  stateBytes: number,
  options: LoadCheckpointOptions,
): Promise<{ memory: KernelMemory; requests: StoredRequest[] }> {
  const { sections } = await loadCheckpoint(file, expected, options);
  const [state, position, requests] = ["state", "position", "requests"].map((name) => sections.get(name));
  if (state?.length !== stateBytes || position === undefined || requests === undefined) {
    throw corrupted(`${file} lacks sections, or they are not of this kernel's size`);
  }
  return { memory: { state, position: decodePosition(position) }, requests: decodeRequests(requests) };
}

/** Words of requests, one after the other. */
export function encodeRequests(requests: readonly StoredRequest[]): Uint8Array {
  const words = requests.flatMap((request) => [request.lane, request.words.length, ...request.words]);
  return new Uint8Array(Uint32Array.from(words).buffer);
}

/** @throws EW_CHECKPOINT_CORRUPTED */
export function decodeRequests(bytes: Uint8Array): StoredRequest[] {
  const words = new Uint32Array(bytes.slice(0, bytes.length & ~3).buffer);
  const requests: StoredRequest[] = [];
  let at = 0;
  while (at + 2 <= words.length && words[at] <= 1 && at + 2 + words[at + 1] <= words.length) {
    const end = at + 2 + words[at + 1];
    requests.push({ lane: words[at] as Lane, words: words.slice(at + 2, end) });
    at = end;
  }
  if (at * 4 !== bytes.length) throw corrupted("the requests of a checkpoint do not end where they should");
  return requests;
}

function corrupted(what: string): EverwarpError {
  return new EverwarpError("EW_CHECKPOINT_CORRUPTED", what, { remedy: "Restore an older checkpoint." });
}
