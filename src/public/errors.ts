/** `everwarp/errors`: the one error type, and its codes. Every other entry has the same. */
export {
  ERROR_CODES,
  type CodeInfo,
  type ErrorCode,
  type ErrorDetails,
  EverwarpError,
} from "../base/index.ts";
