/** The questions of programs: hits in a tree, the number of hits, the content of the tree, and news of its changes. */
import {
  boolean,
  type Check,
  EverwarpError,
  fullText,
  listOf,
  nested,
  type OptionChecks,
  oneOf,
  pathText,
  readOptions,
  recordOf,
  text,
} from "../../base/index.ts";
import { readTextQuery, type TextQuery, TREE_OPTIONS, type TreeOptions } from "../../search/index.ts";
import { PAYLOAD_BYTES_MAX, PROTOCOL_VERSION } from "./constants.ts";

/** A question of a program. */
export interface Question {
  /**
   * `load`: what the tree has, when it is in memory. `state`: the same as it is. `search` and `count`: the hits of a
   * query. `changes`: nothing, until the tree changes.
   */
  readonly kind: "load" | "state" | "search" | "count" | "changes";
  /** The version of the package that the client belongs to. */
  readonly clientVersion: string;
  /** Absolute. */
  readonly cwd: string;
  /** Files and folders; none is the working directory. */
  readonly paths: readonly string[];
  readonly options: TreeOptions;
  /** Variables that say where git keeps its settings. */
  readonly env: Readonly<Record<string, string>>;
  /** The user names this tree with the question. */
  readonly namesTrees: boolean;
  readonly query?: TextQuery;
}

const absolutePath: Check = (name, value) => {
  fullText(name, value);
  if (!(value as string).startsWith("/"))
    throw new EverwarpError("EW_DAEMON_PROTOCOL", `${name} is not an absolute path`);
};

const QUESTION: OptionChecks<Question> = {
  kind: oneOf("load", "state", "search", "count", "changes"),
  clientVersion: text,
  cwd: absolutePath,
  paths: listOf(pathText),
  options: nested(TREE_OPTIONS),
  env: recordOf(text),
  namesTrees: boolean,
  query: (_name, value) => void readTextQuery(value),
};
const REQUIRED = ["kind", "clientVersion", "cwd", "paths", "options", "env", "namesTrees"] as const;

/** The payload of the frame `question`. @throws EW_REQUEST_TOO_LARGE */
export function encodeQuestion(question: Question): Buffer {
  // JSON has no Infinity, which is what is taken where nothing is said.
  const json = Buffer.from(
    JSON.stringify(question, (_key, value: unknown) => (value === Infinity ? undefined : value)),
  );
  const payload = Buffer.alloc(4 + json.length);
  payload.writeUInt32LE(PROTOCOL_VERSION, 0);
  payload.set(json, 4);
  if (payload.length <= PAYLOAD_BYTES_MAX) return payload;
  throw new EverwarpError(
    "EW_REQUEST_TOO_LARGE",
    `the question takes ${payload.length} bytes, and the daemon takes ${PAYLOAD_BYTES_MAX}`,
    { remedy: "Give fewer or shorter patterns, globs and paths." },
  );
}

/** Reads the payload of the frame `question`. @throws EW_DAEMON_PROTOCOL for what is no question */
export function decodeQuestion(payload: Uint8Array): Question {
  try {
    const json: unknown = JSON.parse(Buffer.from(payload.subarray(4)).toString());
    const question = readOptions<Question>("a question", json, QUESTION, ...REQUIRED);
    const needsQuery = question.kind === "search" || question.kind === "count";
    if (!needsQuery || question.query !== undefined) return question;
  } catch (cause) {
    throw malformed(cause);
  }
  throw malformed();
}

function malformed(cause?: unknown): EverwarpError {
  return new EverwarpError("EW_DAEMON_PROTOCOL", "a question on the daemon's socket cannot be read", {
    cause,
  });
}
