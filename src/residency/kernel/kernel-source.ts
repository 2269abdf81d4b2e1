/**
 * Turns a kernel's schemas into the GLSL that `#include "kernel.glsl"` provides, and into the host's encoder and
 * decoder for the same words.
 *
 *     host                              slot of the queue                          device
 *     { windowLength: 64, value: 1.5 }  ──▶ words 0…11 header, 12…59 extension ──▶ Request requestAt(uint slot)
 *     { mean: 1.5 }                     ◀── status, words 0…43 (completion)    ◀── void respond(uint slot, Response)
 *
 * A struct is transferred as the words of its memory: each field at its offset, padding as zeros. The generated GLSL
 * reads every word with a constant index and calls constructors. It indexes no array at run time, because that would
 * spill registers to memory.
 *
 * State is one buffer of device memory, divided into named sections at multiples of 256 bytes.
 */
import { unreadable, EverwarpError } from "../../base/index.ts";
import {
  structReader,
  structWriter,
  type Infer,
  type StructLayout,
  type UndocumentedType,
  undocumented,
} from "../../schema/index.ts";
import { Queue } from "../queue/index.ts";
import { CONTENT_WORDS_PER_VECTOR, typesText } from "./kernel-glsl.ts";
import { assertNames } from "./kernel-names.ts";
import { layoutHashOf, shapeOf, type StateSection } from "./layout-hash.ts";

/** Maximum words of a request: header and extension. */
export const REQUEST_WORDS_MAX = Queue.HEADER_WORDS + (Queue.SLOT_VECTORS - Queue.HEADER_VECTORS) * 4;
/** Maximum words of a response. With its status and the completion's first vector, it fills 256 bytes. */
export const RESPONSE_WORDS_MAX = 44;
/** Index of the status in an answer's content: 0, or the code that the kernel passed to fail(). */
export const STATUS_WORD = 0;

/** Status of a request that ended without an answer. kernel.glsl defines the same number. */
export const STATUS_UNANSWERED = 0x1_0000;

const SECTION_ALIGN_BYTES = 256;

/** The schemas of a kernel's request and response, and the sizes of its state. */
export interface KernelSchemas<Q extends StructLayout = StructLayout, R extends StructLayout = StructLayout> {
  request: Q;
  response: R;
  /** Bytes of each section of the state, by name. */
  state?: Readonly<Record<string, number>> | undefined;
}

/** The types that host and kernel share. */
export interface KernelTypes<Q extends StructLayout = StructLayout, R extends StructLayout = StructLayout> {
  /** Text of the virtual file `kernel-types.glsl`. */
  readonly glsl: string;
  readonly requestWords: number;
  readonly responseWords: number;
  /** 16-byte vectors of a completion: one with result and ordinal, then status and response with three words each. */
  readonly completionVectors: number;
  readonly stateSections: readonly StateSection[];
  /** Size of the state buffer in bytes, a multiple of 256; 0 without state. */
  readonly stateBytes: number;
  /**
   * SHA-256, in hexadecimal, of every name, type and offset in request, response and state. Equal hashes mean equal
   * layouts.
   */
  readonly layoutHash: string;
  /**
   * Stores a request's words at words[0 … requestWords - 1].
   * @returns the number of words
   * @throws EW_BAD_ARGUMENT naming the field whose value is missing or does not fit
   */
  readonly encodeRequest: (values: Infer<Q>, words: Uint32Array) => number;
  /**
   * Decodes the response from an answer's content words: the status, then the response's words.
   * @throws EW_KERNEL_FAULT with the code, if the kernel called `fail`
   */
  readonly decodeResponse: (words: Uint32Array) => Infer<R>;
}

/**
 * Makes a kernel's types from its schemas.
 *
 * @throws EW_BAD_ARGUMENT for arrays without a count, names that are in use, sections without a size, and responses of
 * more than 44 words; EW_REQUEST_TOO_LARGE for requests of more than 60 words
 */
export function kernelTypes<Q extends StructLayout, R extends StructLayout>(
  schemas: KernelSchemas<Q, R>,
): KernelTypes<Q, R> {
  const { request, response } = schemas;
  const requestWords = wordsOf(request, "request", REQUEST_WORDS_MAX, "EW_REQUEST_TOO_LARGE");
  const responseWords = wordsOf(response, "response", RESPONSE_WORDS_MAX, "EW_BAD_ARGUMENT");
  const responseVectors = Math.ceil((1 + responseWords) / CONTENT_WORDS_PER_VECTOR);
  const stateSections = sectionsOf(schemas.state ?? {});
  const structs = distinctStructs([request, response]);
  assertNames(
    structs,
    stateSections.map(({ name }) => name),
  );
  return {
    glsl: typesText({
      request,
      response,
      structs,
      stateSections,
      requestWords,
      responseWords,
      responseVectors,
    }),
    requestWords,
    responseWords,
    completionVectors: 1 + responseVectors,
    stateSections,
    stateBytes: stateSections.reduce((end, { sizeBytes }) => end + roundUpToSection(sizeBytes), 0),
    layoutHash: layoutHashOf(request, response, stateSections),
    encodeRequest: requestEncoder(request, requestWords),
    decodeResponse: responseDecoder(response),
  };
}

