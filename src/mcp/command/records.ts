/** Cuts the output of a command into records. */
import { EverwarpError } from "../../base/index.ts";

/** Node holds no text of twice this length. */
const MAX_RECORD_BYTES = 2 ** 28;

/**
 * Calls `onRecord` with each record: what stands between two terminators. What follows the last one counts too.
 * @param onRecord a record, without its terminator; it is valid only during the call. `false` ends the reading
 * @throws EW_REQUEST_TOO_LARGE for a record that no text can hold
 */
export async function eachRecord(
  output: AsyncIterable<Buffer>,
  terminator: number,
  onRecord: (record: Buffer) => boolean | void,
  maxBytes = MAX_RECORD_BYTES,
): Promise<void> {
  let rest: Buffer[] = [];
  let restBytes = 0;
  for await (const piece of output) {
    let begin = 0;
    for (let end; (end = piece.indexOf(terminator, begin)) >= 0; begin = end + 1) {
      const last = piece.subarray(begin, end);
      const record = rest.length === 0 ? last : Buffer.concat([...rest, last]);
      rest = [];
      restBytes = 0;
      if (onRecord(record) === false) return;
    }
    if (begin < piece.length) rest.push(piece.subarray(begin));
    restBytes += piece.length - begin;
    if (restBytes > maxBytes)
      throw new EverwarpError("EW_REQUEST_TOO_LARGE", `a matching line is longer than ${maxBytes} bytes`, {
        remedy:
          'Find the files that match with show: "files", and leave the one with such a line out by a glob.',
      });
  }
  if (rest.length > 0) onRecord(Buffer.concat(rest));
}
