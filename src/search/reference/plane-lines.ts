/** The reference of all that runs a `PlaneProgram`: one boolean for each place, in plain TypeScript. */
import { PLANE_COUNT, type PlaneProgram, type PlaneStep } from "../planes/index.ts";

/** Line feeds that end lines, by offset. */
export interface PlaneLines {
  /** Of lines with a match. */
  readonly lines: number[];
  /** Those of `lines` that may have none after all. */
  readonly doubts: number[];
}

/** What a program tells of a text that ends with a line feed. */
export function planeLines(program: PlaneProgram, text: Uint8Array): PlaneLines {
  const streams = Array.from({ length: PLANE_COUNT }, (_, plane) =>
    Array.from(text, (byte) => ((byte >> plane) & 1) === 1),
  );
  for (const step of program.steps) streams.push(streamOf(step, streams, text.length));
  const places = (stream: number | undefined): number[] =>
    stream === undefined ? [] : streams[stream]!.flatMap((isSet, place) => (isSet ? [place] : []));
  return { lines: places(program.lines), doubts: places(program.doubts) };
}

function streamOf(step: PlaneStep, streams: readonly boolean[][], length: number): boolean[] {
  const each = (at: (place: number) => boolean): boolean[] => Array.from({ length }, (_, place) => at(place));
  const bit = (stream: number, place: number): boolean => streams[stream]![place]!;
  switch (step.kind) {
    case "and":
      return each((place) => bit(step.left, place) && bit(step.right, place));
    case "or":
      return each((place) => bit(step.left, place) || bit(step.right, place));
    case "xor":
      return each((place) => bit(step.left, place) !== bit(step.right, place));
    case "without":
      return each((place) => bit(step.left, place) && !bit(step.right, place));
    case "not":
      return each((place) => !bit(step.of, place));
    case "choose":
      return each((place) => bit(bit(step.by, place) ? step.yes : step.no, place));
    case "advance":
      return each((place) =>
        place < step.by ? step.first === 1 && place === step.by - 1 : bit(step.of, place - step.by),
      );
    case "star": {
      const result = streams[step.of]!.slice();
      for (let place = 1; place < length; place++)
        result[place] ||= result[place - 1]! && bit(step.set, place - 1);
      return result;
    }
  }
}
