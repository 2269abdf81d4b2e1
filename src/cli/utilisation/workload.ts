/** What a kernel is given to do while its threads are counted. */
import { EverwarpError } from "../../base/index.ts";
import { readRegularTextSync } from "../../storage/index.ts";
import { type StructLayout, structReader, type UndocumentedType, undocumented } from "../../schema/index.ts";

const REQUESTS_BYTES_MAX = 64 << 20;

/** What the command line asks for. */
export interface Workload {
  /** A number of requests, or a file with one JSON object for each. */
  readonly requests: number | { readonly file: string };
  /** The words of every request, or of the push constants of a plain kernel. */
  readonly words: readonly number[] | undefined;
  readonly workgroups: number;
  /** Threads of a workgroup; as the program beside the kernel says, if not given. */
  readonly workgroupSize: number | undefined;
  /** Bytes of each buffer that a plain kernel gets. */
  readonly bufferBytes: number;
  /** How long a kernel may run. */
  readonly budgetMs: number;
}

/** A record of a request: numbers by the names of fields. */
export type RequestValues = Readonly<Record<string, unknown>>;

/**
 * The requests of a workload. Where nothing is said of their fields, every field has the number of the request: 1, 2, …
 *
 * @throws EW_PATH_NOT_FOUND, EW_PATH_UNREADABLE, EW_BAD_ARGUMENT
 */
export function requestsOf(of: StructLayout, { requests, words }: Workload): readonly RequestValues[] {
  if (typeof requests === "object") return requestsIn(requests.file);
  return Array.from({ length: requests }, (_, index) =>
    words === undefined ? numbered(of, index + 1) : fromWords(of, words),
  );
}

function fromWords(of: StructLayout, words: readonly number[]): RequestValues {
  const all = new Uint32Array(of.sizeBytes / 4);
  if (words.length > all.length)
    throw new EverwarpError(
      "EW_BAD_ARGUMENT",
      `--words has ${words.length} words, and a request ${all.length}`,
      {
        remedy: "Give fewer words.",
      },
    );
  all.set(words);
  return structReader(of)(all) as RequestValues;
}

function numbered(of: StructLayout, number: number): RequestValues {
  const valueOf = (type: UndocumentedType): unknown => {
    if (type.kind === "struct") return numbered(type, number);
    if (type.kind === "array") return Array.from({ length: type.count ?? 0 }, () => valueOf(type.element));
    return type.kind === "u64" ? BigInt(number) : number;
  };
  const fields = Object.entries(of.fields).map(([name, type]) => [name, undocumented(type)] as const);
  return Object.fromEntries(
    fields.filter(([, { kind }]) => kind !== "padding").map(([name, type]) => [name, valueOf(type)]),
  );
}

/** One JSON object a line. A number that a double cannot hold is written as a text of digits. */
function requestsIn(file: string): RequestValues[] {
  const text = readRegularTextSync(file, REQUESTS_BYTES_MAX);
  if (text === undefined)
    throw new EverwarpError("EW_PATH_UNREADABLE", `the requests in ${file} cannot be read`, {
      remedy: `Name a file of at most ${REQUESTS_BYTES_MAX} bytes with one JSON object a line, or give a number.`,
    });
  return text.split("\n").flatMap((line, index): RequestValues[] => {
    if (line.trim() === "") return [];
    const parsed = parse(line);
    if (parsed !== undefined) return [parsed];
    throw new EverwarpError("EW_BAD_ARGUMENT", `${file}:${index + 1} is no JSON object`, {
      remedy: 'Write one object a line, such as {"value": 1.5}.',
    });
  });
}

function parse(line: string): RequestValues | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as RequestValues)
      : undefined;
  } catch {
    return undefined;
  }
}

/** The values that a struct's writer takes: whole numbers of 64 bits are bigints. */
export function asRecord(of: StructLayout, values: RequestValues): RequestValues {
  const convert = (type: UndocumentedType, value: unknown): unknown => {
    if (type.kind === "struct" && typeof value === "object" && value !== null)
      return asRecord(type, value as RequestValues);
    if (type.kind === "array" && Array.isArray(value))
      return value.map((each) => convert(type.element, each));
    const isWhole = Number.isSafeInteger(value) || (typeof value === "string" && /^\d{1,20}$/.test(value));
    return type.kind === "u64" && isWhole ? BigInt(value as number | string) : value;
  };
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => {
      const type = Object.hasOwn(of.fields, name) ? of.fields[name] : undefined;
      return [name, type === undefined ? value : convert(undocumented(type), value)];
    }),
  );
}
