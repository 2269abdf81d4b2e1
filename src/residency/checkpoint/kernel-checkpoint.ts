/**
 * The content of a kernel's checkpoint on disk: its memory, and the requests that were published but not answered at
 * that moment.
 *
 *     section   state      the state buffer
 *               position   where each workgroup stands (loop-position.ts)
 *               requests   for each request its priority, its word count and its words; per priority, oldest first
 *
 * Requests that were not published yet are not stored. Only their callers know them.
 */
import { EverwarpError } from "../../base/index.ts";
import type { SectionPlace } from "../../storage/index.ts";
import type { Device } from "../../vulkan/index.ts";
import { type KernelMemory, kernelKeyOf, type KernelRecipe, type KernelTypes } from "../kernel/index.ts";
import {
  assertPosition,
  decodePosition,
  encodePosition,
  POSITION_BYTES_MAX,
  MAX_SLOTS,
} from "../launch/index.ts";
import type { Priority } from "../queue/index.ts";
import { type LoadCheckpointOptions, loadCheckpoint, saveCheckpoint } from "./checkpoint-file.ts";
import type { CheckpointIdentity } from "./checkpoint-format.ts";

const SECTIONS = ["state", "position", "requests"] as const;
const PRIORITY_COUNT = 2;
/** Words before each request: its priority and its word count. */
const REQUEST_HEAD_WORDS = 2;

/** A request of a checkpoint. */
export interface StoredRequest {
  readonly priority: Priority;
  readonly words: Uint32Array;
}

/** The identity that a checkpoint of this kernel on this device has. */
export function identityOf(device: Device, recipe: KernelRecipe): CheckpointIdentity {
  const { info } = device;
  return {
    deviceKey: [info.name, info.vendorId, info.deviceId, info.deviceUuid].join(" "),
    driverKey: [info.driverName, info.driverInfo, info.driverVersion, info.driverUuid].join(" "),
    kernelKey: kernelKeyOf(recipe),
    layoutHash: recipe.types.layoutHash,
  };
}

/** @throws EW_PATH_NOT_FOUND, EW_PATH_UNWRITABLE; the old file is then unchanged */
export async function saveKernel(
  file: string,
  identity: CheckpointIdentity,
  memory: KernelMemory,
  inFlight: readonly (readonly Uint32Array[])[],
): Promise<void> {
  const { state, position } = memory;
  const requests = inFlight.flatMap((words, priority) =>
    words.map((one) => ({ priority: priority as Priority, words: one })),
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

/**
 * Loads a file of `saveKernel`. Correct checksums prove nothing, so this checks everything that could mislead the
 * kernel.
 * @throws errors of `loadCheckpoint`, EW_CHECKPOINT_CORRUPTED for sections that no kernel of these types could have
 * left
 */
export async function loadKernel(
  file: string,
  expected: CheckpointIdentity,
  types: Pick<KernelTypes, "requestWords" | "stateBytes">,
  options: LoadCheckpointOptions,
): Promise<{ memory: KernelMemory; requests: StoredRequest[] }> {
  const { requestWords, stateBytes } = types;
  const { sections } = await loadCheckpoint(file, expected, {
    ...options,
    checkSections: (places) => assertSections(places, types),
  });
  const [state, position, requests] = SECTIONS.map((name) => sections.get(name)!);
  if (state.length !== stateBytes) throw corrupted(`a state of ${state.length} bytes`);
  const memory = { state, position: decodePosition(position) };
  const stored = decodeRequests(requests, requestWords);
  assertPosition(
    memory.position,
    [0, 1].map((priority) => stored.filter((one) => one.priority === priority).length),
  );
  return { memory, requests: stored };
}

/**
 * Runs before the sections are read. Checks that all sections exist and are not larger than possible for this kernel.
 */
function assertSections(
  places: readonly SectionPlace[],
  { requestWords, stateBytes }: Pick<KernelTypes, "requestWords" | "stateBytes">,
): void {
  const maxRequestBytes = PRIORITY_COUNT * MAX_SLOTS * (REQUEST_HEAD_WORDS + requestWords) * 4;
  const most = [stateBytes, POSITION_BYTES_MAX, maxRequestBytes];
  for (const [index, name] of SECTIONS.entries()) {
    const place = places.find((one) => one.name === name);
    if (place === undefined) throw corrupted(`there is no section "${name}"`);
    if (place.sizeBytes <= most[index]) continue;
    throw corrupted(
      `the section "${name}" has ${place.sizeBytes} bytes, and this kernel has ${most[index]} at most`,
    );
  }
  if (places.length > SECTIONS.length) throw corrupted(`there are ${places.length} sections`);
}

/** Encodes requests as words, one request after the other. */
export function encodeRequests(requests: readonly StoredRequest[]): Uint8Array {
  const words = requests.flatMap((request) => [request.priority, request.words.length, ...request.words]);
  return new Uint8Array(Uint32Array.from(words).buffer);
}

/**
 * @param requestWords words of every request
 * @throws EW_CHECKPOINT_CORRUPTED
 */
export function decodeRequests(bytes: Uint8Array, requestWords: number): StoredRequest[] {
  const strideWords = REQUEST_HEAD_WORDS + requestWords;
  if (bytes.length % (strideWords * 4) !== 0)
    throw corrupted(`${bytes.length} bytes are no requests of ${requestWords} words each`);
  const words = new Uint32Array(bytes.slice().buffer);
  const requests: StoredRequest[] = [];
  for (let at = 0; at < words.length; at += strideWords) {
    const [priority, wordCount] = words.subarray(at, at + REQUEST_HEAD_WORDS);
    if (priority >= PRIORITY_COUNT) throw corrupted(`a request of priority ${priority}`);
    if (wordCount !== requestWords)
      throw corrupted(`a request of ${wordCount} words, and those of this kernel have ${requestWords}`);
    requests.push({
      priority: priority as Priority,
      words: words.slice(at + REQUEST_HEAD_WORDS, at + strideWords),
    });
  }
  return requests;
}

function corrupted(what: string): EverwarpError {
  return new EverwarpError("EW_CHECKPOINT_CORRUPTED", `the checkpoint has impossible content: ${what}`, {
    remedy: "Restore an older checkpoint.",
  });
}
