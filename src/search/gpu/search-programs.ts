/** The programs of a search on a device: the same for who runs them and for who makes them ahead of time. */

import { kernelFile, type ProgramRequest } from "../../programs/index.ts";
import { WORKGROUP_SIZE_ID } from "../../residency/index.ts";
import { ALL_ROWS } from "../signature/index.ts";
import type { PlaneKernelShape } from "./plane-shape.ts";
import type { ScanShape } from "./scan-shape.ts";

/** The programs of a search on a device. */
export type SearchProgramName =
  | "newlineCount"
  | "newlineSpine"
  | "lineRanks"
  | "signatures"
  | "scan"
  | "match"
  | "transpose"
  | "planeLines";

/** The constant of the kernels that says which rows signatures have. */
const ROW_MASK_ID = 1;

const request = (name: string): ProgramRequest => ({
  file: kernelFile(`search/kernels/${name}`),
  label: name,
});

/**
 * The request for the kernel of bit planes.
 * @param program GLSL of the program that it is compiled for; without it the kernel reads a program's steps
 */
export function planeProgramRequest(
  { words, workgroupSize }: PlaneKernelShape,
  program?: string,
): ProgramRequest {
  return {
    ...request("planes"),
    defines: { PLANE_WORDS: words },
    specialization: { [WORKGROUP_SIZE_ID]: workgroupSize },
    ...(program === undefined ? {} : { virtualFiles: { "plane-program.glsl": program } }),
  };
}

/**
 * The request for each program, for the shapes of the kernels.
 * @param rowMask rows that signatures have; less than all for tests
 */
export function searchPrograms(
  shape: Pick<ScanShape, "unroll" | "workgroupSize" | "hasClock" | "match">,
  rowMask = ALL_ROWS,
): Record<SearchProgramName, ProgramRequest> {
  const { chunkBlocks, tableWords } = shape.match;
  const clock: ProgramRequest["defines"] = shape.hasClock ? { RESIDENCY_CLOCK: 1 } : {};
  // All rows are what the kernels have by themselves: the programs that are kept are those without a mention of them.
  const rows: Readonly<Record<number, number>> = rowMask === ALL_ROWS ? {} : { [ROW_MASK_ID]: rowMask };
  return {
    newlineCount: request("newline_count"),
    newlineSpine: request("newline_spine"),
    lineRanks: request("line_ranks"),
    transpose: request("transpose"),
    planeLines: request("plane_lines"),
    signatures: { ...request("signatures"), ...(rowMask !== ALL_ROWS && { specialization: rows }) },
    scan: {
      ...request("scan"),
      defines: { UNROLL: shape.unroll, ...clock },
      specialization: { [WORKGROUP_SIZE_ID]: shape.workgroupSize, ...rows },
    },
    match: {
      ...request("match"),
      defines: { CHUNK_BLOCKS: chunkBlocks, TABLE_WORDS: tableWords, ...clock },
      specialization: { [WORKGROUP_SIZE_ID]: shape.match.workgroupSize },
    },
  };
}
