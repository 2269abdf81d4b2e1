/**
 * The one error type of the project.
 *
 * Guarantees: Every error that leaves a public function is an `EverwarpError` with a stable `code`. Its message says
 * what happened, with the values seen, and ends with what to do (`remedy`). `cause` keeps the first cause.
 */

const BRAND = Symbol.for("everwarp.error");

/** What is known of an error code. */
export interface CodeInfo {
  /** What happened. */
  readonly meaning: string;
  /**
   * Whether a device failed, when it was opened or when it was asked, and not the request itself. The host can stand in
   * for such a device.
   */
  readonly isDeviceFailure: boolean;
}

/** A code of a fault that the host would meet as well. */
function fault(meaning: string): CodeInfo {
  return { meaning, isDeviceFailure: false };
}

/** A code of a device that failed. */
function deviceFault(meaning: string): CodeInfo {
  return { meaning, isDeviceFailure: true };
}

/** Stable error codes. A code is never renamed; new ones are added as systems grow. */
export const ERROR_CODES = {
  EW_BAD_ARGUMENT: fault("a value given by the caller is out of range or of the wrong shape"),
  EW_BAD_PATTERN: fault("a search pattern does not parse"),
  EW_UNKNOWN_FLAG: fault("a command-line flag is not known"),
  EW_BAD_FLAG_VALUE: fault("a command-line flag has a value it cannot take"),
  EW_NO_TERMINAL: fault("a command draws on a terminal, and there is none that it can draw on"),
  EW_PATH_NOT_FOUND: fault("a path that was named does not exist"),
  EW_PATH_UNREADABLE: fault("a path exists and cannot be read"),
  EW_PATH_OUTSIDE: fault("a path leads out of the folders that may be read"),
  EW_NO_VULKAN: deviceFault("no Vulkan loader or driver was found"),
  EW_NO_DEVICE: deviceFault("no device fits what was asked for"),
  EW_DEVICE_FORBIDDEN: deviceFault("the device exists and may not be opened by this user"),
  EW_DRIVER_TOO_OLD: deviceFault("the driver lacks a feature that is needed"),
  EW_DEVICE_LOST: deviceFault("the device stopped answering or was reset"),
  EW_OUT_OF_DEVICE_MEMORY: deviceFault("the device has no room for an allocation"),
  // Also for memory that the device sees.
  EW_OUT_OF_HOST_MEMORY: deviceFault("the host has no room for an allocation"),
  EW_VULKAN: deviceFault("a Vulkan call failed in a way that has no code of its own"),
  EW_COMPILE: deviceFault("a kernel does not compile"),
  EW_BAD_SPIRV: fault("a SPIR-V module cannot be read"),
  EW_KERNEL_UNSAFE: fault(
    "a kernel breaks a rule of everwarp lint, or is too large for it, and was not launched",
  ),
  EW_LINT_LIMIT: fault("a kernel is too large for everwarp lint"),
  EW_LINT_REASON: fault("a comment takes a rule of everwarp lint away and gives no reason, or names no rule"),
  EW_LAYOUT_DRIFT: fault("host and device disagree about a struct's layout"),
  EW_QUEUE_FULL: fault("no further request is taken now: the queue is full"),
  EW_REQUEST_TOO_LARGE: fault("a request or a batch is larger than allowed"),
  EW_TIMEOUT: deviceFault("an answer did not come in the time allowed"),
  EW_CLOSED: fault("the object was closed before the call"),
  EW_IN_USE: fault("an object was closed while others use it"),
  EW_STRATEGY_UNSUPPORTED: fault("the device profile does not allow the launch strategy that was asked for"),
  EW_KERNEL_FAULT: deviceFault("a kernel reported an error of its own"),
  EW_LOOP_LIMIT: deviceFault("a driver that limits loops ended one of a kernel early"),
  EW_CORPUS_TOO_LARGE: deviceFault("a corpus does not fit the device"),
  EW_CORPUS_UNKNOWN: fault("a query names a corpus that this engine has not loaded"),
  EW_FILE_CHANGED: fault("a file changed on disk after it was loaded"),
  EW_WATCH_FAILED: fault("the system does not tell what changes in files"),
  EW_NO_THREAD: fault("the system does not let another thread start"),
  EW_WORKER_DIED: fault("a worker thread ended unexpectedly"),
  EW_BENCH_WRONG_RESULT: fault("a benchmark got another result than the expected one"),
  EW_BENCH_SKIPPED: fault("a benchmark cannot be run on this machine"),
  EW_NO_ROOM: deviceFault("the kernels that share a device leave no room for another"),
  EW_ABORTED: fault("a call was ended by its caller's signal"),
  EW_REQUEST_POISONED: fault("a request was in hand each time the kernel hung, and was given up"),
  EW_PATH_UNWRITABLE: fault("a path cannot be written"),
  EW_CHECKPOINT_TRUNCATED: fault("a checkpoint file ends too early"),
  EW_CHECKPOINT_CORRUPTED: fault("a checkpoint file is damaged, or is none"),
  EW_CHECKPOINT_OUTDATED: fault("a checkpoint file has a format or a layout that is no longer read"),
  EW_CHECKPOINT_OTHER_DEVICE: fault("a checkpoint file comes from another device or driver"),
  EW_CHECKPOINT_OTHER_KERNEL: fault("a checkpoint file comes from another kernel"),
  EW_PACKAGE_INCOMPLETE: fault("files that everwarp consists of are not where the program runs"),
  // No addresses are left that a kernel can reach. No device is asked where the table itself is full.
  EW_PATHS_FULL: deviceFault("a path table has no room for another entry"),
  EW_NAMESPACE_TRUNCATED: fault("a namespace file ends too early"),
  EW_NAMESPACE_CORRUPTED: fault("a namespace file is damaged, or is none"),
  EW_NAMESPACE_OUTDATED: fault("a namespace file has a format that is no longer read, or not yet"),
  EW_DAEMON_RUNNING: fault("a daemon was to start, and another one of this user runs"),
  EW_DAEMON_NOT_RUNNING: fault("a daemon was asked for something, and none runs"),
  EW_DAEMON_FOLDER: fault(
    "the folder for the daemon's socket is not this user's alone, cannot be made, or has too long a path",
  ),
  EW_DAEMON_PROTOCOL: fault("bytes on the daemon's socket have no meaning"),
  EW_DAEMON_DIED: fault("the daemon ended in the middle of an answer"),
  EW_DAEMON_TREE: fault("a daemon was asked about a tree that nobody named to it"),
  EW_DAEMON_VERSION: fault("the daemon that runs is of another version"),
  EW_NO_COMPILER: fault("there is no C compiler, or it failed"),
  EW_WASM_INVALID: fault("a WebAssembly module is malformed or invalid"),
  EW_WASM_UNSUPPORTED: fault("a WebAssembly module needs what everwarp does not have"),
  EW_WASM_LINK: fault("what a WebAssembly module imports is not given, or has another type"),
  EW_WASM_TRAP: fault("a WebAssembly program trapped"),
  EW_INTERNAL: fault("a broken invariant: a fault in everwarp itself"),
} satisfies Record<string, CodeInfo>;

/** The code of an `EverwarpError`, for programs. */
export type ErrorCode = keyof typeof ERROR_CODES;

/** What an error says beside its message. */
export interface ErrorDetails {
  /** What the reader can do, in short sentences. Appended to the message. */
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

  /** Also true for errors of another copy of the package. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === "object" && value !== null && BRAND in value;
  }
}

/** Whether an error says that a device failed, which the host can stand in for. `ERROR_CODES` has it for each code. */
export function isDeviceFailure(error: unknown): error is EverwarpError {
  if (!(error instanceof EverwarpError)) return false;
  // Another copy of the package may have codes that this one does not know.
  const info: CodeInfo | undefined = ERROR_CODES[error.code];
  return info?.isDeviceFailure === true;
}

/** Ends the program's path where an invariant is broken: `EW_INTERNAL`, never for bad input. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition)
    throw new EverwarpError("EW_INTERNAL", `broken invariant: ${message}`, { remedy: "Please report this." });
}
