/**
 * The protocol between a client and the daemon, in numbers. `scripts/gen-client.ts` writes the same numbers into the
 * header of the native client.
 *
 *     frame     u32 length of the payload · u32 kind · payload                   (all numbers: little endian)
 *     text      u32 length · bytes
 *     search    u32 version · u32 facts · u64 device · u64 inode · u32 arguments · u32 variables
 *               · text version of the program · text working directory · texts of arguments · texts NAME=value
 *     exit      u32 exit code
 *     declined  u32 reason · text for people
 *     question  u32 version · JSON (question.ts)
 *     hits      a batch (hits/hit-batch.ts)
 *     failure   JSON of an error
 *
 *     client: search ──▶           status ──▶        stop ──▶
 *     daemon: ◀── accepted         ◀── report        ◀── exit
 *             ◀── output, errors … in the order of the search
 *             ◀── exit or declined, and the end of the connection
 *
 *     client: question ──▶
 *     daemon: ◀── accepted
 *             ◀── hits … or changed …, report … (pieces of JSON)
 *             ◀── exit, failure or declined, and the end of the connection
 *
 * A connection carries one request. An answer is whole when its last frame is `exit`. A client that goes away calls its
 * search off. All versions of the protocol share the frame, the kinds `stop` and `declined`, and the first number of
 * `search`.
 */

/** Raised with every change that an older client or daemon would misread. */
export const PROTOCOL_VERSION = 1;

/** Bytes of a frame before its payload. */
export const HEADER_BYTES = 8;

/** The largest payload. A command line that does not fit is searched without the daemon. */
export const PAYLOAD_BYTES_MAX = 1 << 20;

/** A client holds so much of an answer back. Until it has passed any on, it can still search by itself. */
export const HELD_BYTES_MAX = 64 * 1024;

/** A daemon that accepts no request in this time hangs, and the client searches by itself. */
export const ACCEPT_TIMEOUT_MS = 2_000;

/** A daemon that has accepted and says nothing for so long hangs. A client that has printed nothing searches alone. */
export const ANSWER_TIMEOUT_MS = 20_000;

/** A text in every native client, by which `everwarp client install` knows one. */
export const CLIENT_MARK = "everwarp native client";

/**
 * The settings of a native client: texts in fields of these lengths, in this order, each with a NUL behind it. The mark
 * is the first of them. `everwarp client install` writes the others.
 */
export const CLIENT_SETTINGS = { mark: 32, node: 4096, program: 4096, version: 64 } as const;

/** Kinds of frames. The first four come from clients. */
export const FRAME = {
  search: 1,
  status: 2,
  stop: 3,
  question: 4,
  accepted: 16,
  output: 17,
  errors: 18,
  exit: 19,
  declined: 20,
  report: 21,
  hits: 22,
  changed: 23,
  failure: 24,
} as const;

/** Why a daemon does not answer a search. */
export const DECLINE = {
  /** The tree, or what is asked of it, is not in memory. */
  notHeld: 1,
  /** Too much is going on. */
  busy: 2,
  /** Client and daemon are of different versions. */
  otherVersion: 3,
  /** The daemon is about to end. */
  ending: 4,
  /** The search failed, possibly after a part of its output. */
  failed: 5,
} as const;

/** What a client says of its standard streams: bits of one number. */
export const FACT = {
  stdoutIsTerminal: 1,
  stderrIsTerminal: 2,
  stdinIsReadable: 4,
  /** Standard output is a regular file, and the device and the inode of the request name it. */
  stdoutIsFile: 8,
} as const;
