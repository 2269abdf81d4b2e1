/**
 * Gives the content of files by other programs.
 *
 * Guarantees: the program has ended when its content is read. What it says on standard error is told only where it
 * failed. A program that cannot be started is an error of --pre, and for -z the file is searched as it is.
 */
import { closeSync, openSync } from "node:fs";
import { byteText, EverwarpError } from "../../base/index.ts";
import { type ByteReader, ioErrorText, MemoryReader, readDescriptor } from "../content/index.ts";
import type { FoundFile } from "../contracts.ts";
import { PathGlobs } from "../walk/index.ts";
import { runProgram, shownCommand } from "./run-program.ts";
import { unpackerOf } from "./unpackers.ts";

/** Which files go through which program. It can be posted to a worker thread. */
export interface PreprocessorOptions {
  /** The program of --pre, as byte text. It goes before unpacking. */
  readonly program: string | undefined;
  /** --pre-glob: only these files go through the program. Empty: all do. */
  readonly globs: readonly string[];
  /** -z: compressed files are unpacked by the end of their names. */
  readonly unpacks: boolean;
}

/** So much of a program's output is held in memory. */
const MAX_OUTPUT_BYTES = 1 << 30;

/** The content of a file, while it is searched. */
export interface Content {
  readonly reader: ByteReader;
  /** The search is over. @returns what went wrong with the program, if that matters */
  close(): string | undefined;
}

/** Opens files through other programs. */
export class Preprocessor {
  readonly #options: PreprocessorOptions;
  readonly #globs: PathGlobs;
  readonly #maxOutputBytes: number;

  /** @throws EW_BAD_FLAG_VALUE for a glob that does not parse */
  constructor(options: PreprocessorOptions, maxOutputBytes = MAX_OUTPUT_BYTES) {
    this.#maxOutputBytes = maxOutputBytes;
    this.#options = options;
    this.#globs = new PathGlobs(options.globs);
  }

  /**
   * The content that a program makes of the file.
   * @returns undefined for a file that no program is for
   * @throws a system error where the file cannot be opened
   * @throws EW_PATH_UNREADABLE where the program of --pre cannot be started
   */
  open(file: FoundFile): Content | undefined {
    const path = file.pathBytes === undefined ? file.path : byteText(file.pathBytes);
    const { program, unpacks } = this.#options;
    if (program !== undefined && this.#globs.letIn(path)) return this.#preprocessed(program, path, file);
    const unpacker = unpacks ? unpackerOf(path) : undefined;
    return unpacker && this.#unpacked(unpacker, path, file);
  }

  #preprocessed(program: string, path: string, file: FoundFile): Content {
    const descriptor = openSync(file.pathBytes ?? file.path, "r");
    const command = shownCommand([program], path);
    try {
      const result = runProgram([program], path, descriptor, this.#maxOutputBytes);
      if (result.error !== undefined && !isCutShort(result.error))
        throw new EverwarpError(
          "EW_PATH_UNREADABLE",
          `preprocessor command could not start: '${command}': ${ioErrorText(result.error)}`,
        );
      return new ProgramContent(result, `preprocessor command failed: '${command}': `);
    } finally {
      closeSync(descriptor);
    }
  }

  /** The content of an unpacker; the file as it is where there is none on this machine. */
  #unpacked(unpacker: readonly string[], path: string, file: FoundFile): Content {
    const result = runProgram(unpacker, path, "ignore", this.#maxOutputBytes);
    if (result.error !== undefined && !isCutShort(result.error)) return asItIs(file);
    return new ProgramContent(result, "");
  }
}

/** The program wrote more than is held in memory. */
const isCutShort = (error: Error): boolean => (error as NodeJS.ErrnoException).code === "ENOBUFS";

function asItIs(file: FoundFile): Content {
  const descriptor = openSync(file.pathBytes ?? file.path, "r");
  return {
    reader: { read: (target, at, length) => readDescriptor(descriptor, target, at, length) },
    close() {
      closeSync(descriptor);
      return undefined;
    },
  };
}

const LINE = "-".repeat(79);

/** What a program has written. At its end, reading fails where the program did, as in ripgrep. */
class ProgramContent implements Content {
  readonly reader: ByteReader;
  readonly #result: ReturnType<typeof runProgram>;
  readonly #prefix: string;
  #isReadToEnd = false;

  /** @param prefix stands before what went wrong */
  constructor(result: ReturnType<typeof runProgram>, prefix: string) {
    this.#result = result;
    this.#prefix = prefix;
    const memory = new MemoryReader(result.stdout, 0);
    this.reader = {
      read: (target, at, length) => memory.read(target, at, length) || this.#end(),
    };
  }

  /** A search that has seen enough does not mind a program that says nothing. That is ripgrep's rule. */
  close(): string | undefined {
    const { status, error, stderr } = this.#result;
    if (this.#isReadToEnd || error !== undefined || status === 0) return undefined;
    const said = stderr.toString("utf8").trim();
    return said === "" ? undefined : framed(said);
  }

  /** @throws EW_PATH_UNREADABLE where the program failed */
  #end(): 0 {
    const { status, error, stderr, stdout } = this.#result;
    this.#isReadToEnd = true;
    if (status === 0) return 0;
    const said = stderr.toString("utf8").trim();
    const problem =
      error === undefined
        ? said === ""
          ? "<stderr is empty>"
          : framed(said)
        : `it wrote more than the ${stdout.length} bytes that were searched`;
    throw new EverwarpError("EW_PATH_UNREADABLE", this.#prefix + problem);
  }
}

const framed = (text: string): string => `\n${LINE}\n${text}\n${LINE}`;
