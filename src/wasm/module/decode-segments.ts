/** Decodes segments: elements for tables, data for memories. */
import { readConstant, readReferenceType } from "./decode-body.ts";
import { invalid } from "./faults.ts";
import { MAX } from "./limits.ts";
import type { ConstantExpression, DataSegment, ElementSegment, SegmentTarget } from "./module.ts";
import type { BinaryReader } from "./reader.ts";
import { type ReferenceType, VALUE_TYPE } from "./types.ts";

/** Reads the content of the section of elements. */
export function readElements(reader: BinaryReader): ElementSegment[] {
  const segments: ElementSegment[] = [];
  for (let left = reader.count("element segments", MAX.elementSegments); left > 0; left--)
    segments.push(readElementSegment(reader));
  return segments;
}

/** The three bits before a segment: passive or declarative, an explicit table (or declarative), expressions. */
function readElementSegment(reader: BinaryReader): ElementSegment {
  const start = reader.at;
  const flags = reader.u32();
  if (flags > 7) throw invalid(start, `malformed elements segment kind ${flags}`);
  const isActive = (flags & 1) === 0;
  const isExplicit = (flags & 2) !== 0;
  const hasExpressions = (flags & 4) !== 0;
  const target = isActive ? readTarget(reader, isExplicit) : undefined;
  const type = isActive && !isExplicit ? VALUE_TYPE.funcref : readElementType(reader, hasExpressions);
  const items: ConstantExpression[] = [];
  for (let left = reader.count("elements of a segment", MAX.tableElements); left > 0; left--)
    items.push(hasExpressions ? readConstant(reader) : { kind: "function", index: reader.u32() });
  const mode = isActive ? "active" : isExplicit ? "declarative" : "passive";
  return { mode, type, items, target, offset: start };
}

function readElementType(reader: BinaryReader, hasExpressions: boolean): ReferenceType {
  if (hasExpressions) return readReferenceType(reader);
  const start = reader.at;
  const kind = reader.byte();
  if (kind !== 0) throw invalid(start, `malformed element kind ${kind}`);
  return VALUE_TYPE.funcref;
}

function readTarget(reader: BinaryReader, isExplicit: boolean): SegmentTarget {
  const index = isExplicit ? reader.u32() : 0;
  return { index, offset: readConstant(reader) };
}

/** Reads the content of the section of data. */
export function readData(reader: BinaryReader): DataSegment[] {
  const segments: DataSegment[] = [];
  for (let left = reader.count("data segments", MAX.dataSegments); left > 0; left--)
    segments.push(readDataSegment(reader));
  return segments;
}

function readDataSegment(reader: BinaryReader): DataSegment {
  const start = reader.at;
  const flags = reader.u32();
  if (flags > 2) throw invalid(start, `malformed data segment flag ${flags}`);
  const target = flags === 1 ? undefined : readTarget(reader, flags === 2);
  const bytes = reader.take(reader.u32());
  return { mode: target === undefined ? "passive" : "active", bytes, target, offset: start };
}