function requestEncoder<Q extends StructLayout>(
  request: Q,
  requestWords: number,
): KernelTypes<Q>["encodeRequest"] {
  const write = structWriter(request);
  return (values, words) => {
    if (words.length < requestWords) {
      throw new EverwarpError(
        "EW_BAD_ARGUMENT",
        `a ${request.name} takes ${requestWords} words, and there is room for ${words.length}`,
        { remedy: "Give an array of requestWords elements." },
      );
    }
    try {
      write(values, words);
    } catch (cause) {
      throw cause instanceof EverwarpError ? cause : unreadable(request.name, undefined, cause);
    }
    return requestWords;
  };
}

function responseDecoder<R extends StructLayout>(
  response: R,
): KernelTypes<StructLayout, R>["decodeResponse"] {
  const read = structReader(response, STATUS_WORD + 1);
  return (words) => {
    const status = words[STATUS_WORD];
    if (status === 0) return read(words) as Infer<R>;
    if (status === STATUS_UNANSWERED) {
      throw new EverwarpError("EW_KERNEL_FAULT", "the kernel finished the request without an answer", {
        remedy:
          "On every way through perform one thread must call respond() or fail(), or all must suspend().",
      });
    }
    throw new EverwarpError("EW_KERNEL_FAULT", `the kernel failed the request with code ${status}`, {
      remedy: "The code is what its author gave to fail().",
    });
  };
}

function wordsOf(
  of: StructLayout,
  role: "request" | "response",
  max: number,
  code: "EW_REQUEST_TOO_LARGE" | "EW_BAD_ARGUMENT",
): number {
  const open = Object.entries(of.fields).find(([, type]) => isOpenArray(undocumented(type)));
  if (open !== undefined) {
    throw new EverwarpError(
      "EW_BAD_ARGUMENT",
      `the ${role}'s field ${of.name}.${open[0]} is an array without a count`,
      {
        remedy: "Give it a count; what has no fixed size belongs into the state.",
      },
    );
  }
  const words = of.sizeBytes / 4;
  if (words <= max) return words;
  throw new EverwarpError(
    code,
    `the ${role} ${of.name} has ${words} words of 4 bytes, and a ${role} can have ${max}`,
    {
      remedy: "Send it in several requests, or keep the bulk in the state.",
    },
  );
}

function isOpenArray(type: UndocumentedType): boolean {
  return type.kind === "array" && type.count === undefined;
}

/** All structs, each once. A nested struct comes before its user. */
function distinctStructs(roots: readonly StructLayout[]): StructLayout[] {
  const found = new Map<string, StructLayout>();
  const visit = (of: StructLayout): void => {
    const known = found.get(of.name);
    if (known !== undefined) {
      if (JSON.stringify(shapeOf(known)) === JSON.stringify(shapeOf(of))) return;
      throw new EverwarpError("EW_BAD_ARGUMENT", `two different structs are called ${of.name}`, {
        remedy: "Give one of them another name.",
      });
    }
    for (const documented of Object.values(of.fields)) {
      const type = undocumented(documented);
      const inner = type.kind === "array" ? type.element : type;
      if (inner.kind === "struct") visit(inner);
    }
    found.set(of.name, of);
  };
  for (const root of roots) visit(root);
  return [...found.values()];
}

function sectionsOf(state: Readonly<Record<string, number>>): StateSection[] {
  let offsetBytes = 0;
  return Object.entries(state).map(([name, sizeBytes]) => {
    if (!Number.isSafeInteger(sizeBytes) || sizeBytes <= 0) {
      throw new EverwarpError("EW_BAD_ARGUMENT", `the state section ${name} has ${sizeBytes} bytes`, {
        remedy: "Give a whole number, 1 or more.",
      });
    }
    const section = { name, offsetBytes, sizeBytes };
    offsetBytes += roundUpToSection(sizeBytes);
    return section;
  });
}

function roundUpToSection(sizeBytes: number): number {
  return Math.ceil(sizeBytes / SECTION_ALIGN_BYTES) * SECTION_ALIGN_BYTES;
}
