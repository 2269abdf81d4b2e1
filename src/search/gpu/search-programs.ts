/** The programs of a search on a device: the same for who runs them and for who makes them ahead of time. */

import { kernelFile, type ProgramRequest } from "../../programs/index.ts";
import { WORKGROUP_SIZE_ID } from "../../residency/index.ts";
import type { ScanShape } from "./scan-shape.ts";

/** The programs of a search on a device. */
export type SearchProgramName = "newlineCount" | "newlineSpine" | "lineRanks" | "scan" | "match";

/** The request for each program, for the shapes of the kernels. */
export function searchPrograms(
  shape: Pick<ScanShape, "unroll" | "workgroupSize" | "hasClock" | "match">,
): Record<SearchProgramName, ProgramRequest> {
  const request = (name: string): ProgramRequest => ({
    file: kernelFile(`search/kernels/${name}`),
    label: name,
  });
  const { chunkBlocks, tableWords } = shape.match;
  const clock: ProgramRequest["defines"] = shape.hasClock ? { RESIDENCY_CLOCK: 1 } : {};
  return {
    newlineCount: request("newline_count"),
    newlineSpine: request("newline_spine"),
    lineRanks: request("line_ranks"),
    scan: {
      ...request("scan"),
      defines: { UNROLL: shape.unroll, ...clock },
      specialization: { [WORKGROUP_SIZE_ID]: shape.workgroupSize },
    },
    match: {
      ...request("match"),
      defines: { CHUNK_BLOCKS: chunkBlocks, TABLE_WORDS: tableWords, ...clock },
      specialization: { [WORKGROUP_SIZE_ID]: shape.match.workgroupSize },
    },
  };
}
