/**
 * What a kernel's schemas become: the GLSL that `#include "kernel.glsl"` brings its author, and the host's half of the same words.
 *
 *     host                                    slot of the queue                                device
 *     { windowLength: 64, value: 1.5 }  ──▶   words 0…11 header, 12…59 extension   ──▶   Request requestAt(uint slot)
 *     { mean: 1.5 }                     ◀──   status, words 0…43 (completion)      ◀──   void respond(uint slot, Response)
 *
 * A struct travels as the words of its memory: each field at its offset, padding as zeros. The GLSL reads every word by a constant
 * index and calls constructors, so no array is indexed at run time (slow, as it would spill).
 *
 * State is one buffer of device memory, cut into named sections at multiples of 256 bytes.
 */
import { createHash } from "node:crypto";
import { unreadable, EverwarpError } from "../../base/index.ts";
import {
  glslLiteral,
  glslStruct,
  type Infer,
  type StructLayout,
  strideOf,
  structReader,
  structWriter,
  type UndocumentedType,
  undocumented,
} from "../../schema/index.ts";
import { Queue } from "../queue/index.ts";
import { assertNames, stateBytesConstant, stateFunction } from "./kernel-names.ts";

/** Words of a request, all told. */
export const REQUEST_WORDS_MAX = Queue.HEADER_WORDS + (Queue.SLOT_VECTORS - Queue.HEADER_VECTORS) * 4;
/** Words of a response: with its status and the completion's first vector it fills 256 bytes. */
export const RESPONSE_WORDS_MAX = 44;
/** Word of an answer's content that is 0, or the code that the kernel failed the request with. */
export const STATUS_WORD = 0;

/** Status of a request that was finished without an answer (kernel.glsl has the same number). */
export const STATUS_UNANSWERED = 0x1_0000;

const CONTENT_WORDS_PER_VECTOR = 3;
const SECTION_ALIGN_BYTES = 256;

export interface KernelSchemas<Q extends StructLayout = StructLayout, R extends StructLayout = StructLayout> {
  request: Q;
  response: R;
  /** Bytes of each section of the state, by name. */
  state?: Readonly<Record<string, number>> | undefined;
}

/** A part of the state buffer. */
export interface StateSection {
  readonly name: string;
  /** From the beginning of the state buffer: a multiple of 256. */
  readonly offsetBytes: number;
  /** As asked for. */
  readonly sizeBytes: number;
}

/** What host and kernel agree on. */
export interface KernelTypes<Q extends StructLayout = StructLayout, R extends StructLayout = StructLayout> {
  /** Text of the virtual file `kernel-types.glsl`. */
  readonly glsl: string;
  readonly requestWords: number;
  readonly responseWords: number;
  /** Vectors of 16 bytes of a completion: one with result and ordinal, then status and response, three words each. */
  readonly completionVectors: number;
  readonly stateSections: readonly StateSection[];
  /** Bytes of the state buffer, a multiple of 256; 0 where there is no state. */
  readonly stateBytes: number;
  /** SHA-256 of every name, type and offset of request, response and state, in hexadecimal. Equal hashes mean equal memory. */
  readonly layoutHash: string;
  /**
   * Stores a request's words at words[0 … requestWords - 1].
   * @returns the number of words
   * @throws EW_BAD_ARGUMENT naming the field whose value does not fit, or is missing
   */
  readonly encodeRequest: (values: Infer<Q>, words: Uint32Array) => number;
  /**
   * Makes the response from an answer's content words: status, then the response's words.
   * @throws EW_KERNEL_FAULT with the code, where the kernel called `fail`
   */
  readonly decodeResponse: (words: Uint32Array) => Infer<R>;
}

