/** Brings the contents of a corpus into device memory: from host memory, or from the files. */
import os from "node:os";
import { EverwarpError } from "../../base/index.ts";
import type { DeviceProfile } from "../../residency/index.ts";
import type { Device } from "../../vulkan/index.ts";
import type { LoadOptions } from "../backend/index.ts";
import { type Corpus, copyPlacement, type Placement } from "../corpus/index.ts";
import { DeviceSink } from "./device-sink.ts";

/** Staging buffers by which a corpus is copied from host memory. One thread fills them. */
const COPY_CHUNKS = 8;
const COPY_CHUNK_BYTES = 4 << 20;
/** Beyond this, a workgroup would take more tiles in a launch than the loops of a driver with a limit allow. */
const LIMITED_CORPUS_BYTES_MAX = 1 << 30;

/** The memory that a load fills. */
export function sinkFor(device: Device, { from, threads }: LoadOptions): DeviceSink {
  if (from !== undefined) return new DeviceSink(device, COPY_CHUNKS, COPY_CHUNK_BYTES);
  return new DeviceSink(device, 2 * (threads ?? os.availableParallelism()) + 2);
}

/** Fills it. */
export async function fill(
  sink: DeviceSink,
  corpus: Corpus,
  { threads, from }: LoadOptions,
): Promise<Placement> {
  if (from?.sharedSegments !== undefined) return copyPlacement(from.placement, from.sharedSegments, sink);
  const placement = await corpus.loadInto(sink, threads === undefined ? {} : { threads });
  await sink.finish();
  return placement;
}

/** @throws EW_CORPUS_TOO_LARGE for what a driver that limits loops cannot search */
export function assertWithinLoopLimit(device: Device, profile: DeviceProfile, arenaBytes: number): void {
  if (profile.loopLimit === undefined || arenaBytes <= LIMITED_CORPUS_BYTES_MAX) return;
  throw new EverwarpError(
    "EW_CORPUS_TOO_LARGE",
    `${arenaBytes} bytes are too many for ${device.info.driverInfo}, whose kernels' loops are limited`,
    { remedy: "Use the host engine (--device cpu) or a newer driver." },
  );
}

/** The first index of a table that is free. @throws EW_CORPUS_TOO_LARGE where none is */
export function freeIndex(held: readonly (object | undefined)[], max: number): number {
  for (let index = 0; index < max; index++) if (held[index] === undefined) return index;
  throw new EverwarpError("EW_CORPUS_TOO_LARGE", `the device holds ${max} corpora already`, {
    remedy: "Unload one, or load several trees as one corpus.",
  });
}

/** The corpus of a query was unloaded, or is another backend's. */
export function unknownCorpusError(): EverwarpError {
  return new EverwarpError("EW_CORPUS_UNKNOWN", "the query names a corpus that this device does not hold", {
    remedy: "Load it first; an unloaded corpus cannot be searched.",
  });
}
