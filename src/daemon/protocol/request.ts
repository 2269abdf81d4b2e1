/** The request for a search: arguments, working directory, variables, and what is known of the streams. */
import { EverwarpError } from "../../base/index.ts";
import type { FileIdentity } from "../../search/index.ts";
import { FACT, PAYLOAD_BYTES_MAX, PROTOCOL_VERSION } from "./constants.ts";

/** What a search wants to know of the streams of the process that shows its output. */
export interface SearchFacts {
  readonly stdoutIsTerminal: boolean;
  readonly stderrIsTerminal: boolean;
  readonly stdinIsReadable: boolean;
  readonly stdoutFile: FileIdentity | undefined;
}

/** The facts of a program that reads the output itself, and gives no input. */
export const NO_STREAMS: SearchFacts = {
  stdoutIsTerminal: false,
  stderrIsTerminal: false,
  stdinIsReadable: false,
  stdoutFile: undefined,
};

/** A request for a search. */
export interface SearchRequest {
  /** The version of the package that the client belongs to. */
  readonly clientVersion: string;
  /** Absolute. */
  readonly cwd: string;
  /** The arguments after `everwarp search`. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly facts: SearchFacts;
}

const FIXED_BYTES = 32;

/** The payload of the frame `search`. @returns undefined for a request that is too large */
export function encodeRequest(request: SearchRequest): Buffer | undefined {
  const { facts, argv, env } = request;
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const fixed = Buffer.alloc(FIXED_BYTES);
  fixed.writeUInt32LE(PROTOCOL_VERSION, 0);
  fixed.writeUInt32LE(bitsOf(facts), 4);
  fixed.writeBigUInt64LE(BigInt.asUintN(64, facts.stdoutFile?.device ?? 0n), 8);
  fixed.writeBigUInt64LE(BigInt.asUintN(64, facts.stdoutFile?.inode ?? 0n), 16);
  fixed.writeUInt32LE(argv.length, 24);
  fixed.writeUInt32LE(variables.length, 28);
  const parts: Buffer[] = [fixed];
  for (const text of [request.clientVersion, request.cwd, ...argv, ...variables]) {
    const bytes = Buffer.from(text);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(bytes.length, 0);
    parts.push(length, bytes);
  }
  const payload = Buffer.concat(parts);
  return payload.length > PAYLOAD_BYTES_MAX ? undefined : payload;
}

function bitsOf(facts: SearchFacts): number {
  return (
    (facts.stdoutIsTerminal ? FACT.stdoutIsTerminal : 0) |
    (facts.stderrIsTerminal ? FACT.stderrIsTerminal : 0) |
    (facts.stdinIsReadable ? FACT.stdinIsReadable : 0) |
    (facts.stdoutFile === undefined ? 0 : FACT.stdoutIsFile)
  );
}

/** Whether a request speaks this version of the protocol. All versions have their number in front. */
export function isOfThisVersion(payload: Uint8Array): boolean {
  return payload.length >= 4 && viewOf(payload).getUint32(0, true) === PROTOCOL_VERSION;
}

/**
 * Reads the payload of the frame `search`.
 * @returns undefined where a text is not UTF-8: strings cannot hold it
 * @throws EW_DAEMON_PROTOCOL for anything else that is no request
 */
export function decodeRequest(payload: Uint8Array): SearchRequest | undefined {
  if (payload.length < FIXED_BYTES) throw malformed(payload, "it is too short");
  const view = viewOf(payload);
  const [argumentCount, variableCount] = [view.getUint32(24, true), view.getUint32(28, true)];
  const texts = splitTexts(payload, 2 + argumentCount + variableCount);
  const decoded = decodeAll(texts);
  if (decoded === undefined) return undefined;
  const [clientVersion = "", cwd = ""] = decoded;
  if (!cwd.startsWith("/")) throw malformed(payload, "its working directory is not absolute");
  const bits = view.getUint32(4, true);
  const isFile = (bits & FACT.stdoutIsFile) !== 0;
  return {
    clientVersion,
    cwd,
    argv: decoded.slice(2, 2 + argumentCount),
    env: variablesOf(decoded.slice(2 + argumentCount)),
    facts: {
      stdoutIsTerminal: (bits & FACT.stdoutIsTerminal) !== 0,
      stderrIsTerminal: (bits & FACT.stderrIsTerminal) !== 0,
      stdinIsReadable: (bits & FACT.stdinIsReadable) !== 0,
      stdoutFile: isFile
        ? { device: view.getBigUint64(8, true), inode: view.getBigUint64(16, true) }
        : undefined,
    },
  };
}

function variablesOf(texts: readonly string[]): Record<string, string> {
  // Without a prototype: a variable may be called __proto__.
  const env = Object.create(null) as Record<string, string>;
  for (const text of texts) {
    const equals = text.indexOf("=");
    if (equals > 0) env[text.slice(0, equals)] = text.slice(equals + 1);
  }
  return env;
}

function splitTexts(payload: Uint8Array, count: number): Uint8Array[] {
  // Each text has four bytes at least, so a false count is found before anything is allocated for it.
  if (count > payload.length / 4) throw malformed(payload, `it claims ${count} texts`);
  const view = viewOf(payload);
  const texts: Uint8Array[] = [];
  let at = FIXED_BYTES;
  for (let index = 0; index < count; index++) {
    if (at + 4 > payload.length) throw malformed(payload, "a text is missing");
    const end = at + 4 + view.getUint32(at, true);
    if (end > payload.length) throw malformed(payload, "a text is cut off");
    texts.push(payload.subarray(at + 4, end));
    at = end;
  }
  if (at !== payload.length) throw malformed(payload, "bytes follow the last text");
  return texts;
}

function decodeAll(texts: readonly Uint8Array[]): string[] | undefined {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  try {
    return texts.map((text) => decoder.decode(text));
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return undefined;
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function malformed(payload: Uint8Array, why: string): EverwarpError {
  return new EverwarpError(
    "EW_DAEMON_PROTOCOL",
    `a request of ${payload.length} bytes cannot be read: ${why}`,
  );
}
