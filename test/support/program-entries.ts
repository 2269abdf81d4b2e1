/** Entries to store and send about, made without a device. */

import { createHash } from "node:crypto";
import { encodeEntry, type EntryHeader } from "../../src/programs/entries/entry-file.ts";

const digits = (text: string, count: number): string =>
  createHash("sha256").update(text).digest("hex").slice(0, count);

/** The id of the entry called so. */
export function entryId(name: string, target = "this device"): string {
  return `${digits(name, 32)}.${digits("main", 16)}.${digits(target, 16)}`;
}

/** A whole entry file. Its SPIR-V is words of the name, as many as asked for. */
export function entryBytes(name: string, { words = 500, target = "this device" } = {}): Uint8Array {
  const header: EntryHeader = {
    id: entryId(name, target),
    name,
    nameKey: digits(name, 16),
    target: { device: target, driver: "a driver", dataKey: "00" },
    compiler: "a compiler",
    entryPoint: "main",
    constants: {},
    pushConstantBytes: 0,
    pipelineKey: digits(name, 64),
    createdAtMs: 1_700_000_000_000,
    compileMs: 12,
    driverMs: 3,
  };
  const seed = createHash("sha256").update(name).digest();
  const spirv = Uint32Array.from(
    { length: words },
    (_, index) => seed.readUInt32LE((index * 4) % 32) ^ (index >> 3),
  );
  return encodeEntry({ header, spirv, data: { kind: "cache", bytes: [seed] } });
}
