/** `everwarp cache export` and `import`: copy programs from one machine to another. */
import { EverwarpError } from "../../base/index.ts";
import {
  readArchive,
  writeArchive,
  type WrittenArchive,
  DiskStore,
  encodeEntry,
  type Entry,
  COMPILER,
  ENTRY_ID,
  partsOf,
  pipelineKeyOf,
  type Target,
  targetOf,
} from "../../programs/index.ts";
import { Device, listDevices } from "../../vulkan/index.ts";
import { join } from "node:path";
import type { ModelFolder } from "./folders.ts";

/** Writes all good entries of the folders into one file. @throws EW_PATH_UNWRITABLE */
export async function exportPrograms(
  folders: readonly ModelFolder[],
  path: string,
): Promise<WrittenArchive & { bad: number }> {
  let bad = 0;
  async function* entries(): AsyncGenerator<Uint8Array> {
    for (const { store } of folders) {
      for (const id of await store.ids()) {
        const answer = await store.read(id);
        if (answer.state === "found") yield answer.bytes;
        else if (answer.state !== "absent") bad++;
      }
    }
  }
  const written = await writeArchive(path, entries());
  return { ...written, bad };
}

/** An entry that was not imported. */
export interface Refused {
  /** Undefined if the archive is too damaged to tell. */
  readonly id: string | undefined;
  readonly name: string | undefined;
  readonly reason: string;
}

/** What an import did. */
export interface ImportAnswer {
  /** Names of the imported entries. */
  readonly imported: readonly string[];
  /** Number of entries that were already there, undamaged. */
  readonly present: number;
  readonly refused: readonly Refused[];
}

/**
 * Imports the entries of an archive that the devices of this machine can use.
 *
 * @throws EW_NO_DEVICE without a device that can use any of them, and what `readArchive` throws
 */
export async function importPrograms(directory: string, path: string): Promise<ImportAnswer> {
  const archive = readArchive(path);
  // Before devices are opened, so that a file that is not an archive is reported at once.
  let item = await archive.next();
  const targets = localTargets();
  const stores = new Map<string, DiskStore>();
  const imported: string[] = [];
  const refused: Refused[] = [];
  let present = 0;
  for (; item.done !== true; item = await archive.next()) {
    const { entry } = item.value;
    if (entry === undefined) {
      refused.push({ id: undefined, name: undefined, reason: item.value.reason });
      continue;
    }
    const { id, name } = entry.header;
    const target = targets.find((each) => each.id === partsOf(id).target);
    const objection = objectionTo(entry, target, targets);
    if (target === undefined || objection !== undefined) {
      refused.push({ id, name, reason: objection ?? "it is for another device" });
      continue;
    }
    const store = stores.get(target.folder) ?? (await DiskStore.open(join(directory, target.folder)));
    stores.set(target.folder, store);
    if ((await store.read(id)).state === "found") present++;
    else if (await publish(store, entry)) imported.push(name);
    else refused.push({ id, name, reason: `it cannot be stored: ${store.troubles.last ?? ""}` });
  }
  for (const store of stores.values()) await store.saveManifest();
  return { imported, present, refused };
}

/** The entry counts as new: its use on another machine says nothing here. */
function publish(store: DiskStore, entry: Entry): Promise<boolean> {
  return store.publish(entry, encodeEntry(entry, { uses: 0, lastUseMs: Date.now() }));
}

/** @returns why an entry is not imported, or undefined */
function objectionTo(
  { header, spirv }: Entry,
  target: Target | undefined,
  targets: readonly Target[],
): string | undefined {
  if (!ENTRY_ID.test(header.id)) return "its name is no entry's name";
  if (target === undefined) {
    const { device, driver } = header.target;
    const here = targets.filter(({ info }) => info.device === device).map(({ info }) => info.driver);
    return here.length === 0
      ? `it is for ${device}, which is not here`
      : `it is for ${device} with ${driver}; here is ${here.join(", ")}`;
  }
  if (header.compiler !== COMPILER) return `it was compiled by ${header.compiler}; here is ${COMPILER}`;
  return header.pipelineKey === pipelineKeyOf({ ...header, spirv, targetId: target.id })
    ? undefined
    : "its pipeline key is not that of its contents";
}

/**
 * The identities of this machine's devices in the cache. @throws EW_NO_DEVICE, and the reason if an existing
 * device cannot be opened
 */
function localTargets(): Target[] {
  const targets: Target[] = [];
  let failure: unknown;
  for (const { index, missing } of listDevices()) {
    if (missing.length > 0) continue;
    try {
      const device = Device.open({ select: index, queuesToLease: 0 });
      try {
        targets.push(targetOf(device));
      } finally {
        device.close();
      }
    } catch (error) {
      failure = error;
    }
  }
  if (targets.length > 0) return targets;
  if (failure !== undefined) throw failure;
  throw new EverwarpError("EW_NO_DEVICE", "there is no device here that could use the programs", {
    remedy: "everwarp doctor shows what is here.",
  });
}