/**
 * Makes a kernel's types from its schemas.
 *
 * @throws EW_BAD_ARGUMENT for arrays without a count, names that are taken, sections of no size, and responses of more than 44 words;
 * EW_REQUEST_TOO_LARGE for requests of more than 60 words
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
  const writeRequest = structWriter(request);
  const readResponse = structReader(response, STATUS_WORD + 1);
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
    encodeRequest(values, words) {
      if (words.length < requestWords) {
        throw new EverwarpError(
          "EW_BAD_ARGUMENT",
          `a ${request.name} takes ${requestWords} words, and there is room for ${words.length}`,
          { remedy: "Give an array of requestWords elements." },
        );
      }
      try {
        writeRequest(values, words);
      } catch (cause) {
        throw cause instanceof EverwarpError ? cause : unreadable(request.name, undefined, cause);
      }
      return requestWords;
    },
    decodeResponse(words) {
      const status = words[STATUS_WORD];
      if (status === 0) return readResponse(words) as Infer<R>;
      if (status === STATUS_UNANSWERED) {
        throw new EverwarpError("EW_KERNEL_FAULT", "the kernel finished the request without an answer", {
          remedy:
            "On every way through perform one thread must call respond() or fail(), or all must suspend().",
        });
      }
      throw new EverwarpError("EW_KERNEL_FAULT", `the kernel failed the request with code ${status}`, {
        remedy: "The code is what its author gave to fail().",
      });
    },
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

/** Nested structs before those that use them, each once. */
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

// ── GLSL ──

interface TextParts {
  request: StructLayout;
  response: StructLayout;
  structs: readonly StructLayout[];
  stateSections: readonly StateSection[];
  requestWords: number;
  responseWords: number;
  responseVectors: number;
}

function typesText(parts: TextParts): string {
  const { request, response, structs, stateSections } = parts;
  return [
    "// kernel-types.glsl: made from the schemas that the kernel was launched with.\n",
    `const uint REQUEST_WORDS = ${parts.requestWords}u;`,
    `const uint RESPONSE_WORDS = ${parts.responseWords}u;`,
    "// Vectors that a response fills, its status in front.",
    `const uint RESPONSE_VECTORS = ${parts.responseVectors}u;\n`,
    ...structs.map(glslStruct),
    requestText(request, parts.requestWords),
    respondText(response, parts.responseVectors),
    endText(parts.responseVectors),
    ...stateSections.map(stateText),
  ].join("\n");
}

function requestText(request: StructLayout, words: number): string {
  const vectors = Math.ceil(Math.max(0, words - Queue.HEADER_WORDS) / 4);
  const load = Array.from(
    { length: vectors },
    (_, index) => `  uvec4 extension${index} = extensionVector(sequence, ${index}u);\n`,
  );
  const word = (index: number): string => {
    const beyond = index - Queue.HEADER_WORDS;
    return beyond < 0 ? `headerWord(slot, ${index}u)` : `extension${beyond >> 2}.${"xyzw"[beyond & 3]}`;
  };
  return `// The request in hand. Every thread may call it.
${request.name} requestAt(uint slot) {
${vectors > 0 ? "  uint sequence = currentFirst + slot;\n" : ""}${load.join("")}  return ${constructed(request, request, 0, word)};
}
`;
}

/** An expression that makes a value of a type from the words at `at`. */
function constructed(
  type: UndocumentedType,
  of: StructLayout,
  at: number,
  word: (index: number) => string,
): string {
  switch (type.kind) {
    case "u32":
      return word(at);
    case "i32":
      return `int(${word(at)})`;
    case "f32":
      return `uintBitsToFloat(${word(at)})`;
    case "u64":
      return `packUint2x32(uvec2(${word(at)}, ${word(at + 1)}))`;
    case "struct": {
      const fields = Object.entries(type.fields).map(([name, documented]) =>
        constructed(undocumented(documented), type, at + (type.words[name] ?? 0), word),
      );
      return `${type.name}(${fields.join(", ")})`;
    }
    case "array": {
      const strideWords = strideOf(type.element, of.rule) / 4;
      const elements = Array.from({ length: type.count ?? 0 }, (_, index) =>
        constructed(type.element, of, at + index * strideWords, word),
      );
      return `${ELEMENT_NAMES[type.element.kind] ?? (type.element as StructLayout).name}[](${elements.join(", ")})`;
    }
    case "padding":
      return `uint[](${Array.from({ length: type.sizeBytes / 4 }, () => "0u").join(", ")})`;
  }
}

