/** What stands before a line: its path, number, column and byte offset, as far as they are wanted. */
import type { PrinterOptions } from "./options.ts";
import type { PathText } from "./printer.ts";
import type { StyledWriter } from "./styled-writer.ts";

/** Where a line is. */
export interface LinePlace {
  readonly offsetBytes: number;
  /** 0 where lines are not counted. */
  readonly lineNumber: number;
  /** 0 where it is not known. */
  readonly column: number;
}

/**
 * Writes the fields, each with a separator behind it. Where there are links, one is around all of it but the last
 * separator.
 */
export function writePrelude(
  writer: StyledWriter,
  options: PrinterOptions,
  path: PathText,
  separator: Uint8Array,
  { offsetBytes, lineNumber, column }: LinePlace,
): void {
  const { withFilename, heading, pathTerminator } = options;
  const isLinked =
    writer.hasLinks &&
    withFilename &&
    (writer.linksLines || !heading) &&
    writer.beginLink(path.bytes, lineNumber, column);
  let due: Uint8Array | undefined;
  if (withFilename && !heading) {
    writer.styled("path", path.bytes);
    due = pathTerminator === -1 ? separator : Buffer.of(pathTerminator);
  }
  if (lineNumber !== 0) {
    if (due !== undefined) writer.write(due);
    writer.styledNumber("line", lineNumber);
    due = separator;
  }
  if (options.column && column !== 0) {
    if (due !== undefined) writer.write(due);
    writer.styledNumber("column", column);
    due = separator;
  }
  if (options.byteOffset) {
    if (due !== undefined) writer.write(due);
    writer.styledNumber("column", offsetBytes);
    due = separator;
  }
  if (isLinked) writer.endLink();
  if (due !== undefined) writer.write(due);
}
