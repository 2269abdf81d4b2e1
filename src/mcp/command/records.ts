/** Cuts the output of a command into records. */

/**
 * Calls `onRecord` with each record: what stands between two terminators. What follows the last one counts too.
 * @param onRecord a record, without its terminator; it is valid only during the call. `false` ends the reading
 */
export async function eachRecord(
  output: AsyncIterable<Buffer>,
  terminator: number,
  onRecord: (record: Buffer) => boolean | void,
): Promise<void> {
  let rest: Buffer[] = [];
  for await (const piece of output) {
    let begin = 0;
    for (let end; (end = piece.indexOf(terminator, begin)) >= 0; begin = end + 1) {
      const last = piece.subarray(begin, end);
      const record = rest.length === 0 ? last : Buffer.concat([...rest, last]);
      rest = [];
      if (onRecord(record) === false) return;
    }
    if (begin < piece.length) rest.push(piece.subarray(begin));
  }
  if (rest.length > 0) onRecord(Buffer.concat(rest));
}