const ELEMENT_NAMES: Readonly<Record<string, string>> = {
  u32: "uint",
  i32: "int",
  f32: "float",
  u64: "uint64_t",
};

function respondText(response: StructLayout, vectors: number): string {
  const words: string[] = [];
  deconstruct(response, response, 0, "response", (index, expression) => {
    words[index] = expression;
  });
  return `// Answers a request: by one thread of all, once.
void respond(uint slot, ${response.name} response) {
${completionLines(vectors, (index) => (index === 0 ? "0u" : (words[index - 1] ?? "0u")))}}
`;
}

function endText(vectors: number): string {
  return `// Ends a request with a status in place of a response.
void endRequest(uint slot, uint status) {
${completionLines(vectors, (index) => (index === 0 ? "status" : "0u"))}}

// Ends a request with an error, whose code (1…65535) the caller is told: by one thread of all, once, in place of respond.
void fail(uint slot, uint code) { endRequest(slot, clamp(code, 1u, 65535u)); }
`;
}

/** Stores of status and words, every vector of them: the host waits for all. Vector 0 of a completion is the loop's. */
function completionLines(vectors: number, word: (index: number) => string): string {
  const lines = Array.from({ length: vectors }, (_, vector) => {
    const content = [0, 1, 2].map((part) => word(vector * CONTENT_WORDS_PER_VECTOR + part)).join(", ");
    return `  writeCompletionVector(sequence, ${vector + 1}u, uvec3(${content}));\n`;
  });
  return `  uint sequence = currentFirst + slot;\n${lines.join("")}  countAnswer(slot);\n`;
}

/** Tells which expression gives each word of a value. */
function deconstruct(
  type: UndocumentedType,
  of: StructLayout,
  at: number,
  path: string,
  emit: (index: number, expression: string) => void,
): void {
  switch (type.kind) {
    case "u32":
      return emit(at, path);
    case "i32":
      return emit(at, `uint(${path})`);
    case "f32":
      return emit(at, `floatBitsToUint(${path})`);
    case "u64":
      emit(at, `unpackUint2x32(${path}).x`);
      return emit(at + 1, `unpackUint2x32(${path}).y`);
    case "struct":
      for (const [name, documented] of Object.entries(type.fields)) {
        deconstruct(undocumented(documented), type, at + (type.words[name] ?? 0), `${path}.${name}`, emit);
      }
      return;
    case "array": {
      const strideWords = strideOf(type.element, of.rule) / 4;
      for (let index = 0; index < (type.count ?? 0); index++)
        deconstruct(type.element, of, at + index * strideWords, `${path}[${index}]`, emit);
      return;
    }
    case "padding":
  }
}

function stateText({ name, offsetBytes, sizeBytes }: StateSection): string {
  const bytes = glslLiteral(name, sizeBytes > 0xffff_ffff ? BigInt(sizeBytes) : sizeBytes);
  return `const ${bytes.type} ${stateBytesConstant(name)} = ${bytes.literal};
uint64_t ${stateFunction(name)}() { return launch.state + ${offsetBytes}ul; }
`;
}

// ── Hash ──

/** Names, types and offsets, without the sentences about them. */
function shapeOf(of: StructLayout): unknown {
  return [
    of.name,
    of.rule,
    Object.entries(of.fields).map(([name, type]) => [name, of.offsets[name], typeShape(undocumented(type))]),
  ];
}

function typeShape(type: UndocumentedType): unknown {
  switch (type.kind) {
    case "struct":
      return shapeOf(type);
    case "array":
      return [type.count, typeShape(type.element)];
    case "padding":
      return ["padding", type.sizeBytes];
    default:
      return type.kind;
  }
}

function layoutHashOf(
  request: StructLayout,
  response: StructLayout,
  sections: readonly StateSection[],
): string {
  const shape = [shapeOf(request), shapeOf(response), sections.map((section) => Object.values(section))];
  return createHash("sha256").update(JSON.stringify(shape)).digest("hex");
}
