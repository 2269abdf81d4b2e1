/** What a client and the daemon say to each other over the socket, and where the socket lies. */
export {
  ACCEPT_TIMEOUT_MS,
  ANSWER_TIMEOUT_MS,
  CLIENT_MARK,
  CLIENT_SETTINGS,
  DECLINE,
  FACT,
  FRAME,
  HEADER_BYTES,
  HELD_BYTES_MAX,
  PAYLOAD_BYTES_MAX,
  PROTOCOL_VERSION,
} from "./constants.ts";
export { type Frame, FrameReader, encodeFrame, encodeOutput } from "./frames.ts";
export {
  type DaemonReport,
  type Decline,
  decodeDecline,
  decodeFailure,
  encodeDecline,
  encodeFailure,
} from "./answers.ts";
export { decodeQuestion, encodeQuestion, type Question } from "./question.ts";
export {
  type SearchFacts,
  type SearchRequest,
  decodeRequest,
  encodeRequest,
  isOfThisVersion,
  NO_STREAMS,
} from "./request.ts";
export { type RuntimeFolder, ownUserId, runtimeFolder, whyNotPrivate } from "./runtime-folder.ts";
export { SENT_VARIABLES, type Variables, sentVariables } from "./variables.ts";
export { DAEMON_USES, type DaemonUse, daemonUse } from "./daemon-use.ts";
