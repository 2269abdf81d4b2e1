/**
 * The one error type of the project.
 *
 * Guarantees: every error that leaves a public function is an `EverwarpError` with a stable `code`; its message says
 * what happened with the values seen, and ends with what to do about it (`remedy`); the first cause is kept in `cause`.
 */

const BRAND = Symbol.for("everwarp.error");

/** Stable error codes. A code is never renamed; new ones are added as systems grow. */
export const ERROR_CODES = {
  EW_BAD_ARGUMENT: "a value given by the caller is out of range or of the wrong shape",
  EW_BAD_PATTERN: "a search pattern does not parse",
  EW_UNKNOWN_FLAG: "a command-line flag is not known",
  EW_BAD_FLAG_VALUE: "a command-line flag has a value it cannot take",
  EW_PATH_NOT_FOUND: "a path that was named does not exist",
  EW_PATH_UNREADABLE: "a path exists and cannot be read",
  EW_NO_VULKAN: "no Vulkan loader or driver was found",
  EW_NO_DEVICE: "no device fits what was asked for",
  EW_DEVICE_FORBIDDEN: "the device exists and may not be opened by this user",
  EW_DRIVER_TOO_OLD: "the driver lacks a feature that is needed",
  EW_DEVICE_LOST: "the device stopped answering or was reset",
  EW_OUT_OF_DEVICE_MEMORY: "the device has no room for an allocation",
  EW_OUT_OF_HOST_MEMORY: "the host has no room for an allocation",
  EW_VULKAN: "a Vulkan call failed in a way that has no code of its own",
  EW_COMPILE: "a kernel does not compile",
  EW_BAD_SPIRV: "a SPIR-V module cannot be read",
  EW_LAYOUT_DRIFT: "host and device disagree about a struct's layout",
  EW_QUEUE_FULL: "the work queue has no free slot",
  EW_REQUEST_TOO_LARGE: "a request does not fit a queue slot",
  EW_TIMEOUT: "an answer did not come in the time allowed",
  EW_CLOSED: "the object was closed before the call",
  EW_IN_USE: "an object was closed while others use it",
  EW_STRATEGY_UNSUPPORTED: "the device profile does not allow the launch strategy that was asked for",
  EW_KERNEL_FAULT: "a kernel reported an error of its own",
  EW_LOOP_LIMIT: "a driver that limits loops ended one of a kernel early",
  EW_CORPUS_TOO_LARGE: "a corpus does not fit the device",
  EW_CORPUS_UNKNOWN: "a query names a corpus that this engine has not loaded",
  EW_FILE_CHANGED: "a file changed on disk after it was loaded",
  EW_NO_THREAD: "the system does not let another thread start",
  EW_WORKER_DIED: "a worker thread ended unexpectedly",
  EW_BENCH_WRONG_RESULT: "a benchmark got another result than the expected one",
  EW_BENCH_SKIPPED: "a benchmark cannot be run on this machine",
  EW_NO_ROOM: "the kernels that share a device leave no room for another",
  EW_DEADLINE_EXCEEDED: "a request's deadline passed before its answer came",
  EW_ABORTED: "a request was called off by its caller's signal before it was taken",
  EW_REQUEST_POISONED: "a request was in hand each time the kernel hung, and was given up",
  EW_PATH_UNWRITABLE: "a path cannot be written",
  EW_CHECKPOINT_TRUNCATED: "a checkpoint file ends too early",
  EW_CHECKPOINT_CORRUPTED: "a checkpoint file is damaged, or is none",
  EW_CHECKPOINT_OUTDATED: "a checkpoint file has a format or a layout that is no longer read",
  EW_CHECKPOINT_OTHER_DEVICE: "a checkpoint file comes from another device or driver",
  EW_CHECKPOINT_OTHER_KERNEL: "a checkpoint file comes from another kernel",
  EW_PACKAGE_INCOMPLETE: "files that everwarp consists of are not where the program runs",
  EW_PATHS_FULL: "a path table has no room for another entry",
  EW_NAMESPACE_TRUNCATED: "a namespace file ends too early",
  EW_NAMESPACE_CORRUPTED: "a namespace file is damaged, or is none",
  EW_NAMESPACE_OUTDATED: "a namespace file has a format that is no longer read, or not yet",
  EW_INTERNAL: "a broken invariant: a fault in everwarp itself",
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

/**
 * What a device fails with, be it opened or asked: faults of its own, none of what was asked for. The host can stand in
 * for it.
 */
const DEVICE_FAILURES: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "EW_NO_VULKAN",
  "EW_NO_DEVICE",
  "EW_DRIVER_TOO_OLD",
  "EW_DEVICE_FORBIDDEN",
  "EW_DEVICE_LOST",
  "EW_OUT_OF_DEVICE_MEMORY",
  "EW_OUT_OF_HOST_MEMORY", // of memory that the device sees, too
  "EW_NO_ROOM",
  "EW_VULKAN",
  "EW_COMPILE",
  "EW_KERNEL_FAULT",
  "EW_LOOP_LIMIT",
  "EW_TIMEOUT",
  "EW_CORPUS_TOO_LARGE",
  "EW_PATHS_FULL", // of the addresses that a kernel can reach: where the table itself is full, no device is asked
]);

export interface ErrorDetails {
  /** What the reader can do about it, one sentence. Appended to the message. */
  remedy?: string;
  cause?: unknown;
}

/** The root of every error of the project; `instanceof` works across copies of the package. */
export class EverwarpError extends Error {
  readonly code: ErrorCode;
  readonly remedy: string | undefined;
  readonly [BRAND] = true;

  /**
   * @param code stable code, for programs
   * @param message what happened, with the values seen; no trailing full stop needed
   */
  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(
      details.remedy === undefined ? message : `${message}. ${details.remedy}`,
      details.cause === undefined ? undefined : { cause: details.cause },
    );
    this.name = "EverwarpError";
    this.code = code;
    this.remedy = details.remedy;
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === "object" && value !== null && BRAND in value;
  }
}

/** Is this an error of a device that the host can stand in for? */
export function isDeviceFailure(error: unknown): error is EverwarpError {
  return error instanceof EverwarpError && DEVICE_FAILURES.has(error.code);
}

/** Ends the program's path where an invariant is broken: `EW_INTERNAL`, never for bad input. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition)
    throw new EverwarpError("EW_INTERNAL", `broken invariant: ${message}`, { remedy: "Please report this." });
}
