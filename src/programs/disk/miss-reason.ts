/** Looks at the entries beside a missing one: why the entry is missing, and whether their SPIR-V can be reused. */

import { readdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { DiskStore } from "./disk-store.ts";
import { idsIn } from "./entry-folder.ts";
import { COMPILER, type MissReason, partsOf } from "../entries/index.ts";

/** Why a store lacks an entry. @param nameKey stays the same when a program's source is edited */
export async function explainMiss(store: DiskStore, id: string, nameKey: string): Promise<MissReason> {
  await store.reconcileIfLost();
  const { evicted, rows } = store.manifest;
  if (evicted.has(id)) return "evicted";
  const { module, variant } = partsOf(id);
  const isSame = (other: string): boolean => other.startsWith(`${module}.${variant}.`);
  if ((await store.ids()).some(isSame)) return "driver-changed";
  for (const folder of await otherFolders(store)) {
    if ((await idsIn(join(folder, "entries"))).some(isSame)) return "other-device";
  }
  for (const row of rows.values()) {
    if (row.nameKey === nameKey && !row.id.startsWith(`${module}.`)) return "source-changed";
  }
  return "never-seen";
}

/** SPIR-V of the same source, from an entry for other constants, another driver or another device. */
export async function findModule(
  store: DiskStore,
  moduleId: string,
): Promise<{ spirv: Uint32Array; compileMs: number } | undefined> {
  for (const folder of [store.folder, ...(await otherFolders(store))]) {
    for (const id of await idsIn(join(folder, "entries"))) {
      if (partsOf(id).module !== moduleId) continue;
      const there = folder === store.folder ? store : await DiskStore.open(folder);
      const answer = await there.read(id);
      if (answer.state !== "found" || answer.entry.header.compiler !== COMPILER) continue;
      // A copy, so that the whole file does not stay in memory.
      return { spirv: answer.entry.spirv.slice(), compileMs: answer.entry.header.compileMs };
    }
  }
  return undefined;
}

/** The folders of other device models in the same cache. */
async function otherFolders(store: DiskStore): Promise<string[]> {
  const parent = dirname(store.folder);
  const own = basename(store.folder);
  const names = await readdir(parent).catch(() => []);
  return names.filter((name) => name !== own).map((name) => join(parent, name));
}
