/** Sealed files with right checksums and any content: what a hostile writer makes. */
import { writeFileSync } from "node:fs";
import {
  type About,
  encodeHead,
  type FileKind,
  SECTION_DIGEST_BYTES,
  sectionHash,
} from "../../src/storage/sealed-format.ts";

const ANY_KIND: FileKind = {
  noun: "file",
  truncated: "EW_INTERNAL",
  corrupted: "EW_INTERNAL",
  outdated: "EW_INTERNAL",
};

/** Writes a file as a save would, without making it durable. */
export function writeSealedFile(file: string, about: About, sections: ReadonlyMap<string, Uint8Array>): void {
  const { bytes, head, fileBytes } = encodeHead(about, sections, ANY_KIND);
  const all = Buffer.alloc(fileBytes);
  all.set(bytes);
  for (const section of head.sections) {
    const content = sections.get(section.name)!;
    all.set(content, section.offsetBytes);
    const digest = sectionHash(head, section).update(content).digest();
    all.set(digest.subarray(0, SECTION_DIGEST_BYTES), section.offsetBytes + section.sizeBytes);
  }
  writeFileSync(file, all);
}
